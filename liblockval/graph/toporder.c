/* SPDX-License-Identifier: MIT */
/*
 * Levels and places, after Bender, Fineman, Gilbert and Tarjan, with two differences: the graph keeps its cycles, so walks go
 * over components as if each were one node; and edges are looked at in the graph's own lists, whatever the level they come
 * from.
 *
 * A new step from half x to half y that goes with the order needs nothing. Else who reaches x on its own level is looked
 * for, backwards, and given up after .look_most edges. If that came to an end and y is on the level of x, they become the
 * first of the level, and x comes before y. If not, y is raised, to the level of x or, after giving up, to the one above,
 * and whatever it leads to with it; all these become the first there. Where that meets x, or what reaches x, there is a new
 * cycle, all of it on one level by then; what lies on it becomes one component.
 *
 * Why this is cheap: a level has, behind each of its halves, .look_most edges on every lower level, or nobody would have been
 * raised above them. So there are at most edges / .look_most levels, and nobody is raised more
 * often than that. Both directions are kept in balance by .look_most, up to the square root of the number of edges.
 */

#include "graph/digraph.h"
#include "graph/toporder_internal.h"

enum {
    SETTLE = 4096 /* edges looked at, after which the balance is struck */
};

void lv_toporder_init(struct lv_toporder *order)
{
    *order = (struct lv_toporder){ .look_most = LV_TOPORDER_LOOK_LEAST,
                                   .levels_max = LV_TOPORDER_LEVELS,
                                   .places = UINT32_MAX,
                                   .next_place = UINT32_MAX };
}

/* ---- moving up --------------------------------------------------------------------------------------------------- */

static void set_level(struct lv_digraph *g, uint32_t component, uint32_t level)
{
    uint32_t half = component;

    do {
        struct lv_half *h = lv_digraph_half(g, half);

        h->level = level;
        half = h->next;
    } while (half != component);
}

/* Where to go on in a component: .parent is the half, .mark[0] the edge. What is left of the edge before, half 1 of a node, the way
 * through half 0 leads to. */
static void put_by(struct lv_digraph *g, const struct lv_steps *s)
{
    struct lv_half *h = lv_digraph_half(g, s->first);

    h->parent = s->member;
    h->mark[0] = s->edge;
}

static struct lv_steps take_up(struct lv_digraph *g, uint32_t component)
{
    const struct lv_half *h = lv_digraph_half(g, component);

    return (struct lv_steps){ .first = component, .member = h->parent, .edge = h->mark[0] };
}

bool lv_toporder_raise(struct lv_digraph *g, uint32_t y, uint32_t level, uint32_t walk)
{
    struct lv_toporder *order = &g->order;
    uint32_t depth = 0, looks = 0;
    struct lv_steps s = lv_steps_of(g, y, false);
    bool met = false;

    set_level(g, y, level);
    g->queue[depth++] = y;
    while (depth != 0) {
        uint32_t half, component;

        if (!lv_steps_next(g, &s, false, &half)) {
            struct lv_half *h = lv_digraph_half(g, s.first);

            h->mark[0] = 0;
            h->place = order->next_place--;
            looks += s.looks;
            if (--depth != 0)
                s = take_up(g, g->queue[depth - 1]);
            continue;
        }
        component = lv_digraph_half(g, half)->component;
        met |= lv_digraph_half(g, component)->mark[1] == walk;
        if (lv_digraph_half(g, half)->level >= level)
            continue;
        put_by(g, &s);
        looks += s.looks;
        set_level(g, component, level);
        g->queue[depth++] = component;
        s = lv_steps_of(g, component, false);
    }
    order->highest = level > order->highest ? level : order->highest;
    order->forwards += looks;
    order->looks += looks;
    return met;
}

/* All on one level, in places that are free again: when levels or places run out. */
static void begin_anew(struct lv_digraph *g)
{
    uint32_t halves = g->nodes.count * 2;

    g->order.next_place = g->order.places;
    g->order.highest = 0;
    for (uint32_t half = 0; half < halves; half++)
        lv_digraph_half(g, half)->level = 0;
    for (uint32_t half = 0; half < halves; half++)
        if (lv_digraph_half(g, half)->level == 0)
            (void)lv_toporder_raise(g, lv_digraph_half(g, half)->component, 1, LV_NO_WALK);
}

/* Whatever happens to one edge moves nobody more than three times. */
static void make_places(struct lv_digraph *g)
{
    if (g->order.next_place <= (uint64_t)g->nodes.count * 8 || g->order.highest >= g->order.levels_max)
        begin_anew(g);
}

