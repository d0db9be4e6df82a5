/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_FRAME_H
#define CLI_PAGE_FRAME_H

/*
 * What every page begins and ends with: one HTML file that asks for nothing else. Its policy allows the style sheet and the scripts that are in it, by
 * their hashes. And the parts of a page of tables: all of them are seen, with or without the script, which sorts and searches them.
 *
 *     frame_begin(out, "lock order: ", name, FRAME_SHEET);
 *     fputs("<header class=\"top\">...</header>\n<main>\n", out);
 *     frame_begin_table(out, "edges", "Edges", heads, 3, count);
 *     ... rows of cells; of a column whose head begins with '#', <td class="n" data-v="NUMBER">
 *     frame_end_table(out);
 *     fputs("</main>\n", out);
 *     frame_end(out, FRAME_SHEET);
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum frame_kind {
    FRAME_REPORT, /* the page of a report, with all its scripts */
    FRAME_SHEET   /* tables */
};

/* Up to the head's end. The title is @what, then @name, which comes from elsewhere. */
void frame_begin(FILE *out, const char *what, const char *name, enum frame_kind kind);

/* The footer stands before it. */
void frame_end(FILE *out, enum frame_kind kind);

/* @title is also what screen readers call it. Of a head that begins with '#' the column is one of numbers. */
void frame_begin_table(FILE *out, const char *id, const char *title, const char *const *heads, size_t head_count,
                       size_t rows);
void frame_end_table(FILE *out);

/* A cell of a column of numbers. */
void frame_number(FILE *out, uint64_t number);

#endif
