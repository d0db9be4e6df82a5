/* SPDX-License-Identifier: MIT */
/*
 * Passes follow each other until one changes nothing: an edge that is allowed now may have been the only reason why a leaf was one, and a
 * lock that got a name is judged by more lines than before. Lines are only added, but for leaves that runs have disproved and what
 * is pruned, so it ends.
 */

#include "contract/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"
#include "record/pool.h"

enum {
    COMPLAINTS = 16384
};

static const char template[] =
    "lockval-order 1\n"
    "# The order of locks, as runs showed it: lockval order keeps what is written here, and adds to it.\n"
    "rule edges\n"
    "others allowed\n";

/* ---- changes ---- */

void contract_changes_add(struct contract_changes *changes, char mark, const struct contract_step *step, char *text)
{
    changes->list = cli_realloc(changes->list, changes->count + 1, sizeof(*changes->list));
    changes->list[changes->count++] = (struct contract_change){ mark, text, step };
    changes->against += mark == '!';
}

void contract_changes_forget_names(struct contract_changes *changes)
{
    for (size_t i = 0; i < changes->names; i++)
        free(changes->name[i]);
    free(changes->name);
    changes->name = NULL;
    changes->names = 0;
}

void contract_changes_free(struct contract_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        free(changes->list[i].text);
    free(changes->list);
    contract_changes_forget_names(changes);
}

char *contract_word(const char *word)
{
    size_t size = 4 * strlen(word) + 3; /* each byte may become \xHH */
    char *buf = cli_alloc(size, 1);
    struct lv_text text;

    lv_text_init(&text, buf, size);
    lv_expect_put_word(&text, word);
    return buf;
}

/* ---- a draft ---- */

/* The programs of the runs by which the step is known. */
static bool is_made_by(const struct lv_expect *expect, const struct rec_process *process,
                       const struct contract_step *step)
{
    bool any = false;

    if (!process->merged)
        return lv_expect_is_for(expect, process->program);
    for (size_t i = 0; step->edge != NULL && i < step->edge->evidence_count; i++) {
        const struct rec_run *run = step->edge->evidence[i].witness->run;

        if (run == NULL || !run->known)
            continue;
        any = true;
        if (lv_expect_is_for(expect, run->program))
            return true;
    }
    return !any;
}

static void count(struct contract_draft *draft)
{
    const struct contract_steps *steps = draft->steps;
    bool all = draft->expect.programs.count == 0;

    for (size_t i = 0; i < steps->class_count; i++)
        draft->class_counts[i] = all;
    for (size_t i = 0; i < steps->step_count; i++) {
        const struct contract_step *step = &steps->steps[i];

        draft->step_counts[i] = all || is_made_by(&draft->expect, steps->process, step);
        draft->class_counts[step->from] |= draft->step_counts[i];
        draft->class_counts[step->to] |= draft->step_counts[i];
    }
}

struct contract_draft *contract_draft_open(const char *from, const char *text, size_t size,
                                           const struct contract_steps *steps, struct contract_changes *changes)
{
    struct contract_draft *draft = cli_alloc(1, sizeof(*draft));
    char *said = cli_alloc(COMPLAINTS, 1);
    struct lv_text complaints;
    int r;

    draft->from = from;
    draft->steps = steps;
    draft->changes = changes;
    draft->file = contract_file_of(text, size);
    draft->side = cli_alloc(steps->class_count + 1, sizeof(*draft->side));
    draft->class_counts = cli_alloc(steps->class_count + 1, sizeof(*draft->class_counts));
    draft->step_counts = cli_alloc(steps->step_count + 1, sizeof(*draft->step_counts));
    lv_text_init(&complaints, said, COMPLAINTS);
    r = lv_expect_parse(&draft->expect, from, text, size, &draft->arena, &complaints);
    (void)fputs(said, stderr);
    free(said);
    if (r != 0) {
        if (r < 0)
            cli_complain("no memory for %s", from);
        contract_draft_close(draft);
        return NULL;
    }
    count(draft);
    for (size_t i = 0; i < steps->class_count; i++)
        draft->side[i] = draft->class_counts[i] ? contract_side(&draft->expect, &steps->classes[i])
                                                : (struct lv_expect_side){ 0, false };
    return draft;
}

void contract_draft_close(struct contract_draft *draft)
{
    contract_file_free(draft->file);
    free(draft->side);
    free(draft->class_counts);
    free(draft->step_counts);
    free(draft);
}

bool contract_is_against(const struct contract_draft *draft, const struct lv_expect_answer *answer)
{
    switch (answer->why) {
    case LV_EXPECT_IS_LEAF:
        return strcmp(lv_expect_term(&draft->expect, answer->term)->comment, CONTRACT_SEEN) != 0;
    case LV_EXPECT_FORBIDDEN:
    case LV_EXPECT_MODE:
        return true;
    default:
        return false;
    }
}

bool contract_is_open(const struct contract_draft *draft, const struct lv_expect_side *side)
{
    const struct lv_expect_lock *lock = side->lock != 0 ? lv_expect_lock(&draft->expect, side->lock) : NULL;

    return lock != NULL && lock->twin != side->lock && (side->doubt || lock->vague);
}

bool contract_step_is_open(const struct contract_draft *draft, const struct contract_step *step)
{
    const struct lv_expect_side *from = &draft->side[step->from], *to = &draft->side[step->to];

    return from->lock != 0 && to->lock != 0 && (contract_is_open(draft, from) || contract_is_open(draft, to));
}

/* ---- all ---- */

static bool locks(struct contract_draft *draft, const struct contract_update *update)
{
    return contract_update_locks(draft, update->relevel);
}

static bool terms(struct contract_draft *draft, const struct contract_update *update)
{
    (void)update;
    return contract_update_terms(draft);
}

static bool prune(struct contract_draft *draft, const struct contract_update *update)
{
    return update->prune && contract_prune(draft);
}

static bool circles(struct contract_draft *draft, const struct contract_update *update)
{
    (void)update;
    return contract_update_circles(draft);
}

static const struct {
    bool (*run)(struct contract_draft *draft, const struct contract_update *update);
    bool again; /* until it changes nothing */
} passes[] = { { prune, false }, { locks, false }, { terms, true }, { circles, false } };

char *contract_updated(const struct contract_update *update, const char *from, const char *text, size_t size,
                       const struct contract_steps *steps, struct contract_changes *changes, size_t *ret_size)
{
    char *now = cli_alloc((text != NULL ? size : sizeof(template)) + 1, 1), *before;

    *ret_size = text != NULL ? size : sizeof(template) - 1;
    memcpy(now, text != NULL ? text : template, *ret_size);
    for (size_t i = 0; i < LV_ARRAY_SIZE(passes); i++) {
        bool changed = true;

        while (changed) {
            struct contract_draft *draft = contract_draft_open(from, now, *ret_size, steps, changes);

            if (draft == NULL) {
                free(now);
                return NULL;
            }
            changed = passes[i].run(draft, update);
            before = now;
            now = changed ? contract_file_text(draft->file, ret_size) : now;
            if (changed)
                free(before);
            contract_draft_close(draft);
            changed = changed && passes[i].again;
        }
    }
    return now;
}
