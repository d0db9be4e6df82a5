/* SPDX-License-Identifier: MIT */
/*
 * A new dependency is looked at in two steps, as it mostly connects nothing: first all states are gathered that safe
 * classes before it have, then those that unsafe classes behind it have. Only for a state that both have the nearest ends
 * are looked for. What is behind does not depend on what is before, since the dependency's own letters are the only ones
 * that both parts of the path touch.
 */

#include "check/usage.h"

#include <errno.h>

#include "base/hash.h"

/* What a search looks for, and what it found. */
struct ends {
    const struct lv_usage_check *check;
    uint32_t start;          /* where it began */
    unsigned state;          /* the state looked for, if one is; */
    struct lv_states states; /* all that were found, if not */
    lv_class_id class;       /* the end that was found */
    bool strong;             /* its use must be a strong one */
};

static const struct lv_class *class_at(const struct lv_usage_check *check, uint32_t node)
{
    return lv_classes_get(check->classes, (lv_class_id){ node });
}

/* The states in which @class contradicts itself. */
static struct lv_states contradictions(const struct lv_usage_check *check, const struct lv_class *class)
{
    const struct lv_uses *uses = check->uses;
    struct lv_states blocking =
        lv_states_and(lv_uses_of(uses, class, LV_INSIDE, true), lv_uses_of(uses, class, LV_OPEN, false));
    struct lv_states exclusive =
        lv_states_and(lv_uses_of(uses, class, LV_INSIDE, false), lv_uses_of(uses, class, LV_OPEN, true));

    return lv_states_or(blocking, exclusive);
}

/* The states for which the class at @node, met so, is safe. */
static struct lv_states safe_states(const struct lv_usage_check *check, uint32_t node, bool weak)
{
    const struct lv_class *class = class_at(check, node);

    return lv_states_minus(lv_uses_of(check->uses, class, LV_INSIDE, weak), contradictions(check, class));
}

static bool gather_safe(void *arg, uint32_t node, bool weak)
{
    struct ends *ends = arg;

    ends->states = lv_states_or(ends->states, safe_states(ends->check, node, weak));
    return false;
}

static bool gather_unsafe(void *arg, uint32_t node, bool weak)
{
    struct ends *ends = arg;

    ends->states =
        lv_states_or(ends->states, lv_uses_of(ends->check->uses, class_at(ends->check, node), LV_OPEN, weak));
    return false;
}

static bool end_at(struct ends *ends, uint32_t node, bool weak)
{
    ends->class.v = node;
    ends->strong = weak;
    return true;
}

static bool find_unsafe(void *arg, uint32_t node, bool weak)
{
    struct ends *ends = arg;
    struct lv_states open = lv_uses_of(ends->check->uses, class_at(ends->check, node), LV_OPEN, weak);

    return lv_states_have(open, ends->state) && end_at(ends, node, weak);
}

static bool find_safe(void *arg, uint32_t node, bool weak)
{
    struct ends *ends = arg;

    return lv_states_have(safe_states(ends->check, node, weak), ends->state) && end_at(ends, node, weak);
}

/* The same from a class that is new to being unsafe: if it is used in the context itself, that is the finding. */
static bool find_safe_or_self(void *arg, uint32_t node, bool weak)
{
    struct ends *ends = arg;
    struct lv_states inside;

    if (node != ends->start)
        return find_safe(arg, node, weak);
    inside = lv_uses_of(ends->check->uses, class_at(ends->check, node), LV_INSIDE, weak);
    return lv_states_have(inside, ends->state) && end_at(ends, node, weak);
}

/* ---- findings ---- */

static void fill_edge(const struct lv_usage_check *check, struct lv_edge_witness at, struct lv_finding_edge *ret)
{
    const struct lv_witness *witness = lv_witnesses_get(check->witnesses, at.id);

    ret->thread = witness->thread;
    ret->held = witness->held[at.held];
    ret->wanted = witness->wanted;
    ret->kind = ret->held.kind == LV_KIND_EVENT     ? LV_REPORT_EDGE_COMPLETE
                : ret->wanted.kind == LV_KIND_EVENT ? LV_REPORT_EDGE_WAIT
                                                    : LV_REPORT_EDGE_LOCK;
}

/* The steps of the last search, each by a witness that has one of the bits by which the path is strong there. */
static int fill_steps(const struct lv_usage_check *check, uint32_t length, struct lv_finding_edge *ret)
{
    for (uint32_t i = 0; i < length; i++) {
        const struct lv_step *step = &check->graph->path[i];
        const struct lv_edge *edge = lv_digraph_edge(check->graph, step->edge);
        uint32_t j = 0;

        while (j < edge->witness_count && (lv_edge_witness(edge, j)->bit & step->bits) == 0)
            j++;
        if (j == edge->witness_count)
            return -ENOMEM; /* it ran out between the edge and its witness */
        fill_edge(check, *lv_edge_witness(edge, j), &ret[i]);
    }
    return 0;
}

static struct lv_finding_edge *new_edges(const struct lv_usage_check *check, uint32_t count)
{
    return lv_arena_alloc(check->arena, count * sizeof(struct lv_finding_edge));
}

/* The classes that the cycle met in two locks. */
static uint32_t count_different(const struct lv_finding *finding)
{
    uint32_t different = 0;

    for (uint32_t i = 0; i < finding->edge_count; i++)
        different += finding->edges[i].wanted.uid != finding->edges[(i + 1) % finding->edge_count].held.uid;
    return different;
}

/* The evidence at both ends, the edge that the context makes of it, what is known of them, and what makes this finding
 * one. */
