/* SPDX-License-Identifier: MIT */
#ifndef CLI_DIFF_WORDS_H
#define CLI_DIFF_WORDS_H

/*
 * What is printed of a difference, and the words for it, which all forms share.
 */

#include <stdbool.h>
#include <stdio.h>

#include "diff/compare.h"
#include "formats/words.h"
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

/* Of an edge in both orders: "+SN -EN". */
char *diff_mode_changes(const struct diff_edge *edge);

/* Of a class in both orders: "mutex -> rwlock, usage .... -> +.+.". */
char *diff_class_changes(const struct diff_class *class);

#endif
