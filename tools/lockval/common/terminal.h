/* SPDX-License-Identifier: MIT */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

/*
 * What a terminal can show: colours, and how many columns.
 */

#include <stdbool.h>

enum cli_when {
    CLI_AUTO, /* on a terminal that has them, if NO_COLOR is empty or not set */
    CLI_ALWAYS,
    CLI_NEVER
};

/* "auto", "always" or "never". Returns false for any other word. */
bool cli_when_of(const char *word, enum cli_when *ret_when);

/* Should what is printed to @fd have colours? */
bool cli_colours(enum cli_when when, int fd);

/* Is @fd a terminal on which a line can be erased? */
bool cli_terminal_is_one(int fd);

/* Columns of the terminal @fd; 0: it is none, or does not say. */
unsigned cli_terminal_width(int fd);

/* What is done to a piece of text. */
enum cli_colour {
    CLI_PLAIN,
    CLI_BOLD,
    CLI_FAINT,
    CLI_RED, /* bold, as the next ones */
    CLI_YELLOW,
    CLI_MAGENTA,
    CLI_CYAN,
    CLI_GREEN /* not bold */
};

/* What is printed to begin @colour; to end any. Empty if @on is false. */
const char *cli_colour_begin(bool on, enum cli_colour colour);
const char *cli_colour_end(bool on, enum cli_colour colour);

#endif
