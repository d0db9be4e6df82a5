/* SPDX-License-Identifier: MIT */
/*
 * The end of an update: what no run shows any more, and the comments that name circles. A line with a comment is one that somebody
 * wrote or looked at, and it stays; so does what a line names that stays.
 */

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "contract/draft.h"
#include "contract/sections.h"

/* ---- pruning ---- */

/* Ask of each step, so that lines know whether they were met. */
static void ask_all(const struct contract_draft *draft)
{
    const struct contract_steps *steps = draft->steps;
    struct lv_expect_answer answer;

    for (size_t i = 0; i < steps->step_count; i++)
        if (draft->step_counts[i])
            (void)contract_step_fits(&draft->expect, &steps->steps[i], draft->side[steps->steps[i].from],
                                     draft->side[steps->steps[i].to], &answer);
    for (size_t i = 0; i < steps->class_count; i++) {
        uint32_t nest = draft->side[i].lock != 0 ? lv_expect_lock(&draft->expect, draft->side[i].lock)->nest : 0;

        if (nest != 0 && steps->classes[i].nested)
            lv_expect_term(&draft->expect, nest)->met = true;
    }
}

static bool is_stale(const struct contract_draft *draft, const struct lv_expect_term *term)
{
    if (term->met || (*term->comment != '\0' && strcmp(term->comment, CONTRACT_SEEN) != 0))
        return false;
    switch (term->what) {
    case LV_EXPECT_ALLOW:
        return term->from != LV_EXPECT_ANY && term->to != LV_EXPECT_ANY;
    case LV_EXPECT_NEST:
        return true;
    case LV_EXPECT_LEAF: /* goes with its lock */
        return strcmp(term->comment, CONTRACT_SEEN) == 0 && !lv_expect_lock(&draft->expect, term->from)->met;
    default:
        return false;
    }
}

static void drop(struct contract_draft *draft, uint32_t number, char *text)
{
    struct contract_line *line = draft->file->at[number];

    line->gone = true;
    contract_changes_add(draft->changes, '-', NULL, text);
}

static void drop_term(struct contract_draft *draft, const struct lv_expect_term *term)
{
    const char *line = draft->file->at[term->line]->text;

    line += strspn(line, " \t");
    drop(draft, term->line, cli_printf("%.*s", (int)contract_line_words(line), line));
}

bool contract_prune(struct contract_draft *draft)
{
    const struct lv_expect *expect = &draft->expect;
    bool *named = cli_alloc(expect->locks.count + 1, sizeof(*named)), changed = false;
    struct contract_sections *sections = contract_sections_of(draft);

    ask_all(draft);
    for (uint32_t i = 1; i < expect->terms.count; i++) {
        const struct lv_expect_term *term = lv_expect_term(expect, i);

        if (is_stale(draft, term)) {
            drop_term(draft, term);
            changed = true;
            continue;
        }
        if (term->from != LV_EXPECT_ANY)
            named[term->from] = true;
        if (term->to != LV_EXPECT_ANY)
            named[term->to] = true;
    }
    for (uint32_t i = 1; i < expect->locks.count; i++) {
        const struct lv_expect_lock *lock = lv_expect_lock(expect, i);
        char *name;

        if (lock->met || named[i] || *lock->comment != '\0')
            continue;
        name = contract_word(lock->name);
        contract_sections_take(sections, lock->level, draft->file->at[lock->line]);
        drop(draft, lock->line, cli_printf("lock %s", name));
        free(name);
        changed = true;
    }
    contract_sections_tidy(sections);
    contract_sections_free(sections);
    free(named);
    return changed;
}

/* ---- circles ---- */

struct order {
    size_t count;
    struct contract_arc *arcs;
};

static void add_arc(struct order *order, uint32_t from, uint32_t to)
{
    if (from != 0 && to != 0 && from != to)
        order->arcs[order->count++] = (struct contract_arc){ from - 1, to - 1 };
}

/* All that is allowed by a line, or was done. */
static struct order order_of(const struct contract_draft *draft)
{
    const struct contract_steps *steps = draft->steps;
    const struct lv_expect *expect = &draft->expect;
    struct order order = { 0 };

