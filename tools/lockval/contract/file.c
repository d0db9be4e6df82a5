/* SPDX-License-Identifier: MIT */
/* What a line means is no matter here, but for where its comment begins: words as in check/expect_line.h. */

#include "contract/file.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static struct contract_line *new_line(char *text)
{
    struct contract_line *line = cli_alloc(1, sizeof(*line));

    line->text = text;
    return line;
}

struct contract_file *contract_file_of(const char *text, size_t size)
{
    struct contract_file *file = cli_alloc(1, sizeof(*file));
    struct contract_line **link = &file->first;
    size_t lines = 0;

    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    file->at = cli_alloc(lines + 2, sizeof(*file->at));
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t len = end != NULL ? (size_t)(end - text) - at : size - at;
        char *copy = cli_alloc(len + 1, 1);

        memcpy(copy, text + at, len);
        file->at[++file->count] = *link = new_line(copy);
        link = &(*link)->next;
        at += len + 1;
    }
    return file;
}

void contract_file_free(struct contract_file *file)
{
    for (struct contract_line *line = file->first, *next; line != NULL; line = next) {
        next = line->next;
        free(line->text);
        free(line);
    }
    free(file->at);
    free(file);
}

struct contract_line *contract_file_add(struct contract_file *file, struct contract_line *after, char *text)
{
    struct contract_line *line = new_line(text), **link = after != NULL ? &after->next : &file->first;

    line->next = *link;
    *link = line;
    return line;
}

char *contract_file_text(const struct contract_file *file, size_t *ret_size)
{
    size_t size = 0;
    char *text, *at;

    for (const struct contract_line *line = file->first; line != NULL; line = line->next)
        size += line->gone ? 0 : strlen(line->text) + 1;
    at = text = cli_alloc(size + 1, 1);
    for (const struct contract_line *line = file->first; line != NULL; line = line->next) {
        size_t len = strlen(line->text);

        if (line->gone)
            continue;
        memcpy(at, line->text, len);
        at[len] = '\n';
        at += len + 1;
    }
    *ret_size = size;
    return text;
}

struct contract_line *contract_file_last(const struct contract_file *file)
{
    struct contract_line *last = NULL;

    for (struct contract_line *line = file->first; line != NULL; line = line->next)
        last = line->gone ? last : line;
    return last;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Behind the word that begins at @at. */
static const char *skip_word(const char *at)
{
    if (*at == '"') {
        for (at++; *at != '\0' && *at != '"'; at++)
            if (*at == '\\' && at[1] != '\0')
                at++;
        return *at == '"' ? at + 1 : at;
    }
    while (*at != '\0' && !is_blank(*at))
        at++;
    return at;
}

size_t contract_line_words(const char *text)
{
    const char *at = text, *end = text;

    for (;;) {
        while (is_blank(*at))
            at++;
        if (*at == '\0' || *at == '#')
            return (size_t)(end - text);
        end = at = skip_word(at);
    }
}

bool contract_line_begins(const char *text, const char *word)
{
    size_t len = strlen(word);

    while (is_blank(*text))
        text++;
    return strncmp(text, word, len) == 0 && (text[len] == '\0' || is_blank(text[len]));
}
