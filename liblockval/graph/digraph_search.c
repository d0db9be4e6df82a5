/* SPDX-License-Identifier: MIT */
/*
 * Breadth first search over the states (node, last hop xR?) of the dependency graph, which are the halves of its order.
 * Breadth first, because a shortest cycle is the one a person can check. The graph stays cyclic after a finding. What the
 * order says is on no path is left out; the path that is found is the same as without.
 */

#include "graph/digraph.h"

#include <errno.h>

/* The next search may use its number, and one more for each half. */
static int prepare(struct lv_digraph *g)
{
    struct lv_step *path;

    if (g->search >= UINT32_MAX - g->nodes.count * 2 - 1) {
        for (uint32_t half = 0; half < g->nodes.count * 2; half++)
            lv_digraph_half(g, half)->seen = 0;
        g->search = 0;
    }
    g->search++;
    if (g->path_nodes >= g->queue_nodes)
        return 0;
    path = lv_arena_alloc(g->arena, (size_t)g->queue_nodes * 2 * sizeof(*path));
    if (path == NULL)
        return -ENOMEM;
    g->path = path;
    g->path_nodes = g->queue_nodes;
    return 0;
}

/* The states that can be on the path that is looked for, as the order has it. */
struct area {
    uint32_t component; /* those of this one; NOWHERE: */
    uint32_t level;     /* those up to this level */
};

#define NOWHERE UINT32_MAX
#define EVERYWHERE ((struct area){ NOWHERE, UINT32_MAX })

static bool is_in(struct area area, const struct lv_half *half)
{
    return area.component != NOWHERE ? half->component == area.component : half->level <= area.level;
}

/* Mark state (to, r), reached through @edge from a node in state @from_r. Returns whether it was new. */
static bool reach(struct lv_digraph *g, struct area area, uint32_t to, unsigned r, uint32_t edge, unsigned from_r)
{
    struct lv_node *node = lv_digraph_node(g, to);
    struct lv_half *half = &node->half[r];

    if (half->seen == g->search || node->passed_by || !is_in(area, half))
        return false;
    half->seen = g->search;
    half->parent = edge;
    node->parent_r[r] = (uint8_t)from_r;
    return true;
}

/* The dependency bits, timed or not, by which an edge can be walked from a state with last hop @from_r to one with @r. */
static uint8_t hop_bits(unsigned from_r, unsigned r)
{
    unsigned bits = r != 0 ? LV_DEP_ER | LV_DEP_SR : LV_DEP_EN | LV_DEP_SN;

    if (from_r != 0)
        bits &= LV_DEP_ER | LV_DEP_EN;
    return (uint8_t)(bits | bits << 4);
}

/* Follow the parents from (last, r) back to (first, first_r) and write the steps in forward order. */
static int write_path(struct lv_digraph *g, uint32_t first, unsigned first_r, uint32_t last, unsigned r, uint8_t mask)
{
    uint32_t length = 0, at = last;
    unsigned at_r = r;

    while (at != first || at_r != first_r) {
        const struct lv_node *node = lv_digraph_node(g, at);
        const struct lv_edge *edge = lv_digraph_edge(g, node->half[at_r].parent);
        unsigned bits = edge->bits & mask & hop_bits(node->parent_r[at_r], at_r);

        g->path[length++] = (struct lv_step){ node->half[at_r].parent, (uint8_t)bits };
        at = edge->from;
        at_r = node->parent_r[at_r];
    }
    for (uint32_t i = 0; i < length / 2; i++) {
        struct lv_step swap = g->path[i];

        g->path[i] = g->path[length - 1 - i];
        g->path[length - 1 - i] = swap;
    }
    return (int)length;
}

/* A shortest path from the state @first to @last, or to the other state of that node if @any. Returns as lv_digraph_close(). */
static int find_path(struct lv_digraph *g, struct area area, uint32_t first, uint32_t last, bool any, uint8_t mask)
{
    uint32_t head = 0, tail = 0;

    if (!reach(g, area, first >> 1, first & 1, 0, 0))
        return 0;
    g->queue[tail++] = first;
    while (head < tail) {
        uint32_t state = g->queue[head++];
        unsigned last_r = state & 1;

        for (uint32_t number = lv_digraph_node(g, state >> 1)->out; number != 0;) {
            const struct lv_edge *edge = lv_digraph_edge(g, number);
            unsigned bits = edge->bits & mask;

            for (unsigned next_r = 0; next_r < 2; next_r++) {
                uint32_t next = edge->to << 1 | next_r;

                if ((bits & hop_bits(last_r, next_r)) == 0 || !reach(g, area, edge->to, next_r, number, last_r))
                    continue;
                if (next == last || (any && next >> 1 == last >> 1))
                    return write_path(g, first >> 1, first & 1, edge->to, next_r, mask);
                g->queue[tail++] = next;
            }
            number = edge->next;
        }
    }
    return 0;
}

