/* SPDX-License-Identifier: MIT */
/*
 * Edges are direct: of a thread that holds a, then b, and takes c, the record has a -> b and b -> c, and that a was held, too, stands in the
 * witness only. Where there are contexts, a witness also has what an interrupted one held, which is no order: the locks from the edge's
 * own on are those of one context.
 */

#include "contract/steps.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/sort.h"
#include "graph/digraph.h"
#include "record/pool.h"
#include "report/report.h"

struct work {
    struct contract_steps *steps;
    size_t room;
    struct rec_index by_class; /* the pointer of a class -> its number, from 1 on */
    struct rec_index by_ends;  /* of two classes -> number of a step, from 1 on */
};

static void *number(size_t i)
{
    return (void *)(uintptr_t)(i + 1);
}

static size_t number_of(const void *pointer)
{
    return (size_t)(uintptr_t)pointer - 1;
}

/* ---- classes ---- */

static void add_key(struct contract_class *class, const char *key)
{
    if (*key != '\0')
        rec_append(&class->keys, &class->key_count, (void *)(uintptr_t)key);
}

static void add_keys(struct contract_class *class)
{
    const struct rec_class *from = class->class;

    for (size_t i = 0; i < from->key_count; i++)
        add_key(class, from->keys[i]);
    if (from->key_count == 0)
        add_key(class, from->key);
    class->first_stable = class->key_count;
    for (size_t i = 0; i < from->stable_count; i++)
        add_key(class, from->stables[i]);
    if (from->stable_count == 0)
        add_key(class, from->stable);
}

static int compare_classes(const void *a, const void *b)
{
    const struct contract_class *left = a, *right = b;
    int by_stable = strcmp(left->keys[left->first_stable], right->keys[right->first_stable]);

    return by_stable != 0 ? by_stable : strcmp(left->keys[0], right->keys[0]);
}

/* A class that is only referred to has no key, and one that is no lock has no order. */
static void add_classes(struct work *w, const struct rec_process *process)
{
    struct contract_steps *steps = w->steps;

    steps->classes = cli_alloc(process->class_count + 1, sizeof(*steps->classes));
    for (size_t i = 0; i < process->class_count; i++) {
        struct rec_class *class = process->classes[i];

        if (!class->known || *class->stable == '\0' || class->standing != REC_IS_LOCK)
            continue;
        steps->classes[steps->class_count].class = class;
        add_keys(&steps->classes[steps->class_count++]);
    }
    cli_sort(steps->classes, steps->class_count, sizeof(*steps->classes), compare_classes);
    for (size_t i = 0; i < steps->class_count; i++)
        *rec_index_at(&w->by_class, (uint64_t)(uintptr_t)steps->classes[i].class) = number(i);
}

/* The number of @class in *ret, false if it has none. */
static bool find_class(const struct work *w, const struct rec_class *class, size_t *ret)
{
    void *found = class != NULL ? rec_index_find(&w->by_class, (uint64_t)(uintptr_t) class) : NULL;

    *ret = found != NULL ? number_of(found) : 0;
    return found != NULL;
}

/* ---- steps ---- */

/* How @taken was taken while @held was held: a bit as in edges. */
static unsigned bit_of(enum rec_mode held, enum rec_mode taken, unsigned flags)
{
    static const enum lv_mode modes[] = { LV_WRITE, LV_READ, LV_READ_RECURSIVE };

    return lv_dep_bit(modes[held], modes[taken], (flags & REC_TIMED) != 0);
}

/* Null: it is there already. */
static struct contract_step *add_step(struct work *w, size_t from, size_t to)
{
    struct contract_steps *steps = w->steps;
    void **place = rec_index_at(&w->by_ends, (uint64_t)from << 32 | to);

    if (*place != NULL)
        return NULL;
    *place = number(steps->step_count);
    if (steps->step_count == w->room) {
        w->room = w->room != 0 ? 2 * w->room : 64;
        steps->steps = cli_realloc(steps->steps, w->room, sizeof(*steps->steps));
    }
    steps->steps[steps->step_count] = (struct contract_step){ .from = from, .to = to };
    return &steps->steps[steps->step_count++];
}

static void add_edges(struct work *w, const struct rec_process *process)
{
    for (size_t i = 0; i < process->edge_count; i++) {
        const struct rec_edge *edge = process->edges[i];
        struct contract_step *step;
        size_t from, to;

        if (!find_class(w, edge->from, &from) || !find_class(w, edge->to, &to))
            continue;
        step = add_step(w, from, to);
        if (step == NULL)
            continue;
        step->bits = edge->modes;
        step->edge = edge;
        step->witness = edge->evidence_count != 0 ? edge->evidence[0].witness : NULL;
        w->steps->classes[from].nested |= from == to;
    }
}

static bool waits(unsigned flags)
{
    return (flags & (REC_TRY | REC_UNCHECKED)) == 0;
}

