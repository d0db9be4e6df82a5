/* SPDX-License-Identifier: MIT */
/*
 * Bytes from libFuzzer as a file of the expected order. What is read holds together, what is not says why, and a question about any two
 * locks has an answer in words.
 */

#include <stdlib.h>
#include <string.h>

#include "check/expect.h"

enum {
    LOCKS_MOST = 12, /* that are asked about, each with each */
    MEMORY = 1 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void ask(const struct lv_expect *expect, uint32_t from, uint32_t to)
{
    char words[256];

    for (unsigned i = 0; i < 8; i++) {
        const struct lv_expect_asked asked = {
            .from = { from, i & 1 }, .to = { to, i & 2 }, .bits = LV_DEP_EN, .same_class = from == to, .indirect = i & 4
        };
        struct lv_expect_answer answer = { 0 };
        struct lv_text text;

        if (lv_expect_judge(expect, &asked, &answer))
            continue;
        must(answer.why != LV_EXPECT_FITS);
        lv_text_init(&text, words, sizeof(words));
        lv_expect_put_answer(expect, &answer, &text);
        must(text.len != 0);
    }
}

static void look(const struct lv_expect *expect)
{
    for (uint32_t i = 1; i < expect->locks.count; i++) {
        must(lv_expect_named(expect, lv_expect_lock(expect, i)->name) == i);
        must(lv_expect_lock(expect, i)->key_count != 0);
    }
    for (uint32_t i = 1; i < expect->terms.count; i++)
        must(lv_expect_term(expect, i)->from != 0 && lv_expect_term(expect, i)->modes != 0);
    for (uint32_t i = 0; i < expect->locks.count && i < LOCKS_MOST; i++)
        for (uint32_t j = 0; j < expect->locks.count && j < LOCKS_MOST; j++)
            ask(expect, i, j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* An arena's memory is never given back: it is cut from this one again each time. */
    static _Alignas(64) char memory[MEMORY], said[4096];
    struct lv_arena arena = { .at = memory, .end = memory + MEMORY, .limit = 1 };
    struct lv_text complaints;
    struct lv_expect expect;
    int wrong;

    memset(memory, 0, sizeof(memory));
    lv_text_init(&complaints, said, sizeof(said));
    wrong = lv_expect_parse(&expect, "file", (const char *)data, size, &arena, &complaints);
    must(wrong <= 0 || complaints.len != 0);
    must(wrong != 0 || complaints.len == 0);
    if (wrong == 0)
        look(&expect);
    return 0;
}
