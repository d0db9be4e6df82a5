/* SPDX-License-Identifier: MIT */
/*
 * Every text goes through cli_visible_next(), one character after the other: what is unfit to be seen becomes a visible escape, the rest
 * stays a character that both forms then quote for themselves.
 */

#include "page/text.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/visible.h"

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
    char shown[CLI_VISIBLE_MAX];
    size_t width;

    while (cli_visible_next(&text, shown, &width))
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
    char shown[CLI_VISIBLE_MAX];
    size_t width;

    (void)fputc('"', out);
    while (cli_visible_next(&text, shown, &width))
        for (const char *at = shown; *at != '\0'; at++)
            put_json(out, *at);
    (void)fputc('"', out);
}

size_t page_text_width(const char *text)
{
    char shown[CLI_VISIBLE_MAX];
    size_t width, sum = 0;

    while (cli_visible_next(&text, shown, &width))
        sum += width;
    return sum;
}

/* Where @text has shown @width characters, or just before. */
static const char *after(const char *text, size_t width)
{
    char shown[CLI_VISIBLE_MAX];
    const char *next = text;
    size_t one, sum = 0;

    while (cli_visible_next(&next, shown, &one) && sum + one <= width) {
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
