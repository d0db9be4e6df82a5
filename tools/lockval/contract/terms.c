/* SPDX-License-Identifier: MIT */
/*
 * What runs did and the file does not allow gets a line, next to what else is said of the lock that was held. What a person wrote
 * against it stays: then there is no line, and it is said.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "contract/draft.h"

/* A line to write. */
struct wanted {
    uint32_t from, to;
    const struct contract_step *step;
};

/* The last of the lines that allow something while .from is held. */
struct group {
    uint32_t from;
    struct contract_line *last;
};

struct work {
    struct contract_draft *draft;
    size_t count, room;
    struct wanted *wanted;
    size_t group_count;
    struct group *groups;              /* in the order of the file */
    struct contract_line *before;      /* the line before the first of them; null: there is none */
    struct contract_line *leaf, *nest; /* the last lines of these; null: there are none */
    size_t against_count;
    struct contract_change *against;
    bool *takes; /* of each lock: something was taken while it was held, or may have been */
    bool *nests; /* the same: two of it were held at once */
    bool changed;
};

static const struct lv_expect_lock *lock_of(const struct work *w, uint32_t number)
{
    return lv_expect_lock(&w->draft->expect, number);
}

/* ---- where lines go ---- */

static void note_line(struct work *w, const struct lv_expect_term *term)
{
    struct contract_line *line = w->draft->file->at[term->line];
    size_t i = 0;

    if (term->what == LV_EXPECT_LEAF)
        w->leaf = line;
    else if (term->what == LV_EXPECT_NEST)
        w->nest = line;
    if (term->what != LV_EXPECT_ALLOW || term->from == LV_EXPECT_ANY) /* what any lock may, somebody put somewhere */
        return;
    while (i < w->group_count && w->groups[i].from != term->from)
        i++;
    if (i == w->group_count)
        w->groups[w->group_count++].from = term->from;
    w->groups[i].last = line;
    if (w->before == NULL)
        w->before = w->draft->file->at[term->line - 1];
}

/* Terms are numbered as they stand in the file. */
static void note_lines(struct work *w)
{
    const struct lv_expect *expect = &w->draft->expect;

    w->groups = cli_alloc(expect->locks.count + expect->terms.count + 1, sizeof(*w->groups));
    for (uint32_t i = 1; i < expect->terms.count; i++)
        note_line(w, lv_expect_term(expect, i));
}

