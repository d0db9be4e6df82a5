/* SPDX-License-Identifier: MIT */
#ifndef CLI_SUPPRESS_ENTRIES_H
#define CLI_SUPPRESS_ENTRIES_H

/*
 * A file of suppressions as the library reads it (check/suppress.h), and findings of records as it would match them.
 */

#include <stdbool.h>

#include "check/suppress.h"
#include "record/model.h"

struct entry {
    const struct lv_suppression *from;
    const char *text; /* "kind:pattern" */
    unsigned line;
};

struct entries {
    size_t count;
    struct entry *entries;
    bool wrong; /* a line was complained of */
    struct lv_arena arena;
};

/* Read the file @path. What is wrong with a line is complained of. Null, after a complaint: it cannot be read. */
struct entries *entries_read(const char *path);
/* Those of the @size bytes at @text, which came from @path (kept). */
struct entries *entries_of(const char *path, const char *text, size_t size);
void entries_free(struct entries *entries);

/* Would @entry suppress @finding? */
bool entry_matches(const struct entry *entry, const struct rec_finding *finding);

#endif
