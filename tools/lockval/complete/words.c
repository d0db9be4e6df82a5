/* SPDX-License-Identifier: MIT */
/* Help is written for people, so this is lenient: what does not look like an option is none. */

#include "complete/words.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static bool is_small(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_capital(char c)
{
    return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

static size_t span(const char *text, bool (*is)(char))
{
    size_t len = 0;

    while (is(text[len]))
        len++;
    return len;
}

static char *copy(const char *text, size_t len)
{
    return cli_printf("%.*s", (int)len, text);
}

static void add(struct word_list *list, struct word_option option)
{
    for (size_t i = 0; i < list->count; i++) {
        struct word_option *known = &list->options[i];

        if (strcmp(known->name, option.name) != 0)
            continue;
        /* The line of the help says more than the usage. */
        if (*known->meaning == '\0') {
            free(known->meaning);
            known->meaning = option.meaning;
        } else {
            free(option.meaning);
        }
        free(option.name);
        free(option.value);
        return;
    }
    list->options = cli_realloc(list->options, list->count + 1, sizeof(*list->options));
    list->options[list->count++] = option;
}

/* Read the option at @text, which begins with two dashes. Returns how long it is, with its value; 0: it is none. */
static size_t read_option(const char *text, struct word_option *ret)
{
    size_t len = 2 + span(text + 2, is_small), value;

    if (len == 2)
        return 0;
    *ret = (struct word_option){ .name = copy(text, len) };
    if (text[len] == '=' || text[len] == ' ') {
        value = span(text + len + 1, is_capital);
        if (value != 0) {
            ret->separate = text[len] == ' ';
            ret->value = copy(text + len + 1, value);
            len += 1 + value;
        }
    }
    return len;
}

static bool is_choice(char c)
{
    return is_small(c) || c == '|';
}

/* The usage: options anywhere, and what else there may be. */
static void read_usage(struct word_list *list, const char *usage)
{
    struct word_option option;
    size_t choice = span(usage, is_choice);

    if (choice != 0 && memchr(usage, '|', choice) != NULL)
        list->words = copy(usage, choice);
    for (const char *at = usage; (at = strstr(at, "--")) != NULL;) {
        size_t len = read_option(at, &option);

        if (len != 0) {
            option.meaning = cli_strdup("");
            add(list, option);
        }
        at += len != 0 ? len : 2;
    }
    list->library = strstr(usage, "--KEY=VALUE") != NULL;
    list->record = strstr(usage, "RECORD") != NULL;
    list->pid = strstr(usage, "PID") != NULL;
    list->program = strstr(usage, "PROGRAM") != NULL;
    list->more = strstr(usage, "ARGUMENT") != NULL;
}

/* A line of the help that begins with an option, behind its short form if it has one. */
static void read_line(struct word_list *list, const char *line, size_t len)
{
    const char *end = line + len, *at = line + strspn(line, " ");
    struct word_option option;
    size_t taken;

    if (at == line || at >= end)
        return;
    if (at + 4 < end && at[0] == '-' && at[1] != '-' && at[2] == ',' && at[3] == ' ')
        at += 4;
    if (strncmp(at, "--", 2) != 0)
        return;
    taken = read_option(at, &option);
    if (taken == 0)
        return;
    at += taken;
    if (end - at >= 2 && at[0] == ' ' && at[1] == ' ') {
        at += strspn(at, " ");
        option.meaning = copy(at, at < end ? (size_t)(end - at) : 0);
    } else {
        option.meaning = cli_strdup("");
    }
    add(list, option);
}

void words_read(struct word_list *ret, const struct cli_command *command)
{
    *ret = (struct word_list){ 0 };
    read_usage(ret, command->arguments);
    for (const char *line = command->help; *line != '\0';) {
        size_t len = strcspn(line, "\n");

        read_line(ret, line, len);
        line += len + (line[len] == '\n');
    }
}

void words_free(struct word_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->options[i].name);
        free(list->options[i].value);
        free(list->options[i].meaning);
    }
    free(list->options);
    free(list->words);
}

const struct word_option *words_find(const struct word_list *list, const char *word)
{
    size_t len = strcspn(word, "=");

    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->options[i].name) == len && strncmp(list->options[i].name, word, len) == 0)
            return &list->options[i];
    return NULL;
}
