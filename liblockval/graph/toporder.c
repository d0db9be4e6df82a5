/* SPDX-License-Identifier: MIT */
/*
 * Levels, after Bender, Fineman, Gilbert and Tarjan, with two differences: the graph keeps its cycles, so the search goes
 * over components as if each were one node; and edges are looked at in the graph's own lists, whatever the level they come
 * from.
 *
 * A new step from half x to half y that does not fall, from a level to a higher one, needs nothing: what is above does not
 * reach what is below. Else who reaches x on its own level is looked for, backwards, and given up after .look_most edges. If
 * that came to an end and y is on the level of x, all is well. If not, y is raised, to the level of x or, after giving up,
 * to the one above, and whatever it leads to with it. Where that meets x, or what reaches x, there is a new cycle, all of
 * it on one level by then; what lies on it becomes one component.
 *
 * Why this is cheap: a level has, behind each of its halves, .look_most edges on every lower level, or nobody would have been
 * raised above them. So there are at most edges / .look_most levels, and nobody is raised more often than that. Both
 * directions are kept in balance by .look_most, up to the square root of the number of edges.
 */

#include "graph/digraph.h"
#include "graph/toporder_internal.h"

enum {
    SETTLE = 4096 /* edges looked at, after which the balance is struck */
};

void lv_toporder_init(struct lv_toporder *order)
{
    *order = (struct lv_toporder){ .look_most = LV_TOPORDER_LOOK_LEAST, .levels_max = LV_TOPORDER_LEVELS };
}

void lv_toporder_begin(struct lv_digraph *g, uint32_t node)
{
    for (uint32_t half = node << 1; half <= (node << 1 | 1); half++) {
        struct lv_half *h = lv_digraph_half(g, half);

        h->component = h->next = half;
        h->size = 1;
    }
}

/* ---- levels -------------------------------------------------------------------------------------------------------- */

/* The next walk, and two more for lv_toporder_merge(), have numbers that no mark has. */
static uint32_t begin_walk(struct lv_digraph *g)
{
    struct lv_toporder *order = &g->order;

    if (order->walk >= UINT32_MAX - 3) {
        for (uint32_t half = 0; half < g->nodes.count * 2; half++)
            lv_digraph_half(g, half)->mark[0] = lv_digraph_half(g, half)->mark[1] = 0;
        order->walk = 0;
    }
    return ++order->walk;
}

static void set_level(struct lv_digraph *g, uint32_t component, uint32_t level)
{
    uint32_t half = component;

    do {
        struct lv_half *h = lv_digraph_half(g, half);

        h->level = level;
        half = h->next;
    } while (half != component);
}

enum look {
    LOOK_ALL, /* it is not among those that reach x on its level, which are marked */
    LOOK_MET, /* it is */
    LOOK_GIVEN_UP
};

/* Is @target among those that reach the component @x on its level? */
static enum look look_back(struct lv_digraph *g, uint32_t x, uint32_t target, uint32_t walk)
{
    uint32_t level = lv_digraph_half(g, x)->level, head = 0, tail = 0, left = g->order.look_most;
    enum look result = LOOK_ALL;

    lv_digraph_half(g, x)->mark[1] = walk;
    g->queue[tail++] = x;
    while (head < tail && result == LOOK_ALL) {
        struct steps s = steps_of(g, g->queue[head++], true);
        uint32_t half;

        while (next_step(g, &s, true, &half)) {
            struct lv_half *h = lv_digraph_half(g, half);

            if (s.looks > left) {
                result = LOOK_GIVEN_UP;
                break;
            }
            if (h->level != level)
                continue;
            half = h->component;
            if (half == target) {
                result = LOOK_MET;
                break;
            }
            h = lv_digraph_half(g, half);
            if (h->mark[1] == walk)
                continue;
            h->mark[1] = walk;
            g->queue[tail++] = half;
        }
        left -= s.looks < left ? s.looks : left;
    }
    g->order.backwards += g->order.look_most - left;
    g->order.looks += g->order.look_most - left;
    return result;
}