static void conclude(const struct lv_usage_check *check, const struct ends *safe, const struct ends *unsafe,
                     unsigned state, struct lv_finding *ret)
{
    const struct lv_class *first = class_at(check, safe->class.v), *last = class_at(check, unsafe->class.v);
    uint32_t different;

    ret->kind = LV_FINDING_SIGNAL;
    ret->verdict = LV_VERDICT_POTENTIAL;
    ret->state = (uint8_t)state;
    ret->inside = *lv_uses_find(check->uses, first, LV_INSIDE, state, safe->strong);
    ret->open = *lv_uses_find(check->uses, last, LV_OPEN, state, unsafe->strong);
    ret->edges[0] = (struct lv_finding_edge){ .kind = LV_REPORT_EDGE_INTERRUPT,
                                              .thread = ret->open.thread,
                                              .held = ret->open.record,
                                              .wanted = ret->inside.record };
    lv_finding_add_reason(ret, ret->inside.thread.v == ret->open.thread.v
                                   ? (struct lv_reason){ LV_REASON_IN_ONE_THREAD, 0, 0 }
                                   : (struct lv_reason){ LV_REASON_IN_TWO_THREADS, 0, 0 });
    different = count_different(ret);
    lv_finding_add_reason(ret, different == 0
                                   ? (struct lv_reason){ LV_REASON_IN_SAME_LOCKS, 0, 0 }
                                   : (struct lv_reason){ LV_REASON_DIFFERENT_INSTANCES, different, ret->edge_count });
    ret->identity = lv_hash_mix(lv_hash_mix(safe->class.v, unsafe->class.v), (uint64_t)LV_FINDING_SIGNAL << 8 | state);
}

int lv_check_use(const struct lv_usage_check *check, lv_class_id class, const struct lv_use *use, unsigned state,
                 struct lv_finding *ret)
{
    bool inside = use->side == LV_INSIDE;
    struct ends self = { .check = check, .start = class.v, .state = state, .class = class, .strong = !use->weak };
    struct ends other = self;
    uint32_t length;
    int r = lv_digraph_seek(check->graph, class.v, use->weak, !inside, LV_DEP_UNTIMED,
                            inside ? find_unsafe : find_safe_or_self, &other, &length);

    if (r <= 0)
        return r;
    *ret = (struct lv_finding){ .edge_count = length + 1, .news = inside ? LV_NEWS_INSIDE : LV_NEWS_OPEN };
    ret->edges = new_edges(check, ret->edge_count);
    if (ret->edges == NULL || fill_steps(check, length, ret->edges + 1) < 0)
        return -ENOMEM;
    conclude(check, inside ? &self : &other, inside ? &other : &self, state, ret);
    return 1;
}

static bool is_weak_start(uint8_t bit)
{
    return (bit & (LV_DEP_SR | LV_DEP_SN)) != 0;
}

static bool is_weak_end(uint8_t bit)
{
    return (bit & (LV_DEP_ER | LV_DEP_SR)) != 0;
}

int lv_check_edge_states(const struct lv_usage_check *check, uint32_t number, uint8_t bit, struct lv_states *ret)
{
    const struct lv_edge *edge = lv_digraph_edge(check->graph, number);
    struct ends safe = { .check = check, .start = edge->from }, unsafe = { .check = check, .start = edge->to };
    uint32_t unused;
    int r;

    *ret = (struct lv_states){ 0, 0 };
    if ((bit & LV_DEP_UNTIMED) == 0 || !lv_states_any(check->uses->inside))
        return 0;
    r = lv_digraph_seek(check->graph, edge->from, is_weak_start(bit), true, LV_DEP_UNTIMED, gather_safe, &safe,
                        &unused);
    if (r < 0 || !lv_states_any(safe.states))
        return r;
    r = lv_digraph_seek(check->graph, edge->to, is_weak_end(bit), false, LV_DEP_UNTIMED, gather_unsafe, &unsafe,
                        &unused);
    *ret = lv_states_and(safe.states, unsafe.states);
    return r;
}

int lv_check_edge_use(const struct lv_usage_check *check, uint32_t number, uint8_t bit, struct lv_edge_witness at,
                      unsigned state, struct lv_finding *ret)
{
    const struct lv_edge *edge = lv_digraph_edge(check->graph, number);
    struct ends safe = { .check = check, .start = edge->from, .state = state };
    struct ends unsafe = { .check = check, .start = edge->to, .state = state };
    struct lv_finding_edge *before;
    uint32_t before_length, length;
    int r = lv_digraph_seek(check->graph, edge->from, is_weak_start(bit), true, LV_DEP_UNTIMED, find_safe, &safe,
                            &before_length);

    if (r <= 0)
        return r;
    before = new_edges(check, before_length + 1);
    if (before == NULL || fill_steps(check, before_length, before) < 0)
        return -ENOMEM;
    r = lv_digraph_seek(check->graph, edge->to, is_weak_end(bit), false, LV_DEP_UNTIMED, find_unsafe, &unsafe, &length);
    if (r <= 0)
        return r;
    *ret = (struct lv_finding){ .edge_count = before_length + length + 2,
                                .news = LV_NEWS_EDGE,
                                .new_edge = before_length + 1 };
    ret->edges = new_edges(check, ret->edge_count);
    if (ret->edges == NULL || fill_steps(check, length, ret->edges + before_length + 2) < 0)
        return -ENOMEM;
    for (uint32_t i = 0; i < before_length; i++)
        ret->edges[i + 1] = before[i];
    fill_edge(check, at, &ret->edges[ret->new_edge]);
    conclude(check, &safe, &unsafe, state, ret);
    return 1;
}
