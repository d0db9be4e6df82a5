/* SPDX-License-Identifier: MIT */
/* Keeps nothing. What a word means is no matter here. */

#include "check/expect_line.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What stands behind a backslash at @at. Returns the character, and moves @at behind it; -1: it means nothing. */
static int unescape(char **at)
{
    char c = *(*at)++;
    int high, low;

    if (c == '"' || c == '\\')
        return c;
    if (c != 'x')
        return -1;
    high = digit_of((*at)[0]);
    low = high >= 0 ? digit_of((*at)[1]) : -1;
    if (low < 0 || high * 16 + low == 0)
        return -1;
    *at += 2;
    return high * 16 + low;
}

/* The word in quotes that begins behind @at, moved to where it begins: it gets no longer. */
static const char *take_quoted(char **at, struct lv_expect_word *ret)
{
    char *from = *at + 1, *to = *at + 1;

    *ret = (struct lv_expect_word){ .text = to, .quoted = true };
    while (*from != '"') {
        int c = (unsigned char)*from++;

        if (c == '\0')
            return "has a quote that is not closed";
        if (c == '\\') {
            c = unescape(&from);
            if (c < 0)
                return "has a backslash in quotes that no \", \\ or xHH follows";
        }
        *to++ = (char)c;
    }
    *at = from + 1;
    if (**at != '\0' && !is_blank(**at))
        return "has a quote that ends in the middle of a word";
    *to = '\0';
    return ret->text[0] == '\0' ? "has a word with nothing in it" : NULL;
}

static void take_bare(char **at, struct lv_expect_word *ret)
{
    char *end = *at;

    *ret = (struct lv_expect_word){ .text = *at };
    while (*end != '\0' && !is_blank(*end))
        end++;
    *at = end;
    if (*end != '\0') {
        *end = '\0';
        *at = end + 1;
    }
}

static char *trim(char *text)
{
    size_t len;

    while (is_blank(*text))
        text++;
    for (len = strlen(text); len != 0 && is_blank(text[len - 1]);)
        text[--len] = '\0';
    return text;
}

const char *lv_expect_split(char *line, struct lv_expect_words *ret)
{
    char *at = line;

    ret->count = 0;
    ret->comment = line + strlen(line);
    for (;;) {
        const char *wrong = NULL;

        while (is_blank(*at))
            at++;
        if (*at == '\0')
            return NULL;
        if (*at == '#') {
            ret->comment = trim(at + 1);
            return NULL;
        }
        if (ret->count == LV_EXPECT_WORDS)
            return "has more than 256 words";
        if (*at == '"')
            wrong = take_quoted(&at, &ret->word[ret->count]);
        else
            take_bare(&at, &ret->word[ret->count]);
        if (wrong != NULL)
            return wrong;
        ret->count++;
    }
}

bool lv_expect_word_is(const struct lv_expect_words *words, uint32_t number, const char *text)
{
    return number < words->count && !words->word[number].quoted && strcmp(words->word[number].text, text) == 0;
}