/* Raise the component @y to @level, and what it leads to. Returns whether that meets what look_back() marked. */
static bool raise_level(struct lv_digraph *g, uint32_t y, uint32_t level, uint32_t walk)
{
    uint32_t head = 0, tail = 0, looks = 0;
    bool met = false;

    set_level(g, y, level);
    g->queue[tail++] = y;
    while (head < tail) {
        struct steps s = steps_of(g, g->queue[head++], false);
        uint32_t half;

        while (next_step(g, &s, false, &half)) {
            const struct lv_half *h = lv_digraph_half(g, half);
            uint32_t component = h->component;

            met |= lv_digraph_half(g, component)->mark[1] == walk;
            if (h->level >= level)
                continue;
            set_level(g, component, level);
            g->queue[tail++] = component;
        }
        looks += s.looks;
    }
    g->order.forwards += looks;
    g->order.looks += looks;
    return met;
}

/* Looking further back costs more there and raises less. */
static void balance(struct lv_digraph *g)
{
    struct lv_toporder *order = &g->order;

    if (order->forwards + order->backwards < SETTLE)
        return;
    if (order->forwards / 2 > order->backwards && (uint64_t)order->look_most * order->look_most < g->live)
        order->look_most *= 2;
    else if (order->backwards / 2 > order->forwards && order->look_most > LV_TOPORDER_LOOK_LEAST)
        order->look_most /= 2;
    order->forwards = order->backwards = 0;
}

/* All on one level is an order, too. */
static void begin_anew(struct lv_digraph *g)
{
    for (uint32_t half = 0; half < g->nodes.count * 2; half++)
        lv_digraph_half(g, half)->level = 0;
}

void lv_toporder_add(struct lv_digraph *g, const struct lv_edge *edge, uint8_t bit)
{
    uint8_t way = (bit | bit >> 4) & LV_DEP_UNTIMED, others = edge->bits & (uint8_t)~bit;
    uint32_t x = lv_digraph_half(g, lv_toporder_left(edge->from, bit))->component;
    uint32_t y = lv_digraph_half(g, lv_toporder_met(edge->to, bit))->component;
    uint32_t level = lv_digraph_half(g, x)->level, walk;
    enum look look;

    lv_digraph_node(g, edge->from)->ways_out |= way;
    lv_digraph_node(g, edge->to)->ways_in |= way;
    if (((others | others >> 4) & way) != 0 || x == y || level < lv_digraph_half(g, y)->level)
        return;
    walk = begin_walk(g);
    look = look_back(g, x, y, walk);
    if (look == LOOK_GIVEN_UP && level >= g->order.levels_max) {
        begin_anew(g);
        level = 0;
    }
    if (look == LOOK_ALL && level == lv_digraph_half(g, y)->level)
        return;
    if (look == LOOK_MET || raise_level(g, y, look == LOOK_GIVEN_UP ? level + 1 : level, walk))
        lv_toporder_merge(g, x, y);
    balance(g);
}

/* ---- edges that go ------------------------------------------------------------------------------------------------- */

bool lv_toporder_is_stale(const struct lv_digraph *g, uint32_t half)
{
    uint32_t component = lv_digraph_half(g, half)->component;

    return (lv_digraph_node(g, component >> 1)->stale & 1u << (component & 1)) != 0;
}

/* A node without edges may be on any level. */
static void rest_node(struct lv_digraph *g, uint32_t number)
{
    struct lv_node *node = lv_digraph_node(g, number);

    if (node->in != 0 || node->out != 0)
        return;
    node->ways_in = node->ways_out = 0;
    for (unsigned i = 0; i < 2; i++)
        if (lv_digraph_half(g, node->half[i].component)->size > 1)
            return;
    node->half[0].level = node->half[1].level = 0;
}

void lv_toporder_remove(struct lv_digraph *g, const struct lv_edge *edge)
{
    for (unsigned bit = 1; bit <= LV_DEP_ALL; bit <<= 1) {
        uint32_t component = lv_digraph_half(g, lv_toporder_left(edge->from, bit))->component;

        if ((edge->bits & bit) != 0 && lv_digraph_half(g, lv_toporder_met(edge->to, bit))->component == component)
            lv_digraph_node(g, component >> 1)->stale |= (uint8_t)(1u << (component & 1));
    }
    rest_node(g, edge->from);
    rest_node(g, edge->to);
}
