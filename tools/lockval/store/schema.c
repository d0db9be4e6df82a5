/* SPDX-License-Identifier: MIT */
/*
 * The tables, as steps from one version to the next; a new store takes all of them, so that there is one way to each version. A step that
 * was released is never changed. docs/db.md says what the tables mean.
 *
 * What the runs of one program, test and commit learned stands in `part`, as the text of a merged record, compressed: with its stacks and
 * witnesses, as the union has them. The other tables are what is asked for: who, when, how often. A row is written for each run and
 * edge, and none is ever counted up, so adding twice is adding once.
 */

#include "store/file.h"

static const char first[] =
    "CREATE TABLE part (id INTEGER PRIMARY KEY, program TEXT NOT NULL, test TEXT NOT NULL, commit_id TEXT NOT NULL,"
    "  merged TEXT NOT NULL, size INTEGER NOT NULL DEFAULT 0, content BLOB,"
    "  UNIQUE (program, test, commit_id, merged));"
    "CREATE TABLE run (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, part INTEGER NOT NULL REFERENCES part,"
    "  process TEXT NOT NULL, program TEXT NOT NULL, path TEXT NOT NULL, argv TEXT NOT NULL, test TEXT NOT NULL,"
    "  commit_id TEXT NOT NULL, host TEXT NOT NULL, start_ms INTEGER NOT NULL, forked INTEGER NOT NULL,"
    "  ended INTEGER NOT NULL, status INTEGER, findings INTEGER NOT NULL, runs INTEGER NOT NULL, digest TEXT NOT NULL);"
    "CREATE INDEX run_part ON run (part);"
    "CREATE INDEX run_start ON run (start_ms);"
    "CREATE TABLE class (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, key TEXT NOT NULL, name TEXT NOT NULL,"
    "  kind TEXT NOT NULL, function TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL,"
    "  first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL);"
    "CREATE TABLE class_run (class INTEGER NOT NULL REFERENCES class, run INTEGER NOT NULL REFERENCES run ON DELETE "
    "CASCADE,"
    "  runs INTEGER NOT NULL, PRIMARY KEY (class, run)) WITHOUT ROWID;"
    "CREATE INDEX class_run_run ON class_run (run);"
    "CREATE TABLE edge (id INTEGER PRIMARY KEY, from_class INTEGER NOT NULL REFERENCES class,"
    "  to_class INTEGER NOT NULL REFERENCES class, modes INTEGER NOT NULL, first_ms INTEGER NOT NULL,"
    "  first_commit TEXT NOT NULL, last_ms INTEGER NOT NULL, last_commit TEXT NOT NULL, last_part INTEGER NOT NULL,"
    "  forgotten INTEGER NOT NULL DEFAULT 0, UNIQUE (from_class, to_class));"
    "CREATE INDEX edge_to ON edge (to_class);"
    "CREATE TABLE edge_run (edge INTEGER NOT NULL REFERENCES edge, run INTEGER NOT NULL REFERENCES run ON DELETE "
    "CASCADE,"
    "  runs INTEGER NOT NULL, acquisitions INTEGER NOT NULL, chains INTEGER NOT NULL, PRIMARY KEY (edge, run)) WITHOUT "
    "ROWID;"
    "CREATE INDEX edge_run_run ON edge_run (run);";

/* Findings had stood in the parts only. */
static const char second[] = "CREATE TABLE finding (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, kind "
                             "TEXT NOT NULL, verdict TEXT NOT NULL,"
                             "  classes TEXT NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL);"
                             "CREATE TABLE finding_run (finding INTEGER NOT NULL REFERENCES finding, run INTEGER NOT "
                             "NULL REFERENCES run ON DELETE CASCADE,"
                             "  PRIMARY KEY (finding, run)) WITHOUT ROWID;"
                             "CREATE INDEX finding_run_run ON finding_run (run);";

/* The first part behind @last; 0: none. */
static int64_t next_part(struct db *db, int64_t last)
{
    sqlite3_stmt *rows = db_ask(db, "SELECT id FROM part WHERE id > ? ORDER BY id LIMIT 1", "i", last);
    int64_t part = db_row(db, rows) ? sqlite3_column_int64(rows, 0) : 0;

    (void)sqlite3_reset(rows);
    return part;
}

/* A part's findings say which of its runs made them, of those that the part has kept by name. */
static bool fill_findings(struct db *db)
{
    for (int64_t part = next_part(db, 0); part != 0; part = next_part(db, part)) {
        struct rec_set *set = db_part_read(db, part);

        if (set == NULL)
            continue;
        db_add_findings(db, 0, set->processes[0]);
        rec_close(set);
    }
    return !db->failed;
}

bool db_step(struct db *db, int from)
{
    switch (from) {
    case 0:
        return db_run(db, first);
    case 1:
        return db_run(db, second) && fill_findings(db);
    default:
        return true;
    }
}