/* Has the graph the dependency, timed or not? Then it is in the order, too. */
static bool is_known(const struct lv_digraph *g, uint32_t from, uint32_t to, uint8_t bit)
{
    uint32_t number = lv_digraph_find(g, from, to);
    unsigned bits = number != 0 ? lv_digraph_edge(g, number)->bits : 0;

    return ((bits | bits >> 4) & (bit | bit >> 4) & LV_DEP_UNTIMED) != 0;
}

int lv_digraph_close(struct lv_digraph *g, uint32_t from, uint32_t to, uint8_t bit, uint8_t mask)
{
    /* A shared holder at the start of the new edge is no obstacle for a recursive reader that arrives there. */
    uint32_t first = lv_toporder_met(to, bit), last = lv_toporder_left(from, bit);
    struct area area = EVERYWHERE;
    int r;

    if (from >= g->nodes.count || to >= g->nodes.count)
        return 0;
    /* A lock that is new at its end of the edge closes nothing: the common case when a structure is built. */
    if (lv_digraph_node(g, from)->in == 0 || lv_digraph_node(g, to)->out == 0)
        return 0;
    if (is_known(g, from, to, bit)) {
        area.component = lv_digraph_half(g, last)->component;
        if (lv_digraph_half(g, first)->component != area.component)
            return 0;
    } else {
        area.level = lv_digraph_half(g, last)->level;
    }
    r = prepare(g);
    if (r < 0)
        return r;
    /* Half 1 is reached by whoever reaches half 0. */
    r = find_path(g, area, first, from << 1, (last & 1) != 0, mask);
    if (r == 0 && area.component != NOWHERE && lv_toporder_is_stale(g, first))
        lv_toporder_split(g, first);
    return r;
}

/* The bits by which an edge can be walked backwards, from a node that is left @weak (shared) by the path to one that the
 * edge leaves @next_weak. */
static uint8_t back_bits(unsigned weak, unsigned next_weak)
{
    unsigned bits = next_weak != 0 ? LV_DEP_SR | LV_DEP_SN : LV_DEP_ER | LV_DEP_EN;

    if (weak != 0)
        bits &= LV_DEP_EN | LV_DEP_SN;
    return (uint8_t)(bits | bits << 4);
}

/* Follow the parents from (last, weak) to (start, start_weak): backwards, that is the path's own order. */
static uint32_t write_back_path(struct lv_digraph *g, uint32_t start, unsigned start_weak, uint32_t last, unsigned weak,
                                uint8_t mask)
{
    uint32_t length = 0, at = last;
    unsigned at_weak = weak;

    while (at != start || at_weak != start_weak) {
        const struct lv_node *node = lv_digraph_node(g, at);
        const struct lv_edge *edge = lv_digraph_edge(g, node->half[at_weak].parent);
        unsigned bits = edge->bits & mask & back_bits(node->parent_r[at_weak], at_weak);

        g->path[length++] = (struct lv_step){ node->half[at_weak].parent, (uint8_t)bits };
        at = edge->to;
        at_weak = node->parent_r[at_weak];
    }
    return length;
}

int lv_digraph_seek(struct lv_digraph *g, uint32_t start, bool weak, bool backwards, uint8_t mask,
                    lv_digraph_look *look, void *arg, uint32_t *ret_length)
{
    uint32_t head = 0, tail = 0;
    int r;

    *ret_length = 0;
    if (start >= g->nodes.count)
        return look(arg, start, weak);
    r = prepare(g);
    if (r < 0)
        return r;
    if (!reach(g, EVERYWHERE, start, weak, 0, 0))
        return 0;
    if (look(arg, start, weak))
        return 1;
    g->queue[tail++] = start << 1 | (weak ? 1 : 0);
    while (head < tail) {
        uint32_t state = g->queue[head++];
        unsigned last = state & 1;
        const struct lv_node *node = lv_digraph_node(g, state >> 1);

        for (uint32_t number = backwards ? node->in : node->out; number != 0;) {
            const struct lv_edge *edge = lv_digraph_edge(g, number);
            uint32_t to = backwards ? edge->from : edge->to;

            for (unsigned next = 0; next < 2; next++) {
                unsigned bits = edge->bits & mask & (backwards ? back_bits(last, next) : hop_bits(last, next));

                if (bits == 0 || !reach(g, EVERYWHERE, to, next, number, last))
                    continue;
                if (look(arg, to, next != 0)) {
                    *ret_length = backwards ? write_back_path(g, start, weak, to, next, mask)
                                            : (uint32_t)write_path(g, start, weak, to, next, mask);
                    return 1;
                }
                g->queue[tail++] = to << 1 | next;
            }
            number = backwards ? edge->next_in : edge->next;
        }
    }
    return 0;
}
