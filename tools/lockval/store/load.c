/* SPDX-License-Identifier: MIT */
/*
 * The content of a store as a union. A part all of whose runs count is taken as it is; of one with others, the classes, edges and
 * findings of those that count.
 */

#include <stdlib.h>

#include "common/command.h"
#include "store/file.h"

bool db_choose(struct db *db, const struct db_filter *filter)
{
    const char *merged = filter->program == NULL && filter->test == NULL && filter->commit == NULL &&
                                 filter->host == NULL && filter->since_ms == 0
                             ? "merged"
                             : "";

    (void)db_run(db,
                 "DROP TABLE IF EXISTS temp.chosen; CREATE TEMP TABLE chosen (id INTEGER PRIMARY KEY, part INTEGER);"
                 "CREATE INDEX temp.chosen_part ON chosen (part)");
    (void)db_do(db,
                "INSERT INTO temp.chosen SELECT id, part FROM run WHERE program GLOB coalesce(?, '*')"
                " AND test GLOB coalesce(?, '*') AND commit_id GLOB coalesce(?, '*') AND host GLOB coalesce(?, '*')"
                " AND start_ms >= ? AND (process <> 'merged' OR process = ?)",
                "ttttit", filter->program, filter->test, filter->commit, filter->host, (int64_t)filter->since_ms,
                merged);
    return *merged != '\0';
}

static void load_part(struct db *db, int64_t part, bool whole, struct un_union *all)
{
    struct rec_set *set = db_part_read(db, part);

    if (set == NULL)
        return;
    if (whole)
        un_add_set(all, set);
    else
        db_add_allowed(db, part, set->processes[0], all);
    rec_close(set);
}

/* What no run is known of any more, since it was dropped, counts where all do. */
static const char parts_of_all[] = "SELECT id, 1 FROM part ORDER BY id";
static const char parts_of_chosen[] =
    "SELECT p.id, NOT EXISTS (SELECT 1 FROM run r WHERE r.part = p.id AND r.id NOT IN (SELECT id FROM temp.chosen))"
    " FROM part p WHERE p.id IN (SELECT part FROM temp.chosen) ORDER BY p.id";

bool db_load_from(struct db *db, const struct db_filter *filter, struct un_union *all)
{
    bool everything = db_choose(db, filter);
    sqlite3_stmt *rows = db_ask(db, everything ? parts_of_all : parts_of_chosen, "");
    int64_t left_out;

    while (db_row(db, rows))
        load_part(db, sqlite3_column_int64(rows, 0), sqlite3_column_int(rows, 1) != 0, all);
    left_out = everything ? 0 : db_number(db, "SELECT count(*) FROM run WHERE process = 'merged'", 0);
    if (left_out != 0)
        cli_complain("%s: %lld merged records do not say which run did what, and are left out", db->path,
                     (long long)left_out);
    return !db->failed;
}

bool db_load(const char *path, const struct db_filter *filter, struct un_union *all)
{
    static const struct db_filter nothing = { 0 };
    struct db *db = db_open_as(path, DB_READ, DB_PATIENCE_MS);
    bool good;

    if (db == NULL)
        return false;
    good = db_run(db, "BEGIN") && db_load_from(db, filter != NULL ? filter : &nothing, all);
    db_close(db);
    return good;
}
