/* SPDX-License-Identifier: MIT */
/*
 * The components of the order: how they become one, and what they consist of once edges were removed from them. That is
 * found by Tarjan's search for strongly connected components, over the halves of one component only, with a stack of its own
 * instead of recursion. The parts go up a level.
 *
 * In a half, while it is searched, .seen is its number in the order in which they are met, .parent the least number that it
 * leads back to, and .component is NONE until its part is complete. .mark[0] is the next edge to look at, .mark[1] the
 * circle of the component as it was.
 */

#include "graph/toporder_internal.h"

/* ---- merging ----------------------------------------------------------------------------------------------------- */

/* Make two components one. Returns it. */
static uint32_t join(struct lv_digraph *g, uint32_t a, uint32_t b)
{
    uint32_t large = lv_digraph_half(g, a)->size >= lv_digraph_half(g, b)->size ? a : b, small = large == a ? b : a;
    struct lv_half *l = lv_digraph_half(g, large), *s = lv_digraph_half(g, small);
    uint32_t half = small;

    if (a == b)
        return a;
    if (lv_toporder_is_stale(g, small))
        lv_digraph_node(g, large >> 1)->stale |= (uint8_t)(1u << (large & 1));
    do {
        lv_digraph_half(g, half)->component = large;
        half = lv_digraph_half(g, half)->next;
    } while (half != small);
    half = l->next;
    l->next = s->next;
    s->next = half;
    l->size += s->size;
    return large;
}

/* A walk over the components of one level from .start on, in one direction, that goes up to .target and not beyond. */
struct walk {
    uint32_t start, target;
    uint32_t number;
    uint32_t *queue;
    uint32_t head, tail;
    struct lv_steps at;
    uint32_t looks;
    bool back;
};

static void visit(struct lv_digraph *g, struct walk *w, uint32_t component)
{
    lv_digraph_half(g, component)->mark[w->back] = w->number;
    w->queue[w->tail++] = component;
}

static void start_walk(struct lv_digraph *g, struct walk *w)
{
    visit(g, w, w->start);
    w->head = 1;
    w->at = lv_steps_of(g, w->start, w->back);
}

/* One step. False: the walk has come to its end. */
static bool walk_on(struct lv_digraph *g, struct walk *w)
{
    uint32_t level = lv_digraph_half(g, w->start)->level, looks = w->at.looks, half, component;
    bool more = w->back ? lv_steps_next(g, &w->at, true, &half) : lv_steps_next(g, &w->at, false, &half);

    w->looks += w->at.looks - looks + 1;
    if (!more) {
        if (w->head == w->tail)
            return false;
        w->at = lv_steps_of(g, w->queue[w->head++], w->back);
        return true;
    }
    component = lv_digraph_half(g, half)->component;
    if (lv_digraph_half(g, half)->level == level && component != w->target &&
        lv_digraph_half(g, component)->mark[w->back] != w->number)
        visit(g, w, component);
    return true;
}

static bool leads_to_target(struct lv_digraph *g, const struct walk *w, uint32_t component)
{
    struct lv_steps s = lv_steps_of(g, component, w->back);
    uint32_t half;

    while (lv_steps_next(g, &s, w->back, &half))
        if (lv_digraph_half(g, half)->component == w->target)
            return true;
    return false;
}

/*
 * Both ends are searched from in turn until one search has seen all it can; of that, what leads to the other end is taken, and
 * what leads to that within it. So neither the one end nor the other, if it is large, is looked at more than the rest.
 */
uint32_t lv_toporder_merge(struct lv_digraph *g, uint32_t x, uint32_t y)
{
    uint32_t number = ++g->order.walk, size = g->queue_nodes * 2;
    struct walk from_y = { .start = y, .target = x, .number = number, .queue = g->queue };
    struct walk to_x = { .start = x, .target = y, .number = number, .queue = g->queue + size, .back = true };
    struct walk *all, *rest;
    uint32_t merged;

    start_walk(g, &from_y);
    start_walk(g, &to_x);
    do {
        all = from_y.looks <= to_x.looks ? &from_y : &to_x;
        rest = all == &from_y ? &to_x : &from_y;
    } while (walk_on(g, all));
    g->order.looks += from_y.looks + to_x.looks;

    rest->number = ++g->order.walk;
    rest->tail = 0;
    for (uint32_t i = 0; i < all->tail; i++)
        if (leads_to_target(g, all, all->queue[i]))
            visit(g, rest, all->queue[i]);
    for (rest->head = 0; rest->head < rest->tail; rest->head++) {
        uint32_t half;

        if (rest->queue[rest->head] == all->start)
            continue;
        rest->at = lv_steps_of(g, rest->queue[rest->head], rest->back);
        while (lv_steps_next(g, &rest->at, rest->back, &half)) {
            const struct lv_half *h = lv_digraph_half(g, lv_digraph_half(g, half)->component);

            if (h->mark[all->back] == number && h->mark[rest->back] != rest->number)
                visit(g, rest, lv_digraph_half(g, half)->component);
        }
    }
    merged = join(g, x, y);
    for (uint32_t i = 0; i < rest->tail; i++)
        merged = join(g, merged, lv_digraph_half(g, rest->queue[i])->component);
    return merged;
}

