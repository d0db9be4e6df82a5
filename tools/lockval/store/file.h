/* SPDX-License-Identifier: MIT */
#ifndef CLI_STORE_FILE_H
#define CLI_STORE_FILE_H

/*
 * Between the files of the store: the open file, and statements on it. Whatever fails is complained of once, where it fails; what
 * follows on a store that failed does nothing, so that a sequence of calls is asked at its end.
 */

#include <sqlite3.h>

#include "record/pool.h"
#include "store/db.h"

enum {
    DB_APPLICATION = 0x4c4b564c, /* "LKVL", in the file's header */
    DB_VERSION = 2,              /* of the schema */
    DB_STATEMENTS = 64           /* that are kept prepared */
};

struct db {
    sqlite3 *handle;
    const char *path;
    bool failed;
    size_t statement_count;
    struct {
        const char *sql; /* by its address */
        sqlite3_stmt *statement;
    } statements[DB_STATEMENTS];
};

enum db_mode {
    DB_READ,  /* the file must be a store */
    DB_WRITE, /* the same */
    DB_MAKE   /* made if it is not there */
};

/* Null after a complaint. A store of an older version is brought up to date, or, to read it, looked at as a copy that is. */
struct db *db_open_as(const char *path, enum db_mode mode, unsigned wait_ms);

/* Complain of what SQLite said last, and note that the store failed. Returns false. */
bool db_fail(struct db *db, const char *doing);

/* Statements without a result. */
bool db_run(struct db *db, const char *sql);

/* The statement @sql, a literal, with the values of @types: 'i' int64_t, 't' text, 'n' text or null if empty. Null if the store failed. */
sqlite3_stmt *db_ask(struct db *db, const char *sql, const char *types, ...);

/* Next row? False at the end, and if it failed. */
bool db_row(struct db *db, sqlite3_stmt *statement);

/* db_ask(), to its end. */
bool db_do(struct db *db, const char *sql, const char *types, ...);

/* The first column of the first row as a number; @otherwise if there is none. */
int64_t db_number(struct db *db, const char *sql, int64_t otherwise);

/* A column as text, never null. */
const char *db_text(sqlite3_stmt *statement, int column);

/* Begin to write, commit, or undo if the store failed. */
bool db_begin(struct db *db);
bool db_end(struct db *db);

/* ---- schema.c ---- */

/* From version @from to the next. */
bool db_step(struct db *db, int from);

/* ---- part.c ---- */

/* What the runs of one part learned, as a set with one merged process; null if the store failed or it has none. rec_close() it. */
struct rec_set *db_part_read(struct db *db, int64_t part);
bool db_part_write(struct db *db, int64_t part, const struct un_union *all);

/* Lines as a set. */
struct rec_set *db_set_of(const char *text, size_t size);

/* Add to @all what of @process, the content of @part, a run in the table `chosen` had. */
void db_add_allowed(struct db *db, int64_t part, const struct rec_process *process, struct un_union *all);

/* ---- load.c ---- */

/* Put into the temporary table `chosen` the runs that @filter lets through. Returns whether it lets all through. */
bool db_choose(struct db *db, const struct db_filter *filter);

/* db_load() of an open store. */
bool db_load_from(struct db *db, const struct db_filter *filter, struct un_union *all);

/* ---- add.c ---- */

/* Write down the findings of @process: of the run @run; 0: of the runs that it names. */
void db_add_findings(struct db *db, int64_t run, const struct rec_process *process);

#endif
