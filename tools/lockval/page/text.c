/* SPDX-License-Identifier: MIT */
/*
 * Every text goes through show(), one character after the other: what is unfit to be seen becomes a visible escape, the rest
 * stays a character that both forms then quote for themselves.
 */

#include "page/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    BYTES_BEGIN = 0xf700, /* a byte that was no UTF-8, as records have it */
    BYTES_END = 0xf7ff,
    SHOWN_MAX = 12
};

/* The character at *@text, which moves behind it; a byte that begins none is itself, as records have it. */
static uint32_t next_character(const char **text)
{
    static const uint32_t lowest[] = { 0, 0x80, 0x800, 0x10000 };
    const unsigned char *at = (const unsigned char *)*text;
    size_t more = at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : at[0] >= 0xc0 ? 1 : 0;
    uint32_t character = more == 0 ? at[0] : at[0] & (0x3fu >> more);
    size_t i = 1;

    for (; i <= more && (at[i] & 0xc0) == 0x80; i++)
        character = character << 6 | (at[i] & 0x3fu);
    if (at[0] >= 0x80 && (more == 0 || i <= more || at[0] >= 0xf8 || character < lowest[more] || character > 0x10ffff ||
                          (character >= 0xd800 && character < 0xe000))) {
        *text += 1;
        return BYTES_BEGIN + at[0];
    }
    *text += i;
    return character;
}

static int turns_direction(uint32_t character)
{
    return character == 0x200e || character == 0x200f || (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

/* What is shown of @character, which stands at @from and is @len bytes long; *ret_width characters wide. */
static void show(uint32_t character, const char *from, size_t len, char shown[SHOWN_MAX], size_t *ret_width)
{
    *ret_width = 1;
    if (character >= BYTES_BEGIN && character <= BYTES_END)
        *ret_width = (size_t)snprintf(shown, SHOWN_MAX, "\\x%02x", character - BYTES_BEGIN);
    else if (character == '\n' || character == '\t')
        (void)snprintf(shown, SHOWN_MAX, "%c", (char)character);
    else if (character < 0x20 || character == 0x7f)
        *ret_width = (size_t)snprintf(shown, SHOWN_MAX, "\\x%02x", character);
    else if ((character >= 0x80 && character < 0xa0) || turns_direction(character) || character == 0x2028 ||
             character == 0x2029 || (character & 0xfffe) == 0xfffe)
        *ret_width = (size_t)snprintf(shown, SHOWN_MAX, "\\u%04x", character);
    else
        (void)snprintf(shown, SHOWN_MAX, "%.*s", (int)len, from);
}

/* The same for the next of *@text. Returns false at its end. */
static int show_next(const char **text, char shown[SHOWN_MAX], size_t *ret_width)
{
    const char *from = *text;
    uint32_t character;

    if (*from == '\0')
        return 0;
    character = next_character(text);
    show(character, from, (size_t)(*text - from), shown, ret_width);
    return 1;
}

static void put_html(FILE *out, char sign)
{
    switch (sign) {
    case '&':
        (void)fputs("&amp;", out);
        break;
    case '<':
        (void)fputs("&lt;", out);
        break;
    case '>':
        (void)fputs("&gt;", out);
        break;
    case '"':
        (void)fputs("&quot;", out);
        break;
    case '\'':
        (void)fputs("&#39;", out);
        break;
    default:
        (void)fputc(sign, out);
    }
}

void page_text(FILE *out, const char *text)
{
    char shown[SHOWN_MAX];
    size_t width;

    while (show_next(&text, shown, &width))
        for (const char *at = shown; *at != '\0'; at++)
            put_html(out, *at);
}

static void put_json(FILE *out, char sign)
{
    if (sign == '"' || sign == '\\')
        (void)fprintf(out, "\\%c", sign);
    else if (sign == '<' || sign == '>' || sign == '&' || (unsigned char)sign < 0x20)
        (void)fprintf(out, "\\u%04x", (unsigned)sign);
    else
        (void)fputc(sign, out);
}

void page_json(FILE *out, const char *text)
{
    char shown[SHOWN_MAX];
    size_t width;

    (void)fputc('"', out);
    while (show_next(&text, shown, &width))
        for (const char *at = shown; *at != '\0'; at++)
            put_json(out, *at);
    (void)fputc('"', out);
}

size_t page_text_width(const char *text)
{
    char shown[SHOWN_MAX];
    size_t width, sum = 0;

    while (show_next(&text, shown, &width))
        sum += width;
    return sum;
}

/* Where @text has shown @width characters, or just before. */
static const char *after(const char *text, size_t width)
{
    char shown[SHOWN_MAX];
    const char *next = text;
    size_t one, sum = 0;

    while (show_next(&next, shown, &one) && sum + one <= width) {
        sum += one;
        text = next;
    }
    return text;
}

char *page_text_short(const char *text, size_t width)
{
    size_t whole = page_text_width(text), tail = width / 2 - 1;
    const char *begin, *end;

    if (whole <= width)
        return cli_strdup(text);
    begin = after(text, width - 1 - tail);
    end = after(text, whole - tail);
    if (page_text_width(end) > tail)
        end = text + strlen(text);
    return cli_printf("%.*s\u2026%s", (int)(begin - text), text, end);
}
