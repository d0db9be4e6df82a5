/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_SUPPRESS_H
#define LV_CHECK_SUPPRESS_H

/*
 * Suppressions: findings that somebody looked at and does not want to see again. One a line of a file,
 *
 *     kind:pattern # reason
 *     kind:pattern & pattern # reason
 *
 * The kind is one of findings, or "*". That stands for all, but not for the verdict `deadlock`: what happened is suppressed only by
 * its own kind. The pattern is a shell pattern (* and ?). It is held against the names and keys of the finding's classes, and against
 * the functions and modules in its stacks. Of several, each has to match something. A reason is what the next reader has of it; a
 * line without one is accepted, and complained of. Empty lines and lines that begin with # mean nothing.
 */

#include "base/text.h"
#include "report/report.h"
#include "sys/arena.h"

struct lv_suppression {
    struct lv_suppression *next; /* constant after init, as all but .matched */
    uint32_t kinds;              /* bit for each kind */
    bool any_kind;
    const char *text;     /* "kind:pattern" */
    const char *patterns; /* one behind the other, each with its zero byte */
    uint32_t pattern_count;
    const char *reason; /* empty: none */
    const char *from;   /* the file, or "built in" */
    uint32_t line;
    uint32_t matched; /* atomic: findings */
};

struct lv_suppressions {
    struct lv_suppression *first, *last;
};

/* Add the entries of the @size bytes at @text, which came from @from (kept). What is wrong with a line goes to @complaints, and the
 * line is left out. Of many bad lines some are named, and the others counted. */
void lv_suppressions_parse(struct lv_suppressions *all, const char *from, const char *text, size_t size,
                           struct lv_arena *arena, struct lv_text *complaints);

/* Is @entry one for findings of this kind with this verdict? */
bool lv_suppression_is_for(const struct lv_suppression *entry, enum lv_finding_kind kind, enum lv_verdict verdict);

/* The pattern behind @pattern, with null the first; null: there is no other. */
const char *lv_suppression_next(const struct lv_suppression *entry, const char *pattern);

/* Does @pattern match the text @name? Null and an empty text match none. */
bool lv_pattern_matches(const char *pattern, const char *name);

/* Does it match what is shown in @report: a class's name, or a function or module of one of the stacks? Cost: linear in these. */
bool lv_pattern_matches_report(const char *pattern, const struct lv_report *report);

#endif
