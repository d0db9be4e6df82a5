/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_EXPECT_LINE_H
#define LV_CHECK_EXPECT_LINE_H

/*
 * A line of a file of the expected order, in words (docs/lock-order.md). Private to check/expect_parse.c.
 *
 * Words stand between blanks. One in quotes may have blanks in it, and \" \\ \xHH. A # that a word begins with begins the comment.
 */

#include "base/types.h"

enum {
    LV_EXPECT_WORDS = 256 /* of one line */
};

struct lv_expect_word {
    char *text;
    bool quoted; /* it means itself, whatever it looks like */
};

struct lv_expect_words {
    struct lv_expect_word word[LV_EXPECT_WORDS];
    uint32_t count;
    char *comment; /* without the #; empty: there is none */
};

/* Split @line, which ends with a zero byte, and is written over: the words lie in it. Returns what is wrong with it; null: nothing. */
const char *lv_expect_split(char *line, struct lv_expect_words *ret);

/* Is word @number there, bare, and this one? */
bool lv_expect_word_is(const struct lv_expect_words *words, uint32_t number, const char *text);

#endif
