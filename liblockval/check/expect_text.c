/* SPDX-License-Identifier: MIT */
/* The words of the expected order: as they stand in a file, and in reports. */

#include "check/expect.h"

#include <string.h>

static bool needs_quotes(const char *word)
{
    if (*word == '\0' || *word == '"' || *word == '#' || *word == '[' || strcmp(word, "*") == 0 ||
        strcmp(word, "=") == 0 || strcmp(word, "|") == 0 || strcmp(word, "->") == 0)
        return true;
    for (const char *at = word; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f || *at == '*' || *at == '?')
            return true;
    return false;
}

void lv_expect_put_word(struct lv_text *out, const char *word)
{
    if (!needs_quotes(word)) {
        lv_text_puts(out, word);
        return;
    }
    lv_text_putc(out, '"');
    for (const char *at = word; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            lv_text_putc(out, '\\');
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            lv_text_printf(out, "\\x%02x", (unsigned)(unsigned char)*at);
        else
            lv_text_putc(out, *at);
    }
    lv_text_putc(out, '"');
}

void lv_expect_put_modes(struct lv_text *out, uint8_t modes)
{
    static const char names[][3] = { "ER", "EN", "SR", "SN" };
    const char *before = " [";

    if (modes == LV_DEP_ALL)
        return;
    for (unsigned i = 0; i < LV_ARRAY_SIZE(names); i++) {
        unsigned untimed = 1u << i, timed = 1u << (i + 4);

        if ((modes & (untimed | timed)) == 0)
            continue;
        lv_text_printf(out, "%s%s%s", before, names[i], (modes & untimed) == 0 ? "t" : "");
        before = ", ";
    }
    lv_text_putc(out, ']');
}

static void put_lock(const struct lv_expect *expect, uint32_t number, struct lv_text *out)
{
    if (number == LV_EXPECT_ANY)
        lv_text_putc(out, '*');
    else
        lv_expect_put_word(out, number != 0 ? lv_expect_lock(expect, number)->name : "(unnamed)");
}

static void put_pair(const struct lv_expect *expect, uint32_t from, uint32_t to, struct lv_text *out)
{
    put_lock(expect, from, out);
    lv_text_puts(out, " -> ");
    put_lock(expect, to, out);
}

void lv_expect_put_term(const struct lv_expect *expect, const struct lv_expect_term *term, struct lv_text *out)
{
    if (term->what == LV_EXPECT_LEAF || term->what == LV_EXPECT_NEST) {
        lv_text_puts(out, term->what == LV_EXPECT_LEAF ? "leaf " : "nest ");
        put_lock(expect, term->from, out);
        return;
    }
    lv_text_puts(out, term->what == LV_EXPECT_ALLOW ? "allow " : "forbid ");
    put_pair(expect, term->from, term->to, out);
    lv_expect_put_modes(out, term->modes);
}

static void put_level(const struct lv_expect *expect, uint32_t number, struct lv_text *out)
{
    const struct lv_expect_lock *lock = lv_expect_lock(expect, number);

    lv_expect_put_word(out, lock->name);
    lv_text_printf(out, " is of level %d (line %u)", lock->level, lock->line);
}

static void put_why(const struct lv_expect *expect, const struct lv_expect_answer *answer, struct lv_text *out)
{
    switch (answer->why) {
    case LV_EXPECT_FITS:
        lv_text_puts(out, "it fits");
        break;
    case LV_EXPECT_FORBIDDEN:
        break;
    case LV_EXPECT_IS_LEAF:
        lv_text_puts(out, ": nothing is taken while it is held");
        break;
    case LV_EXPECT_DOWN:
        put_level(expect, answer->from, out);
        lv_text_puts(out, ", and ");
        put_level(expect, answer->to, out);
        lv_text_puts(out, ": lower levels come first");
        break;
    case LV_EXPECT_UNLISTED:
        lv_text_puts(out, "no line allows ");
        put_pair(expect, answer->from, answer->to, out);
        break;
    case LV_EXPECT_MODE:
        lv_text_puts(out, ", and this is");
        lv_expect_put_modes(out, answer->bits);
        break;
    case LV_EXPECT_NESTED:
        lv_text_puts(out, "no line lets two locks of ");
        put_lock(expect, answer->from, out);
        lv_text_puts(out, " nest");
        break;
    case LV_EXPECT_UNNAMED:
        lv_text_puts(out, "others are forbidden, and no line names ");
        lv_text_puts(out, answer->from == 0 && answer->to == 0 ? "either lock"
                          : answer->from == 0                  ? "the one that is held"
                                                               : "the one that is wanted");
        break;
    }
}

void lv_expect_put_answer(const struct lv_expect *expect, const struct lv_expect_answer *answer, struct lv_text *out)
{
    const struct lv_expect_term *term = answer->term != 0 ? lv_expect_term(expect, answer->term) : NULL;

    lv_text_printf(out, "%s:%u: ", expect->from, answer->line != 0 ? answer->line : expect->version_line);
    if (term != NULL)
        lv_expect_put_term(expect, term, out);
    put_why(expect, answer, out);
    if (term != NULL && term->comment[0] != '\0')
        lv_text_printf(out, " # %s", term->comment);
}
