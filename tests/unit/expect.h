/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_UNIT_EXPECT_H
#define LV_TESTS_UNIT_EXPECT_H

/* Files of the expected lock order, for tests of what is read and of what it says. */

#include <string.h>

#include "check/expect.h"
#include "unit.h"

static struct lv_arena arena;
static struct lv_expect expect;
static char said[8192];

static inline int parse_bytes(const char *text, size_t size)
{
    struct lv_text complaints;

    lv_text_init(&complaints, said, sizeof(said));
    return lv_expect_parse(&expect, "file", text, size, &arena, &complaints);
}

static inline int parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

/* A file without anything wrong. */
static inline void read_file(const char *text)
{
    int wrong = parse(text);

    ck_assert_str_eq(said, "");
    ck_assert_int_eq(wrong, 0);
}

static inline const struct lv_expect_lock *lock(const char *name)
{
    uint32_t number = lv_expect_named(&expect, name);

    ck_assert_msg(number != 0, "no lock is called %s", name);
    return lv_expect_lock(&expect, number);
}

static inline const char *key(const struct lv_expect_lock *of, uint32_t number)
{
    ck_assert_uint_lt(number, of->key_count);
    return lv_expect_key(&expect, of->first_key + number)->text;
}

#endif