void lv_toporder_begin(struct lv_digraph *g, uint32_t node)
{
    for (uint32_t half = node << 1 | 1;; half--) {
        struct lv_half *h = lv_digraph_half(g, half);

        h->component = h->next = half;
        h->size = 1;
        h->place = g->order.next_place--;
        if ((half & 1) == 0)
            break;
    }
    make_places(g);
}

/* ---- a new step -------------------------------------------------------------------------------------------------- */

/* The next walk, and two more for lv_toporder_merge(), have numbers that no mark has. */
static uint32_t begin_walk(struct lv_digraph *g)
{
    struct lv_toporder *order = &g->order;

    if (order->walk >= LV_NO_WALK - 3) {
        for (uint32_t half = 0; half < g->nodes.count * 2; half++)
            lv_digraph_half(g, half)->mark[0] = lv_digraph_half(g, half)->mark[1] = 0;
        order->walk = 0;
    }
    return ++order->walk;
}

/* Who reaches the component @x on its level comes to @ret_reach, @x too, and gets the mark. False: they are too many. */
static bool look_back(struct lv_digraph *g, uint32_t x, uint32_t walk, uint32_t *ret_reach, uint32_t *ret_count)
{
    uint32_t level = lv_digraph_half(g, x)->level, head = 0, tail = 0, left = g->order.look_most;
    bool all = true;

    lv_digraph_half(g, x)->mark[1] = walk;
    ret_reach[tail++] = x;
    while (head < tail && all) {
        struct lv_steps s = lv_steps_of(g, ret_reach[head++], true);
        uint32_t half;

        while (lv_steps_next(g, &s, true, &half)) {
            struct lv_half *h = lv_digraph_half(g, half);

            if (s.looks > left) {
                all = false;
                break;
            }
            if (h->level != level)
                continue;
            half = h->component;
            h = lv_digraph_half(g, half);
            if (h->mark[1] == walk)
                continue;
            h->mark[1] = walk;
            ret_reach[tail++] = half;
        }
        left -= s.looks < left ? s.looks : left;
    }
    g->order.backwards += g->order.look_most - left;
    g->order.looks += g->order.look_most - left;
    *ret_count = tail;
    return all;
}

/* The components, which are few, become the first of their level, in the order that they have. */
static void put_first(struct lv_digraph *g, uint32_t *components, uint32_t count)
{
    for (uint32_t gap = count / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < count; i++) {
            uint32_t component = components[i], place = lv_digraph_half(g, component)->place, at = i;

            for (; at >= gap && lv_digraph_half(g, components[at - gap])->place < place; at -= gap)
                components[at] = components[at - gap];
            components[at] = component;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        lv_digraph_half(g, components[i])->place = g->order.next_place--;
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

/* The components @x -> @y, which is against the order. */
static void put_right(struct lv_digraph *g, uint32_t x, uint32_t y)
{
    uint32_t level = lv_digraph_half(g, x)->level, walk = begin_walk(g), count, place;
    uint32_t *reach = g->queue + (size_t)g->queue_nodes * 2;
    bool all = look_back(g, x, walk, reach, &count);
    bool met = lv_digraph_half(g, y)->mark[1] == walk;

    if (!all)
        met = lv_toporder_raise(g, y, level + 1, walk);
    else if (lv_digraph_half(g, y)->level < level)
        met = lv_toporder_raise(g, y, level, walk);
    place = g->order.next_place--;
    if (all)
        put_first(g, reach, count);
    /* Who reaches a new component on its level is before this place, and what it reaches is behind it. */
    if (met)
        lv_digraph_half(g, lv_toporder_merge(g, x, y))->place = place;
    balance(g);
}

void lv_toporder_add(struct lv_digraph *g, struct lv_edge *edge, uint8_t bit)
{
    uint8_t way = (bit | bit >> 4) & LV_DEP_UNTIMED, others = edge->bits;
    const struct lv_half *x, *y;

    make_places(g);
    edge->bits |= bit;
    lv_digraph_node(g, edge->from)->ways_out |= way;
    lv_digraph_node(g, edge->to)->ways_in |= way;
    if (((others | others >> 4) & way) != 0)
        return;
    x = lv_digraph_half(g, lv_digraph_half(g, lv_toporder_left(edge->from, bit))->component);
    y = lv_digraph_half(g, lv_digraph_half(g, lv_toporder_met(edge->to, bit))->component);
    if (x != y && (x->level > y->level || (x->level == y->level && x->place > y->place)))
        put_right(g, x->component, y->component);
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
    for (unsigned i = 2; i-- > 0;) {
        node->half[i].level = 0;
        node->half[i].place = g->order.next_place--;
    }
    make_places(g);
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
