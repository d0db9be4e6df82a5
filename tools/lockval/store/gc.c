/* SPDX-License-Identifier: MIT */
/*
 * Dropping runs. What they learned stays, as a lock order does not become wrong by being old; only who it was is forgotten, and an edge
 * keeps how many of its runs went. What no run that is left had, goes only if somebody asks: the union of a part cannot be taken apart, but what
 * stands in it is known by the rows.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/query.h"

static void choose_gone(struct db *db, const struct db_gc *gc)
{
    (void)db_run(db, "CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY)");
    (void)db_do(db, "INSERT INTO temp.gone SELECT id FROM run WHERE start_ms < ?", "i", (int64_t)gc->before_ms);
    if (gc->keep_runs >= 0)
        (void)db_do(db,
                    "INSERT OR IGNORE INTO temp.gone SELECT id FROM (SELECT id, row_number() OVER"
                    " (PARTITION BY program, test, process = 'merged' ORDER BY start_ms DESC, hash) AS age FROM run)"
                    " WHERE age > ?",
                    "i", gc->keep_runs);
}

static void drop_runs(struct db *db)
{
    (void)db_run(db, "UPDATE edge SET forgotten = forgotten + (SELECT coalesce(sum(runs), 0) FROM edge_run"
                     "  WHERE edge = edge.id AND run IN (SELECT id FROM temp.gone))"
                     " WHERE id IN (SELECT edge FROM edge_run WHERE run IN (SELECT id FROM temp.gone));"
                     "DELETE FROM run WHERE id IN (SELECT id FROM temp.gone);");
}

/* A part without what no run had. */
static void shrink_part(struct db *db, int64_t part)
{
    struct rec_set *set = db_part_read(db, part);
    struct un_union *all = un_open();

    if (set != NULL) {
        db_add_allowed(db, part, set->processes[0], all);
        (void)db_part_write(db, part, all);
        rec_close(set);
    }
    un_close(all);
}

static void drop_edges(struct db *db)
{
    static const struct db_filter all = { 0 };
    sqlite3_stmt *rows;

    (void)db_choose(db, &all);
    (void)db_run(db, "DELETE FROM part WHERE id NOT IN (SELECT part FROM run)");
    rows = db_ask(db, "SELECT id FROM part", "");
    while (db_row(db, rows))
        shrink_part(db, sqlite3_column_int64(rows, 0));
    (void)db_run(db, "DELETE FROM edge WHERE id NOT IN (SELECT edge FROM edge_run);"
                     "DELETE FROM finding WHERE id NOT IN (SELECT finding FROM finding_run);"
                     "DELETE FROM class WHERE id NOT IN (SELECT class FROM class_run)"
                     "  AND id NOT IN (SELECT from_class FROM edge) AND id NOT IN (SELECT to_class FROM edge);"
                     "UPDATE edge SET last_part = (SELECT r.part FROM edge_run u JOIN run r ON r.id = u.run"
                     "  WHERE u.edge = edge.id ORDER BY r.start_ms DESC LIMIT 1);");
}

bool db_collect(struct db *db, const struct db_gc *gc)
{
    int64_t runs, edges, left;

    if (!db_begin(db))
        return false;
    choose_gone(db, gc);
    runs = db_number(db, "SELECT count(*) FROM temp.gone", 0);
    edges = db_number(db, "SELECT count(*) FROM edge", 0);
    drop_runs(db);
    if (gc->edges)
        drop_edges(db);
    left = db_number(db, "SELECT count(*) FROM edge", 0);
    if (gc->dry && !db->failed)
        (void)db_run(db, "ROLLBACK");
    else if (!db_end(db))
        return false;
    if (db->failed)
        return false;
    (void)printf("%s %lld runs and %lld edges\n", gc->dry ? "would drop" : "dropped", (long long)runs,
                 (long long)(edges - left));
    return gc->dry || db_run(db, "VACUUM");
}
