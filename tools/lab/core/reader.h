/* SPDX-License-Identifier: MIT */
#ifndef LAB_READER_H
#define LAB_READER_H

/* What the files that read a program share: a program is read a line at a time, and names are made when they are met first. */

#include "base/text.h"
#include "core/program.h"

/* A part of the text. */
struct lab_word {
    const char *at;
    size_t len;
};

struct lab_reader {
    struct lab_program *program;
    const char *text;
    struct lv_text complaint;
    unsigned line;
    char keyed[LAB_LOCKS][LAB_NAME]; /* names of classes */
    unsigned keyed_count;
    struct lab_sequence handlers[LAB_CONTEXTS]; /* of contexts, until all threads are known */
};

/* Say that @word is wrong, and how. Returns false. */
bool lab_complain(struct lab_reader *r, const char *what, struct lab_word word);

bool lab_is_blank(char c);
bool lab_is_name_char(char c);

/* The first word of @rest, which is left behind it; of length 0: there is none. */
struct lab_word lab_next_word(struct lab_word *rest);
bool lab_word_is(struct lab_word word, const char *text);

/* These complain if @word is no name. */
bool lab_copy_name(struct lab_reader *r, char name[LAB_NAME], struct lab_word word);

/* The lock, thread or context @word, a new one if there was none; null or false after a complaint. */
struct lab_lock *lab_lock_at(struct lab_reader *r, struct lab_word word, uint8_t *ret_number);
bool lab_thread_at(struct lab_reader *r, struct lab_word word, uint8_t *ret_number);
bool lab_context_at(struct lab_reader *r, struct lab_word word, uint8_t *ret_number);

/* The steps in @rest, with ; between them, behind those that @sequence has. */
bool lab_read_steps(struct lab_reader *r, struct lab_sequence *sequence, struct lab_word rest);

#endif
