/* SPDX-License-Identifier: MIT */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

/*
 * What can be said to a subcommand, read from what it says of itself: its usage and its help. So a new option is completed
 * without a word here. An option is "--name", "--name=VALUE" or "--name VALUE", where VALUE is in capital letters; in the help
 * it begins a line, and two spaces stand before its meaning.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/command.h"

struct word_option {
    char *name;    /* with the dashes */
    char *value;   /* what it is called: "FILE"; null: it takes none */
    bool separate; /* the value is an argument of its own */
    char *meaning; /* may be empty */
};

struct word_list {
    struct word_option *options;
    size_t count;
    char *words;  /* "a|b": the first argument is one of these; null: it is not */
    bool library; /* it takes the options of the library */
    bool record;  /* its arguments are records, */
    bool pid;     /* the number of a process, */
    bool program; /* a program; behind "--" where there are records, too */
    bool more;    /* and the program's arguments */
};

void words_read(struct word_list *ret, const struct cli_command *command);
void words_free(struct word_list *list);

/* The option that @word is, up to its "=" if it has one; null: none. */
const struct word_option *words_find(const struct word_list *list, const char *word);

#endif
