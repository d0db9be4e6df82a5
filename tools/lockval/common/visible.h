/* SPDX-License-Identifier: MIT */
#ifndef CLI_VISIBLE_H
#define CLI_VISIBLE_H

/*
 * Texts of programs, for people: names of locks and threads, paths and arguments may hold anything, and a terminal obeys some of it. Signs of
 * control, those that turn the direction of writing, and bytes that are no UTF-8 become visible: "\x1b", "\u202e", "\x80". Ends of lines
 * and tabs stay.
 */

#include <stdbool.h>
#include <stddef.h>

enum {
    CLI_VISIBLE_MAX = 12
};

/* What is shown of the next character of *@text, which moves behind it; *ret_width: in so many characters. Returns false at its end. */
bool cli_visible_next(const char **text, char shown[CLI_VISIBLE_MAX], size_t *ret_width);

/* The whole of @text: memory to free. */
char *cli_visible(const char *text);

#endif
