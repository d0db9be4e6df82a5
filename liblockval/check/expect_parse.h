/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_EXPECT_PARSE_H
#define LV_CHECK_EXPECT_PARSE_H

/* What the two steps of reading a file of the expected order share: check/expect_parse.c and check/expect_link.c. */

#include "check/expect.h"
#include "check/expect_line.h"

struct lv_expect_parse {
    struct lv_expect *expect;
    struct lv_text *out;
    struct lv_expect_words words; /* of the line */
    uint32_t line;
    uint32_t bad;            /* complaints */
    int level;               /* that the line stands in */
    struct lv_vec names;     /* struct lv_expect_names, by the numbers of terms */
    struct lv_table by_stem; /* what of a key does not tell locks apart -> the lock that has it first */
    bool no_memory;
};

/* What a term's line calls its locks, until all are known. Null: "*". */
struct lv_expect_names {
    const char *from, *to;
};

/* Begin a complaint about line @line. False: there were enough, and nothing more is said. */
bool lv_expect_begin_complaint(struct lv_expect_parse *p, uint32_t line);

/* Something is wrong with line @at. */
#define LV_EXPECT_COMPLAIN(p, at, ...)             \
    do {                                           \
        if (lv_expect_begin_complaint(p, at)) {    \
            lv_text_printf((p)->out, __VA_ARGS__); \
            lv_text_putc((p)->out, '\n');          \
        }                                          \
    } while (0)

void lv_expect_insert(struct lv_expect_parse *p, struct lv_table *table, uint64_t key, uint32_t value);

/* Names become numbers, what contradicts itself is found, and locks that their keys do not tell apart are made twins. */
void lv_expect_link(struct lv_expect_parse *p);

/* What stands for two ends in .by_ends. */
uint64_t lv_expect_ends(uint32_t from, uint32_t to);

/* The key that stands in the file as @key; 0: none. */
uint32_t lv_expect_keyed(const struct lv_expect *expect, const char *key);

#endif
