/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONTRACT_FILE_H
#define CLI_CONTRACT_FILE_H

/*
 * The lines of a file of the lock order, so that some can go, come and change while all others stay as somebody wrote them.
 */

#include <stdbool.h>
#include <stddef.h>

struct contract_line {
    char *text; /* without the end of the line */
    struct contract_line *next;
    bool gone;
};

struct contract_file {
    struct contract_line *first;
    size_t count;              /* of lines when it was read: */
    struct contract_line **at; /* by their numbers, from 1 on */
};

struct contract_file *contract_file_of(const char *text, size_t size);
void contract_file_free(struct contract_file *file);

/* A new line behind @after, null: before all. @text is taken. */
struct contract_line *contract_file_add(struct contract_file *file, struct contract_line *after, char *text);

/* The file as it is now, with a newline behind each line; memory to free. */
char *contract_file_text(const struct contract_file *file, size_t *ret_size);

/* The last line that is not gone; null: there is none. */
struct contract_line *contract_file_last(const struct contract_file *file);

/* How much of @text is words: blanks and the comment behind them are not. */
size_t contract_line_words(const char *text);

/* Is the first word of @text this one? */
bool contract_line_begins(const char *text, const char *word);

#endif
