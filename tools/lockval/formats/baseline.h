/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_BASELINE_H
#define CLI_FORMATS_BASELINE_H

/*
 * A file of the findings that are known, so that only new ones fail. A line for each finding with its fingerprint, verdict and
 * kind; below it, indented, the stable keys of what it is about, and where it was seen. Lines that begin with # directly before
 * an entry are its comment, which is kept when the file is written again. docs/check.md describes it.
 *
 * A finding is known by its fingerprint. Stable keys may have a number that depends on the run; so it is known as well if it is of the
 * same kind, and about classes that have these keys among theirs, in the same order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "record/model.h"

struct baseline_entry {
    const char *fingerprint, *kind;
    enum rec_verdict verdict;
    const char *state;   /* kind signal: the context; empty: another kind */
    const char *comment; /* whole lines with their #; empty: none */
    size_t key_count;
    const char **keys;
    unsigned line; /* in the file */
    bool met;      /* a finding is this one */
};

struct baseline {
    const char *path;
    size_t count;
    struct baseline_entry **entries;
    const char *begin, *end; /* comment lines at its beginning and behind all entries; may be empty */
    struct rec_pool *pool;
};

/* Null after a complaint. @may_miss: if there is no such file, an empty one. */
struct baseline *baseline_read(const char *path, bool may_miss);
void baseline_close(struct baseline *baseline);

/* The entry that @finding is, or null. It is marked as met. */
struct baseline_entry *baseline_find(struct baseline *baseline, const struct rec_finding *finding);

/* What came of holding findings against it. */
struct baseline_score {
    size_t known; /* findings that it has */
    size_t worse; /* of these, with a higher verdict than it has */
};

/* Findings that are known count no more, and are shown as suppressed by it. @pool lives as long as they do. */
struct baseline_score baseline_apply(struct baseline *baseline, struct rec_finding *const *findings, size_t count,
                                     struct rec_pool *pool);

/* Say on @out how much is known. */
void baseline_say_known(const struct baseline *baseline, struct baseline_score score, FILE *out);

/* List the entries that were not met. */
void baseline_say_missed(const struct baseline *baseline, FILE *out);

/* Write the findings, with the comments that @old (may be null) has for them. */
void baseline_write(struct baseline *old, struct rec_finding *const *findings, size_t count, FILE *out);

#endif
