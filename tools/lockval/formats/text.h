/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_TEXT_H
#define CLI_FORMATS_TEXT_H

/*
 * Findings for people: the library's own report, word for word, with the places in it looked up: `function  file.c:123` in the place of
 * `function+0x41 (module)`, inlined functions, and the source where it is there.
 */

#include "formats/format.h"

struct text_style {
    bool colours;
    bool notes;  /* findings of the verdict `guarded` as well */
    bool frames; /* those of libc, of the C++ library and of ours, too */
};

/* One finding, whatever its verdict. Without symbols and colours, and if it was never upgraded, it is exactly the report of the library. */
void text_finding(FILE *out, const struct text_style *style, const struct format_input *input,
                  const struct rec_finding *finding);

/* All findings of @input that the style wants, those that several processes made once. */
void text_findings(FILE *out, const struct text_style *style, const struct format_input *input);

/* Of a merged record: the runs that made the finding by themselves; nothing of one that several runs made together, which says
 * itself which they are. */
void text_made(FILE *out, const struct rec_finding *finding);

/* How many there are of each verdict, and a line for each. @record: where to read more; null: nowhere. */
void text_summary(FILE *out, const struct text_style *style, const struct format_input *input, const char *record);

/* One line: what says the same in plain words, @self being the command's name; nothing if nothing is shown. */
void text_explain(FILE *out, const struct format_input *input, const char *self);

/* Is it shown, or does an entry of the user's suppress it? */
bool text_is_shown(const struct rec_finding *finding);

/* Is the finding number @i of the input the same as one before it, of another process? */
bool text_is_again(const struct format_input *input, size_t i);

#endif