static int compare_locks(const struct work *w, uint32_t a, uint32_t b)
{
    const struct lv_expect_lock *left = lock_of(w, a), *right = lock_of(w, b);

    if (left->level != right->level)
        return left->level < right->level ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* A first line of its sort: under its heading, which may have been there before, or at the end of the file. */
static struct contract_line *begin_list(struct work *w, const char *heading)
{
    struct contract_line *line;

    for (line = w->draft->file->first; line != NULL; line = line->next)
        if (!line->gone && strcmp(line->text, heading) == 0)
            return line;
    line = contract_file_last(w->draft->file);
    line = contract_file_add(w->draft->file, line, cli_strdup(""));
    return contract_file_add(w->draft->file, line, cli_strdup(heading));
}

/* Behind the last line of @from; if it has none, behind the last lock that comes before it in the order. */
static void add_allow(struct work *w, uint32_t from, char *text)
{
    struct contract_line *after = w->before;
    size_t at = 0;

    for (size_t i = 0; i < w->group_count; i++) {
        if (w->groups[i].from == from) {
            w->groups[i].last = contract_file_add(w->draft->file, w->groups[i].last, text);
            return;
        }
        if (compare_locks(w, w->groups[i].from, from) < 0) {
            after = w->groups[i].last;
            at = i + 1;
        }
    }
    if (w->group_count == 0)
        after = w->before = begin_list(w, "# What may be taken while what is held.");
    for (size_t i = w->group_count++; i > at; i--)
        w->groups[i] = w->groups[i - 1];
    w->groups[at] = (struct group){ from, contract_file_add(w->draft->file, after, text) };
}

/* A line "leaf A" or "nest A". */
static void add_one(struct work *w, struct contract_line **last, const char *heading, const struct contract_step *step,
                    char *text)
{
    if (*last == NULL)
        *last = begin_list(w, heading);
    *last = contract_file_add(w->draft->file, *last, cli_strdup(text));
    contract_changes_add(w->draft->changes, '+', step, text);
    w->changed = true;
}

/* ---- what is not allowed yet ---- */

static void want(struct work *w, uint32_t from, uint32_t to, const struct contract_step *step)
{
    if (w->count == w->room) {
        w->room = w->room != 0 ? 2 * w->room : 64;
        w->wanted = cli_realloc(w->wanted, w->room, sizeof(*w->wanted));
    }
    w->wanted[w->count++] = (struct wanted){ from, to, step };
}

/* Which line it is, the text says: its number may be another one by now. */
static void note_against(struct work *w, const struct lv_expect_answer *answer, const struct contract_step *step)
{
    const struct contract_class *classes = w->draft->steps->classes;
    const char *said;
    char buf[4096];
    struct lv_text text;

    lv_text_init(&text, buf, sizeof(buf));
    lv_expect_put_answer(&w->draft->expect, answer, &text);
    said = strchr(buf + strlen(w->draft->from) + 1, ' ');
    w->against = cli_realloc(w->against, w->against_count + 1, sizeof(*w->against));
    w->against[w->against_count++] =
        (struct contract_change){ '!',
                                  cli_printf("%s -> %s:%s", classes[step->from].class->name,
                                             classes[step->to].class->name, said != NULL ? said : ""),
                                  step };
}

static void drop_leaf(struct work *w, uint32_t number, const struct contract_step *step)
{
    const struct lv_expect_term *term = lv_expect_term(&w->draft->expect, number);
    struct contract_line *line = w->draft->file->at[term->line];
    char *name;

    if (line->gone)
        return;
    name = contract_word(lock_of(w, term->from)->name);
    contract_changes_add(w->draft->changes, '-', step, cli_printf("leaf %s", name));
    free(name);
    line->gone = true;
    w->changed = true;
}

/* Where it is not known which of its twins a lock is, it may be any. */
static void note_taking(struct work *w, const struct lv_expect_side *side)
{
    uint32_t lock = side->lock;

    do {
        w->takes[lock] = true;
        lock = contract_is_open(w->draft, side) ? lock_of(w, lock)->twin : side->lock;
    } while (lock != side->lock);
}

static void look_at(struct work *w, const struct contract_step *step)
{
    const struct contract_draft *draft = w->draft;
    struct lv_expect_side from = draft->side[step->from], to = draft->side[step->to];
    struct lv_expect_answer answer;

    if (step->from == step->to)
        w->nests[from.lock] = true;
    else
        note_taking(w, &from);
    if (contract_step_fits(&draft->expect, step, from, to, &answer))
        return;
    if (contract_is_against(draft, &answer) || from.lock == 0 || to.lock == 0)
        note_against(w, &answer, step);
    else if (answer.why == LV_EXPECT_IS_LEAF)
        drop_leaf(w, answer.term, step);
    else if (answer.from != answer.to) /* of twins, the pair that was tried first */
        want(w, answer.from, answer.to, step);
    else
        w->nests[answer.from] = true;
}

static int compare_wanted(const void *a, const void *b, void *arg)
{
    const struct wanted *left = a, *right = b;
    int by_from = compare_locks(arg, left->from, right->from);

    return by_from != 0 ? by_from : compare_locks(arg, left->to, right->to);
}

static void allow_all(struct work *w)
{
    if (w->count != 0)
        qsort_r(w->wanted, w->count, sizeof(*w->wanted), compare_wanted, w);
    for (size_t i = 0; i < w->count; i++) {
        char *from, *to, *text;

        if (i != 0 && w->wanted[i].from == w->wanted[i - 1].from && w->wanted[i].to == w->wanted[i - 1].to)
            continue;
        from = contract_word(lock_of(w, w->wanted[i].from)->name);
        to = contract_word(lock_of(w, w->wanted[i].to)->name);
        text = cli_printf("allow %s -> %s", from, to);
        add_allow(w, w->wanted[i].from, cli_strdup(text));
        contract_changes_add(w->draft->changes, '+', w->wanted[i].step, text);
        w->changed = true;
        free(from);
        free(to);
    }
}

/* ---- single locks ---- */

static bool is_forbidden(const struct work *w, uint32_t from, uint32_t to)
{
    const struct lv_expect *expect = &w->draft->expect;

    for (uint32_t i = 1; i < expect->terms.count; i++) {
        const struct lv_expect_term *term = lv_expect_term(expect, i);

        if (term->what == LV_EXPECT_FORBID && term->from == from && term->to == to)
            return true;
    }
    return false;
}

static void add_nests(struct work *w)
{
    const struct contract_draft *draft = w->draft;

    for (size_t i = 0; i < draft->steps->class_count; i++)
        w->nests[draft->side[i].lock] |= draft->steps->classes[i].nested;
    for (uint32_t i = 1; i < draft->expect.locks.count; i++) {
        char *name;

        if (!w->nests[i] || lock_of(w, i)->nest != 0 || is_forbidden(w, i, i))
            continue;
        name = contract_word(lock_of(w, i)->name);
        add_one(w, &w->nest, "# Two of one of these may be held at once.", NULL, cli_printf("nest %s", name));
        free(name);
    }
}

/* May anything be taken while the lock is held, by a line? */
static bool may_take(const struct work *w, uint32_t lock)
{
    const struct lv_expect *expect = &w->draft->expect;

    for (uint32_t i = 1; i < expect->terms.count; i++) {
        const struct lv_expect_term *term = lv_expect_term(expect, i);

        if (term->what == LV_EXPECT_ALLOW && (term->from == lock || term->from == LV_EXPECT_ANY))
            return true;
    }
    return false;
}

/* Locks that came, and under which nothing was taken. Nobody holds an event. */
static void add_leaves(struct work *w)
{
    struct contract_changes *changes = w->draft->changes;
    const struct contract_draft *draft = w->draft;
    bool *event = cli_alloc(draft->expect.locks.count + 1, sizeof(*event));

    for (size_t i = 0; i < draft->steps->class_count; i++)
        event[draft->side[i].lock] |= strcmp(draft->steps->classes[i].class->kind, "event") == 0;
    for (size_t i = 0; i < changes->names; i++) {
        uint32_t lock = lv_expect_named(&draft->expect, changes->name[i]);
        char *name, *text;

        if (lock == 0 || event[lock] || w->takes[lock] || lock_of(w, lock)->leaf != 0 || may_take(w, lock))
            continue;
        name = contract_word(changes->name[i]);
        text = cli_printf("leaf %s  # " CONTRACT_SEEN, name);
        add_one(w, &w->leaf, "# Nothing was taken while these were held.", NULL, text);
        free(name);
    }
    contract_changes_forget_names(changes); /* what comes to light now is no reason to take it back and forth */
    free(event);
}

bool contract_update_terms(struct contract_draft *draft)
{
    struct work w = { .draft = draft };

    w.takes = cli_alloc(draft->expect.locks.count + 1, sizeof(*w.takes));
    w.nests = cli_alloc(draft->expect.locks.count + 1, sizeof(*w.nests));
    note_lines(&w);
    for (size_t i = 0; i < draft->steps->step_count; i++)
        if (draft->step_counts[i])
            look_at(&w, &draft->steps->steps[i]);
    allow_all(&w);
    add_nests(&w);
    add_leaves(&w);
    for (size_t i = 0; i < w.against_count;
         i++) { /* said when nothing changes any more: the last look is the whole truth */
        if (!w.changed)
            contract_changes_add(draft->changes, '!', w.against[i].step, w.against[i].text);
        else
            free(w.against[i].text);
    }
    free(w.takes);
    free(w.nests);
    free(w.wanted);
    free(w.groups);
    free(w.against);
    return w.changed;
}
