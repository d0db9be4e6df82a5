/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_FORMAT_H
#define CLI_FORMATS_FORMAT_H

/*
 * What `lockval report` can make of a record. A format gets what was read and chosen, and prints; it reads no file and asks no
 * one but the symbols. report.c has the table of all.
 */

#include <stdbool.h>
#include <stdio.h>

#include "record/model.h"
#include "symbol/symbols.h"

/* What a format prints, and how. All of it lives longer than the printing. */
struct format_input {
    const struct rec_set *set;
    struct rec_finding *const *findings; /* those that were chosen, worst verdict first */
    size_t finding_count;
    bool chosen;                 /* not all findings of the set are among them */
    struct sym_session *symbols; /* null: names are those of the record */
    const char *root;            /* of the sources: absolute, as realpath() gives it; null: none */
    const char *record;          /* where all of it was read: a path that can be typed; null: several, or stdin */
};

struct format {
    const char *name;
    const char *summary; /* begins with a small letter, no full stop */
    /* Print to @out. Returns false after a complaint. What could not be written is seen by the caller. */
    bool (*print)(FILE *out, const struct format_input *input);
    bool exact; /* for programs: locks have the names that they have in the record, not those of C++ programmers */
};

extern const struct format format_dot;
extern const struct format format_html;
extern const struct format format_json;
extern const struct format format_junit;
extern const struct format format_lockdep;
extern const struct format format_sarif;
extern const struct format format_svg;
extern const struct format format_text;

/* The format @name, or null. */
const struct format *format_find(const char *name);

/* Format number @i, null behind the last. */
const struct format *format_at(size_t i);

#endif
