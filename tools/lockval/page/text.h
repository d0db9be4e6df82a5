/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_TEXT_H
#define CLI_PAGE_TEXT_H

/*
 * Texts of programs, made harmless: names of locks and threads, paths and arguments may hold anything. Nothing else of the page prints
 * a text that it did not make.
 */

#include <stddef.h>
#include <stdio.h>

/* For HTML, between tags and within attributes in quotes. Bytes that were no UTF-8, signs of control and those that turn the direction of writing are
 * shown as "\x80", "\u202e". */
void page_text(FILE *out, const char *text);

/* The same with quotes around it, as JSON that may stand in a script element. */
void page_json(FILE *out, const char *text);

/* How many characters page_text() shows. */
size_t page_text_width(const char *text);

/* The first and last characters of @text with "…" between, not wider than @width (at least 8); memory to free. */
char *page_text_short(const char *text, size_t width);

#endif
