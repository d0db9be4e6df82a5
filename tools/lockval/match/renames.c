/* SPDX-License-Identifier: MIT */
/* What was renamed or moved, as the user says. Rules of one file are applied once each, in order, so a -> b and b -> c make a c. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"
#include "match/match.h"

struct rule {
    char *what, *from, *to;
};

struct mt_renames {
    size_t count;
    struct rule **rules;
};

static char *trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\r\n");
    len = strlen(text);
    while (len != 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        text[--len] = '\0';
    return text;
}

/* False: the line is no rule. */
static bool read_rule(struct mt_renames *renames, char *line)
{
    char *arrow = strstr(line, " -> "), *rest;
    struct rule *rule;

    if (arrow == NULL)
        return false;
    *arrow = '\0';
    rest = line + strcspn(line, " \t");
    if (*rest == '\0' || *trim(arrow + 4) == '\0' || *trim(rest) == '\0')
        return false;
    *rest++ = '\0';
    if (strcmp(line, "function") != 0 && strcmp(line, "file") != 0 && strcmp(line, "module") != 0 &&
        strcmp(line, "class") != 0)
        return false;
    rule = cli_alloc(1, sizeof(*rule));
    *rule = (struct rule){ cli_strdup(line), cli_strdup(trim(rest)), cli_strdup(trim(arrow + 4)) };
    rec_append(&renames->rules, &renames->count, rule);
    return true;
}

struct mt_renames *mt_renames_read(const char *path)
{
    struct mt_renames *renames = cli_alloc(1, sizeof(*renames));
    FILE *file = fopen(path, "re");
    char *line = NULL, *hash, *text;
    size_t size = 0;
    bool good = file != NULL;

    if (file == NULL)
        cli_complain("cannot read %s: %s", path, strerror(errno));
    for (unsigned number = 1; good && getline(&line, &size, file) > 0; number++) {
        hash = strchr(line, '#');
        if (hash != NULL && (hash == line || strchr(" \t", hash[-1]) != NULL))
            *hash = '\0';
        text = trim(line);
        if (*text != '\0' && !read_rule(renames, text)) {
            cli_complain("%s:%u: this is no rule; one is: function OLD -> NEW (or file, module, class)", path, number);
            good = false;
        }
    }
    free(line);
    if (file != NULL)
        (void)fclose(file);
    if (good)
        return renames;
    mt_renames_free(renames);
    return NULL;
}

void mt_renames_free(struct mt_renames *renames)
{
    if (renames == NULL)
        return;
    for (size_t i = 0; i < renames->count; i++) {
        free(renames->rules[i]->what);
        free(renames->rules[i]->from);
        free(renames->rules[i]->to);
        free(renames->rules[i]);
    }
    free(renames->rules);
    free(renames);
}

const char *mt_renamed(const struct mt_renames *renames, const char *what, const char *text)
{
    for (size_t i = 0; renames != NULL && i < renames->count; i++)
        if (strcmp(renames->rules[i]->what, what) == 0 && strcmp(renames->rules[i]->from, text) == 0)
            text = renames->rules[i]->to;
    return text;
}
