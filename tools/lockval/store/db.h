/* SPDX-License-Identifier: MIT */
#ifndef CLI_STORE_DB_H
#define CLI_STORE_DB_H

/*
 * A store: one SQLite file with what many runs learned (docs/db.md). Here is what others than `lockval db` want of it: to look
 * whether a file is one, to add to it, and to have its content as a union.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "merge/union.h"
#include "record/model.h"

enum {
    DB_PATIENCE_MS = 600000 /* how long to wait for others that write, if nobody says */
};

/* Which runs count. Globs; null: all. */
struct db_filter {
    const char *program, *test, *commit, *host;
    uint64_t since_ms; /* those that began then or later; 0: all */
};

/* What a record does not say of its runs. Null: nothing is added to it. */
struct db_labels {
    const char *test, *commit, *host;
};

/* What became of the runs that were added. */
struct db_added {
    size_t fresh, completed, known; /* new ones; that there was less of; nothing of which was new */
    size_t merged;                  /* of these: merged records */
};

struct db;

/* Is the file an SQLite database, be it a store or not? False without a complaint if it cannot be read. */
bool db_is(const char *path);

/* Add to @all what the runs that count learned. False after a complaint. Without a filter the union is, to the byte, the one of all
 * records that were added. With one, an edge or class is in it if one of these runs had it; what is said of it may be of another
 * run of that program, test and commit. */
bool db_load(const char *path, const struct db_filter *filter, struct un_union *all);

/* Open the store for adding, made if it is not there; null after a complaint. @wait_ms: how long to wait for others that write. */
struct db *db_open(const char *path, unsigned wait_ms);
void db_close(struct db *db);

/* Add the processes of @set: all of them or, after a complaint (false), none. */
bool db_add(struct db *db, const struct rec_set *set, const struct db_labels *labels, struct db_added *added);

#endif
