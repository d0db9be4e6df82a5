/* SPDX-License-Identifier: MIT */
#ifndef CLI_STORE_QUERY_H
#define CLI_STORE_QUERY_H

/*
 * What `lockval db` prints of a store, and what it drops of it. All print on stdout, as text or JSON, and return false after a complaint.
 */

#include "store/file.h"

/* Edges from classes that @from fits to those that @to fits: a name or key, or a glob of these; null: any. *ret_count: how many. */
bool db_query(struct db *db, const struct db_filter *filter, const char *from, const char *to, bool json,
              size_t *ret_count);

bool db_print_runs(struct db *db, const struct db_filter *filter, bool json);

/* Counts, size, version; after a look at the whole file for damage. */
bool db_print_info(struct db *db, bool json);

/* What is to be dropped. */
struct db_gc {
    uint64_t before_ms; /* runs that began earlier; 0: none for their age */
    int64_t keep_runs;  /* of each program and test no more than the newest so many; -1: all */
    bool edges;         /* also what no run that is left had */
    bool dry;           /* only say what it would be */
};

bool db_collect(struct db *db, const struct db_gc *gc);

/* "2026-11-29 05:04:01", in UTC; empty for 0. */
const char *db_time(uint64_t ms, char text[32]);

/* A list of texts in the first column of what is left of the rows, as JSON. */
json_t *db_list(struct db *db, sqlite3_stmt *rows);

#endif
