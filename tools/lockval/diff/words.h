/* SPDX-License-Identifier: MIT */
#ifndef CLI_DIFF_WORDS_H
#define CLI_DIFF_WORDS_H

/*
 * What is printed of a difference, and the words for it, which all forms share.
 */

#include <stdbool.h>
#include <stdio.h>

#include "diff/compare.h"
#include "symbol/symbols.h"

/* One of the two orders. */
struct diff_side {
    const struct rec_process *process;
    struct sym_session *symbols; /* null: places are those of the record */
    size_t path_count;
    const char *const *paths; /* that it was read from */
};

/* What a form gets. All of it lives longer than the printing. */
struct diff_input {
    const struct diff *diff;
    struct diff_side old, new;
    size_t note_count;
    const char *const *notes; /* what is to be said of classes of different builds: sentences */
    bool colours;             /* of a terminal */
    size_t limit;             /* bytes that a comment may have */
};

struct diff_form {
    const char *name;
    const char *summary; /* begins with a small letter, no full stop */
    /* Print to @out. Returns false after a complaint. */
    bool (*print)(FILE *out, const struct diff_input *input);
};

extern const struct diff_form diff_form_text;
extern const struct diff_form diff_form_json;
extern const struct diff_form diff_form_markdown;
extern const struct diff_form diff_form_dot;
extern const struct diff_form diff_form_svg;
extern const struct diff_form diff_form_html;

/* Of something that is only in one of the orders, or shown of the new one if it is in both: which. */
static inline const struct diff_side *diff_side_of(const struct diff_input *input, enum diff_state state)
{
    return state == DIFF_REMOVED ? &input->old : &input->new;
}

/* '+', '-', '~', ' ' */
char diff_sign(enum diff_state state);

/* Texts are memory to free. */

/* "1 new finding; 3 edges added, 1 removed; 2 classes added", or "no difference". */
char *diff_summary(const struct diff *diff);

/* "old.db, more.jsonl"; of many paths the first and how many. */
char *diff_paths(const struct diff_side *side);

/* "12 runs, 30 classes, 41 edges, 2 findings" */
char *diff_extent(const struct diff_side *side);

/* "EN,SN" */
char *diff_modes(unsigned modes);

/* Of an edge in both orders: "+SN -EN". */
char *diff_mode_changes(const struct diff_edge *edge);

/* Of a class in both orders: "mutex -> rwlock, usage .... -> +.+.". */
char *diff_class_changes(const struct diff_class *class);

/* "mutex, server.c:12"; what is not known is left out. */
char *diff_class_facts(const struct diff_side *side, const struct rec_class *class);

const char *diff_standing(enum rec_standing standing);

/* The acquisition that is shown of an edge: of all the one of which most is known; null: there is none. */
const struct rec_evidence *diff_evidence(const struct rec_edge *edge);
const struct rec_lock *diff_held(const struct rec_evidence *evidence);

/* "server.c:41 in flush", of the innermost place of @stack that is the program's own; empty: not known. @ret_short: "server.c:41" or "flush", to
 * free as well; may be null. */
char *diff_place(const struct diff_side *side, const struct rec_stack *stack, char **ret_short);

/* "test store/flush, server[123], commit c0ffee"; empty: the record does not say. */
char *diff_run(const struct rec_run *run);

/* "a, b and others"; of more than @most names the first, and how many there are. Empty: no test is known. */
char *diff_tests(const struct rec_seen *seen, size_t most);

/* What a finding is about: "a -> b -> a", or the name of its subject; empty: not known. */
char *diff_about(const struct rec_finding *finding);

#endif
