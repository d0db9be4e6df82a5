/* SPDX-License-Identifier: MIT */
/*
 * Within backticks nothing means anything to Markdown but backticks, and in a table the bar. Hosts differ in what a backslash before a bar does there, so
 * a text with one of these becomes HTML in which every sign is a character reference: such are never taken for markup. Length is counted in bytes,
 * which are never fewer than characters.
 */

#define _GNU_SOURCE
#include "diff/comment.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/visible.h"
#include "page/text.h"

enum {
    RESERVE = 1200 /* bytes for the ends of sections and of the comment */
};

void comment_begin(struct comment *comment, FILE *out, size_t limit)
{
    *comment = (struct comment){ .out = out, .limit = limit < COMMENT_LEAST ? COMMENT_LEAST : limit };
}

void comment_say(struct comment *comment, const char *text)
{
    (void)fputs(text, comment->out);
    comment->used += strlen(text);
}

void comment_section(struct comment *comment, const char *head, const char *foot)
{
    comment->head = head;
    comment->foot = foot;
    comment->open = false;
    comment->left_out = 0;
}

void comment_row(struct comment *comment, const char *row)
{
    size_t need = strlen(row) + (comment->open ? 0 : strlen(comment->head) + strlen(comment->foot));

    if (comment->left_out != 0 || comment->used + need + RESERVE > comment->limit) {
        comment->left_out++;
        return;
    }
    if (!comment->open)
        comment_say(comment, comment->head);
    comment->open = true;
    comment_say(comment, row);
}

void comment_end_section(struct comment *comment)
{
    char *more = cli_printf("\n%zu more %s left out, since the comment would be too long.\n", comment->left_out,
                            comment->left_out == 1 ? "is" : "are");

    if (comment->left_out != 0)
        comment_say(comment, more);
    if (comment->open)
        comment_say(comment, comment->foot);
    free(more);
}

void comment_end(struct comment *comment)
{
    comment_say(comment, "\n<!-- lockval diff -->\n");
}

/* ---- texts ---- */

char *comment_plain(const char *text, size_t width)
{
    char *shorter = page_text_short(text, width), *visible = cli_visible(shorter);

    free(shorter);
    for (char *at = visible; *at != '\0'; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
    return visible;
}

static char *as_html(const char *text)
{
    char *html = NULL;
    size_t len;
    FILE *out = open_memstream(&html, &len);

    if (out == NULL)
        abort();
    (void)fputs("<code>", out);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at >= 0x80 || isalnum(*at) || *at == ' ')
            (void)fputc(*at, out);
        else
            (void)fprintf(out, "&#%u;", *at);
    }
    (void)fputs("</code>", out);
    (void)fclose(out);
    return html;
}

char *comment_code(const char *text, size_t width)
{
    char *plain = comment_plain(text, width), *code;

    if (*plain == '\0')
        return plain;
    code = strpbrk(plain, "`|\\") != NULL ? as_html(plain) : cli_printf("`%s`", plain);
    free(plain);
    return code;
}
