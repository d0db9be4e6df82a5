/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONTRACT_DRAFT_H
#define CLI_CONTRACT_DRAFT_H

/*
 * A file of the lock order that is brought up to date: what it says, its lines, and what the runs say. Each pass changes lines; then
 * the text is read anew, by the parser that the library has, and the next pass sees what the last one made of it.
 */

#include "contract/file.h"
#include "contract/levels.h"
#include "contract/steps.h"
#include "sys/arena.h"

/* The comment of a leaf that no person wrote: an update takes it away when something is taken under it. */
#define CONTRACT_SEEN "seen"

/* The beginning of the comments that name circles. */
#define CONTRACT_CIRCLE "# circle: "

/* Something that was changed, or cannot be. */
struct contract_change {
    char mark;                        /* + line that comes, - line that goes, ~ line that moves or grows, ! not done */
    char *text;                       /* one line */
    const struct contract_step *step; /* because of this; null: nothing in particular */
};

struct contract_changes {
    size_t count;
    struct contract_change *list;
    size_t against; /* of these with a ! */
    size_t names;   /* of locks that came, until it is known which of them are leaves */
    char **name;
};

struct contract_draft {
    const char *from;
    const struct contract_steps *steps;
    struct contract_changes *changes;
    struct lv_expect expect;
    struct lv_arena arena;
    struct contract_file *file;
    struct lv_expect_side *side; /* of each class */
    bool *step_counts;           /* of each step: a program made it that the file is for */
    bool *class_counts;          /* the same of each class */
};

/* What @text says. Null after its complaints on stderr. */
struct contract_draft *contract_draft_open(const char *from, const char *text, size_t size,
                                           const struct contract_steps *steps, struct contract_changes *changes);
void contract_draft_close(struct contract_draft *draft);

/* Note a change; @text is taken. */
void contract_changes_add(struct contract_changes *changes, char mark, const struct contract_step *step, char *text);
void contract_changes_forget_names(struct contract_changes *changes);
void contract_changes_free(struct contract_changes *changes);

/* @word as the file has it; memory to free. */
char *contract_word(const char *word);

/* Is @step, which does not fit, against a line that somebody wrote, so that no update may allow it? */
bool contract_is_against(const struct contract_draft *draft, const struct lv_expect_answer *answer);

/* Is it open which of its twins the lock is? */
bool contract_is_open(const struct contract_draft *draft, const struct lv_expect_side *side);

/* Does the file name both locks of @step, and of one it is open? Then it says nothing of levels. */
bool contract_step_is_open(const struct contract_draft *draft, const struct contract_step *step);

/* ---- the passes: each returns whether it changed a line ---- */

/* Locks that are new get a line, on their level; others get the keys that they have now, and move to a lower level where the order asks for it.
 * @relevel: all are put where they belong, as in a new file. */
bool contract_update_locks(struct contract_draft *draft, bool relevel);

/* What runs did gets a line that allows it. */
bool contract_update_terms(struct contract_draft *draft);

/* What no run did goes, but for lines with a comment. */
bool contract_prune(struct contract_draft *draft);

/* Circles are named above the first of their locks. */
bool contract_update_circles(struct contract_draft *draft);

/* ---- all ---- */

struct contract_update {
    bool prune, relevel;
};

/*
 * The file @from with the text @text (null: there is none yet) as it should be after the runs of @steps. Memory to free; null after
 * complaints: the text is not understood.
 */
char *contract_updated(const struct contract_update *update, const char *from, const char *text, size_t size,
                       const struct contract_steps *steps, struct contract_changes *changes, size_t *ret_size);

#endif