    order.arcs = cli_alloc(steps->step_count + expect->terms.count + 1, sizeof(*order.arcs));
    for (uint32_t i = 1; i < expect->terms.count; i++) {
        const struct lv_expect_term *term = lv_expect_term(expect, i);

        if (term->what == LV_EXPECT_ALLOW && term->from != LV_EXPECT_ANY && term->to != LV_EXPECT_ANY)
            add_arc(&order, term->from, term->to);
    }
    for (size_t i = 0; i < steps->step_count; i++) {
        const struct contract_step *step = &steps->steps[i];
        struct lv_expect_answer answer;

        if (draft->step_counts[i] && !step->indirect && !contract_step_is_open(draft, step) &&
            contract_step_fits(expect, step, draft->side[step->from], draft->side[step->to], &answer))
            add_arc(&order, draft->side[step->from].lock, draft->side[step->to].lock);
    }
    return order;
}

static void append(char **text, const char *more)
{
    char *longer = cli_printf("%s%s", *text, more);

    free(*text);
    *text = longer;
}

/* "  # circle: a -> b -> a" */
static char *comment_of(const struct contract_draft *draft, const size_t *round, size_t count)
{
    char *text = cli_strdup(CONTRACT_CIRCLE);

    for (size_t i = 0; i <= count; i++) {
        char *name = contract_word(lv_expect_lock(&draft->expect, (uint32_t)round[i % count] + 1)->name);

        append(&text, i != 0 ? " -> " : "");
        append(&text, name);
        free(name);
    }
    return text;
}

static const char *unindented(const char *text)
{
    return text + strspn(text, " \t");
}

/* The line of @comment, if the file has it already. */
static struct contract_line *find_comment(const struct contract_draft *draft, const char *comment)
{
    for (struct contract_line *line = draft->file->first; line != NULL; line = line->next)
        if (!line->gone && strcmp(unindented(line->text), comment) == 0)
            return line;
    return NULL;
}

/* Above the line of the lock @lock, indented like that. */
static void add_comment(struct contract_draft *draft, size_t lock, const char *comment)
{
    uint32_t number = lv_expect_lock(&draft->expect, (uint32_t)lock + 1)->line;
    const char *below = draft->file->at[number]->text;

    (void)contract_file_add(draft->file, draft->file->at[number - 1],
                            cli_printf("%.*s%s", (int)(unindented(below) - below), below, comment));
    contract_changes_add(draft->changes, '+', NULL, cli_strdup(comment));
}

/* Comments of circles that are none any more go. */
static bool drop_others(struct contract_draft *draft, char *const *comments, size_t count)
{
    bool changed = false;

    for (struct contract_line *line = draft->file->first; line != NULL; line = line->next) {
        const char *text = unindented(line->text);
        bool known = false;

        if (strncmp(text, CONTRACT_CIRCLE, strlen(CONTRACT_CIRCLE)) != 0)
            continue;
        for (size_t i = 0; i < count; i++)
            known |= strcmp(text, comments[i]) == 0;
        if (known)
            continue;
        line->gone = changed = true;
        contract_changes_add(draft->changes, '-', NULL, cli_strdup(text));
    }
    return changed;
}

bool contract_update_circles(struct contract_draft *draft)
{
    struct order order = order_of(draft);
    size_t lock_count = draft->expect.locks.count - 1, count = 0, length;
    struct contract_levels *levels = contract_levels_of(lock_count, order.arcs, order.count, NULL);
    char **comments = cli_alloc(levels->circle_count + 1, sizeof(*comments));
    size_t *first = cli_alloc(levels->circle_count + 1, sizeof(*first));
    bool changed;

    for (size_t i = 0; i < levels->circle_count; i++) {
        size_t *round = contract_levels_round(levels, i, order.arcs, order.count, &length);

        if (round == NULL)
            continue;
        first[count] = round[0];
        comments[count++] = comment_of(draft, round, length);
        free(round);
    }
    changed = drop_others(draft, comments, count);
    for (size_t i = 0; i < count; i++) {
        if (find_comment(draft, comments[i]) == NULL) {
            add_comment(draft, first[i], comments[i]);
            changed = true;
        }
        free(comments[i]);
    }
    free(comments);
    free(first);
    free(order.arcs);
    contract_levels_free(levels);
    return changed;
}
