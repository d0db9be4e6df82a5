/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONTRACT_SECTIONS_H
#define CLI_CONTRACT_SECTIONS_H

/*
 * The part of a file that names locks: a section for each level, and locks before the first heading, which have none.
 */

#include "contract/draft.h"

struct contract_section {
    int level;
    struct contract_line *heading, *before; /* its line, and the one before it in the file as it was read */
    struct contract_line *last;             /* the heading, or the last lock, or what was added */
    size_t locks;
    bool emptied; /* a lock left it */
};

struct contract_sections {
    struct contract_file *file;
    size_t count;
    struct contract_section *list;  /* by their levels */
    struct contract_line *head_end; /* the last line of settings, and of locks without a level, */
    struct contract_line *head_gap; /* and the last of those that follow it without an empty one between */
};

struct contract_sections *contract_sections_of(struct contract_draft *draft);
void contract_sections_free(struct contract_sections *sections);

/* Add a line for a lock on @level, LV_EXPECT_NO_LEVEL: without one. @text is taken. */
void contract_sections_add(struct contract_sections *sections, int level, char *text);

/* The lock in the line @line leaves @level. */
void contract_sections_take(struct contract_sections *sections, int level, struct contract_line *line);

/* Headings that stand over nothing any more go, but for those with a comment. */
void contract_sections_tidy(struct contract_sections *sections);

#endif