/* ---- falling apart ----------------------------------------------------------------------------------------------- */

#define NONE UINT32_MAX
#define WITHIN_NODE UINT32_MAX /* as the next edge: the step from half 0 to half 1 comes first */

struct split {
    struct lv_digraph *g;
    uint32_t *way, *open; /* halves: the way down to the one that is looked at; those whose part is not complete */
    uint32_t way_count, open_count;
};

static void enter(struct split *s, uint32_t half)
{
    struct lv_half *h = lv_digraph_half(s->g, half);

    h->seen = h->parent = ++s->g->search;
    h->mark[0] = WITHIN_NODE;
    s->way[s->way_count++] = half;
    s->open[s->open_count++] = half;
}

/* @half leads to @to. Returns whether that was not met before, and is the one to look at now. */
static bool meet(struct split *s, struct lv_half *half, uint32_t to)
{
    const struct lv_half *met = lv_digraph_half(s->g, to);

    if (met->component != NONE)
        return false;
    if (met->seen == 0) {
        enter(s, to);
        return true;
    }
    if (met->seen < half->parent)
        half->parent = met->seen;
    return false;
}

/* Look at the steps from the half that the way has come to. Returns whether one leads on; it is looked at again then. */
static bool go_on(struct split *s)
{
    uint32_t number = s->way[s->way_count - 1];
    struct lv_half *half = lv_digraph_half(s->g, number);

    if (half->mark[0] == WITHIN_NODE) {
        if ((number & 1) == 0 && meet(s, half, number | 1))
            return true;
        half->mark[0] = lv_digraph_node(s->g, number >> 1)->out;
    }
    while (half->mark[0] != 0) {
        const struct lv_edge *edge = lv_digraph_edge(s->g, half->mark[0]);

        for (unsigned bit = 1; bit <= LV_DEP_ALL; bit <<= 1)
            if ((edge->bits & bit) != 0 && lv_toporder_left(edge->from, bit) == number &&
                meet(s, half, lv_toporder_met(edge->to, bit)))
                return true;
        half->mark[0] = edge->next;
    }
    return false;
}

/* The halves that were met from @first on are a component. */
static void close_part(struct split *s, uint32_t first)
{
    struct lv_half *head = lv_digraph_half(s->g, first);
    uint32_t half;

    head->next = first;
    head->size = 0;
    lv_digraph_node(s->g, first >> 1)->stale &= (uint8_t) ~(1u << (first & 1));
    do {
        struct lv_half *h;

        half = s->open[--s->open_count];
        h = lv_digraph_half(s->g, half);
        h->component = first;
        head->size++;
        if (half == first)
            break;
        h->next = head->next;
        head->next = half;
    } while (true);
}

static void search_from(struct split *s, uint32_t root)
{
    enter(s, root);
    while (s->way_count != 0) {
        uint32_t number = s->way[s->way_count - 1];
        const struct lv_half *half = lv_digraph_half(s->g, number);

        if (go_on(s))
            continue;
        s->way_count--;
        if (s->way_count != 0) {
            struct lv_half *before = lv_digraph_half(s->g, s->way[s->way_count - 1]);

            if (half->parent < before->parent)
                before->parent = half->parent;
        }
        if (half->parent == half->seen)
            close_part(s, number);
    }
}

void lv_toporder_split(struct lv_digraph *g, uint32_t half)
{
    struct split s = { .g = g, .way = g->queue, .open = g->queue + (size_t)g->queue_nodes * 2 };
    uint32_t first = half, level = lv_digraph_half(g, half)->level;

    do {
        struct lv_half *h = lv_digraph_half(g, half);

        h->component = NONE;
        h->seen = 0;
        h->mark[1] = h->next;
        half = h->next;
    } while (half != first);
    do {
        struct lv_half *h = lv_digraph_half(g, half);

        if (h->component == NONE)
            search_from(&s, half);
        half = h->mark[1];
    } while (half != first);
    do {
        struct lv_half *h = lv_digraph_half(g, half);

        /* The step that begins another part has raised this one, if it leads here. */
        if (h->level == level)
            (void)lv_toporder_raise(g, h->component, level + 1, LV_NO_WALK);
        half = h->mark[1];
        h->mark[1] = 0;
    } while (half != first);
}
