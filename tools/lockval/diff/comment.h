/* SPDX-License-Identifier: MIT */
#ifndef CLI_DIFF_COMMENT_H
#define CLI_DIFF_COMMENT_H

/*
 * Markdown that is no longer than a code host takes, with texts of programs in it that stay texts. A comment is a list of sections, each of
 * rows that are there as a whole or left out; what is left out is counted, and said.
 *
 *     comment_begin(&comment, out, 65536);
 *     comment_say(&comment, "**Lock order:** ...\n");
 *     comment_section(&comment, "| held | wanted |\n|---|---|\n", "");
 *     comment_row(&comment, row);
 *     comment_end_section(&comment);
 *     comment_end(&comment);
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
    COMMENT_LEAST = 2000 /* bytes that a limit must have at least */
};

struct comment {
    FILE *out;
    size_t limit, used;
    const char *head, *foot; /* of the section; the head is printed with its first row */
    bool open;               /* it was */
    size_t left_out;         /* rows of the section */
};

void comment_begin(struct comment *comment, FILE *out, size_t limit);
void comment_end(struct comment *comment);

/* Text of our own, that must be there. */
void comment_say(struct comment *comment, const char *text);

/* @head and @foot must live until the section's end. */
void comment_section(struct comment *comment, const char *head, const char *foot);
void comment_row(struct comment *comment, const char *row);
void comment_end_section(struct comment *comment);

/* A text that comes from elsewhere, as code in a cell of a table or in a line; shortened to @width characters. Memory to free; empty for an empty
 * text. */
char *comment_code(const char *text, size_t width);

/* The same for a line of a block of code. */
char *comment_plain(const char *text, size_t width);

#endif
