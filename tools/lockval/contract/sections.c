/* SPDX-License-Identifier: MIT */
/* Levels come in their order in the file, each once: its parser sees to that. */

#include "contract/sections.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static struct contract_section *add_section(struct contract_sections *sections, size_t at,
                                            struct contract_section section)
{
    sections->list = cli_realloc(sections->list, sections->count + 1, sizeof(*sections->list));
    for (size_t i = sections->count++; i > at; i--)
        sections->list[i] = sections->list[i - 1];
    sections->list[at] = section;
    return &sections->list[at];
}

static bool is_head(const char *text)
{
    static const char *const words[] = { "lockval-order", "rule", "others", "nesting", "program", "lock" };

    for (size_t i = 0; i < LV_ARRAY_SIZE(words); i++)
        if (contract_line_begins(text, words[i]))
            return true;
    return false;
}

/* The number in a line "level 3". */
static int level_in(const char *text)
{
    return (int)strtol(text + strcspn(text, "0123456789"), NULL, 10);
}

static void find_headings(struct contract_sections *sections)
{
    struct contract_file *file = sections->file;

    for (size_t i = 1; i <= file->count; i++) {
        struct contract_line *line = file->at[i];

        if (contract_line_begins(line->text, "level"))
            (void)add_section(
                sections, sections->count,
                (struct contract_section){
                    .level = level_in(line->text), .heading = line, .before = file->at[i - 1], .last = line });
        else if (sections->count == 0 && is_head(line->text))
            sections->head_end = line;
        if (sections->count == 0 && *line->text != '\0' &&
            (i == 1 || file->at[i - 1] == sections->head_gap || line == sections->head_end))
            sections->head_gap = line;
    }
}

/* The section of @level; null: there is none. */
static struct contract_section *find(const struct contract_sections *sections, int level)
{
    for (size_t i = 0; i < sections->count; i++)
        if (sections->list[i].level == level)
            return &sections->list[i];
    return NULL;
}

struct contract_sections *contract_sections_of(struct contract_draft *draft)
{
    struct contract_sections *sections = cli_alloc(1, sizeof(*sections));

    sections->file = draft->file;
    find_headings(sections);
    for (uint32_t i = 1; i < draft->expect.locks.count; i++) {
        const struct lv_expect_lock *lock = lv_expect_lock(&draft->expect, i);
        struct contract_section *section = find(sections, lock->level);

        if (section == NULL)
            continue;
        section->last = draft->file->at[lock->line];
        section->locks++;
    }
    return sections;
}

void contract_sections_free(struct contract_sections *sections)
{
    free(sections->list);
    free(sections);
}

static struct contract_section *make_section(struct contract_sections *sections, int level)
{
    struct contract_line *line = sections->head_gap;
    size_t at = 0;

    while (at < sections->count && sections->list[at].level < level)
        line = sections->list[at++].last;
    line = contract_file_add(sections->file, line, cli_strdup(""));
    line = contract_file_add(sections->file, line, cli_printf("level %d", level));
    return add_section(sections, at, (struct contract_section){ .level = level, .heading = line, .last = line });
}

void contract_sections_add(struct contract_sections *sections, int level, char *text)
{
    struct contract_section *section;

    if (level == LV_EXPECT_NO_LEVEL) {
        sections->head_end = contract_file_add(sections->file, sections->head_end, text);
        return;
    }
    section = find(sections, level);
    if (section == NULL)
        section = make_section(sections, level);
    section->last = contract_file_add(sections->file, section->last, text);
    section->locks++;
}

void contract_sections_take(struct contract_sections *sections, int level, struct contract_line *line)
{
    struct contract_section *section = find(sections, level);

    line->gone = true;
    if (section != NULL) {
        section->locks--;
        section->emptied = true;
    }
}

static bool has_comment(const char *text)
{
    return strchr(text + contract_line_words(text), '#') != NULL;
}

void contract_sections_tidy(struct contract_sections *sections)
{
    for (size_t i = 0; i < sections->count; i++) {
        struct contract_section *section = &sections->list[i];

        if (section->locks != 0 || !section->emptied || has_comment(section->heading->text))
            continue;
        section->heading->gone = true;
        if (section->before != NULL && contract_line_words(section->before->text) == 0 &&
            !has_comment(section->before->text))
            section->before->gone = true;
    }
}