/* @held was held when @taken was. A recursive mutex that is taken again is no step. */
static void add_shown(struct work *w, const struct rec_edge *edge, const struct rec_witness *witness,
                      const struct rec_lock *held, const struct rec_lock *taken)
{
    struct contract_step *step;
    size_t from, to;

    if (held->instance == taken->instance || (held->flags & REC_UNCHECKED) != 0 || !waits(taken->flags) ||
        !find_class(w, held->class, &from) || !find_class(w, taken->class, &to))
        return;
    step = add_step(w, from, to);
    if (step == NULL)
        return;
    step->bits = bit_of(held->mode, taken->mode, taken->flags);
    step->indirect = from != to;
    step->edge = edge;
    step->witness = witness;
    w->steps->classes[from].nested |= from == to;
}

static void add_witness(struct work *w, const struct rec_edge *edge, const struct rec_evidence *evidence)
{
    const struct rec_witness *witness = evidence->witness;

    if (strcmp(edge->from->kind, "event") == 0) /* nobody held it: it was waited for */
        return;
    for (size_t i = w->steps->process->use_count != 0 ? evidence->held : 0; i < witness->held_count; i++) {
        for (size_t j = i + 1; j < witness->held_count; j++)
            add_shown(w, edge, witness, &witness->held[i], &witness->held[j]);
        add_shown(w, edge, witness, &witness->held[i], &witness->wanted);
    }
}

static void add_witnesses(struct work *w, const struct rec_process *process)
{
    for (size_t i = 0; i < process->edge_count; i++)
        for (size_t j = 0; j < process->edges[i]->evidence_count; j++)
            add_witness(w, process->edges[i], &process->edges[i]->evidence[j]);
}

/* A merged record has no chains, but what they said of each class. In which modes that was is not known. */
static void add_nesting(struct work *w)
{
    for (size_t i = 0; i < w->steps->class_count; i++) {
        struct contract_step *step = w->steps->classes[i].class->nests ? add_step(w, i, i) : NULL;

        if (step != NULL)
            step->bits = REC_EN;
        w->steps->classes[i].nested |= w->steps->classes[i].class->nests;
    }
}

/* The last lock of a chain was taken while the others were held. Only the record of one run has chains; the instances are not in it. */
static void add_chain(struct work *w, const struct rec_chain *chain)
{
    const struct rec_link *last = &chain->links[chain->count - 1];
    struct contract_step *step;
    size_t from, to;

    if (!waits(last->flags) || !find_class(w, last->class, &to))
        return;
    for (size_t i = 0; i + 1 < chain->count; i++) {
        if ((chain->links[i].flags & REC_UNCHECKED) != 0 || !find_class(w, chain->links[i].class, &from))
            continue;
        step = add_step(w, from, to);
        if (step != NULL) {
            step->bits = bit_of(chain->links[i].mode, last->mode, last->flags);
            step->indirect = from != to;
        }
        w->steps->classes[from].nested |= from == to;
    }
}

static int compare_steps(const void *a, const void *b)
{
    const struct contract_step *left = a, *right = b;

    if (left->from != right->from)
        return left->from < right->from ? -1 : 1;
    return left->to < right->to ? -1 : left->to > right->to;
}

struct contract_steps *contract_steps_of(const struct rec_process *process)
{
    struct contract_steps *steps = cli_alloc(1, sizeof(*steps));
    struct work w = { .steps = steps };

    steps->process = process;
    add_classes(&w, process);
    contract_find_doubt(steps);
    add_edges(&w, process);
    add_witnesses(&w, process);
    for (size_t i = 0; i < process->chain_count; i++)
        add_chain(&w, process->chains[i]);
    add_nesting(&w);
    if (steps->step_count != 0)
        cli_sort(steps->steps, steps->step_count, sizeof(*steps->steps), compare_steps);
    rec_index_free(&w.by_class);
    rec_index_free(&w.by_ends);
    return steps;
}

void contract_steps_free(struct contract_steps *steps)
{
    for (size_t i = 0; i < steps->class_count; i++)
        free((void *)steps->classes[i].keys);
    free(steps->classes);
    free(steps->steps);
    free(steps);
}

/* ---- asking ---- */

static enum lv_kind kind_of(const char *word)
{
    for (int kind = 0; kind < LV_KIND__COUNT; kind++)
        if (strcmp(word, lv_kind_name((enum lv_kind)kind)) == 0)
            return (enum lv_kind)kind;
    return LV_KIND_MUTEX;
}

struct lv_expect_side contract_side(const struct lv_expect *expect, const struct contract_class *class)
{
    const struct lv_expect_class asked = { .kind = kind_of(class->class->kind),
                                           .subclass = class->class->subclass,
                                           .keys = class->keys,
                                           .key_count = (uint32_t) class->key_count };
    uint32_t key = 0, lock = lv_expect_find(expect, &asked, &key);

    return (struct lv_expect_side){ lock, class->doubt && lock != 0 && !lv_expect_key(expect, key)->pattern &&
                                              lv_expect_is_numbered(lv_expect_key(expect, key)->text) };
}

bool contract_step_fits(const struct lv_expect *expect, const struct contract_step *step, struct lv_expect_side from,
                        struct lv_expect_side to, struct lv_expect_answer *ret)
{
    const struct lv_expect_asked asked = { .from = from,
                                           .to = to,
                                           .bits = (uint8_t)step->bits,
                                           .same_class = step->from == step->to,
                                           .indirect = step->indirect };

    return lv_expect_judge(expect, &asked, ret);
}
