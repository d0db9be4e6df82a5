/* SPDX-License-Identifier: MIT */
/*
 * Breadth first search over the states (node, last hop xR?) of the dependency graph. Breadth first, because a shortest
 * cycle is the one a person can check. The graph stays cyclic after a finding, and legal programs have plain cycles
 * through recursive readers; so nothing here relies on an order of the nodes.
 */

#include "graph/digraph.h"

#include <errno.h>

int lv_digraph_init(struct lv_digraph *g, struct lv_arena *arena)
{
    uint32_t unused;

    *g = (struct lv_digraph){ .arena = arena, .blocks = { .arena = arena } };
    lv_vec_init(&g->nodes, arena, sizeof(struct lv_node));
    lv_vec_init(&g->edges, arena, sizeof(struct lv_edge));
    lv_table_init(&g->by_ends, arena);
    return lv_vec_add(&g->edges, &unused) != NULL ? 0 : -ENOMEM;
}

int lv_digraph_clear(struct lv_digraph *g)
{
    uint32_t unused;

    for (uint32_t i = 1; i < g->edges.count; i++)
        lv_edge_drop_witnesses(&g->blocks, lv_digraph_edge(g, i));
    lv_vec_clear(&g->nodes);
    lv_vec_clear(&g->edges);
    lv_table_clear(&g->by_ends);
    g->live = g->removed = 0;
    return lv_vec_add(&g->edges, &unused) != NULL ? 0 : -ENOMEM;
}

int lv_digraph_need_node(struct lv_digraph *g, uint32_t node)
{
    while (g->nodes.count <= node) {
        uint32_t unused;

        if (lv_vec_add(&g->nodes, &unused) == NULL)
            return -ENOMEM;
    }
    return 0;
}

/* Never 0, since node numbers of an edge differ. */
static uint64_t ends_key(uint32_t from, uint32_t to)
{
    return (uint64_t)from << 32 | to;
}

uint32_t lv_digraph_find(const struct lv_digraph *g, uint32_t from, uint32_t to)
{
    return lv_table_find(&g->by_ends, ends_key(from, to));
}

/* A zeroed edge, a removed one if there is any; null without memory. */
static struct lv_edge *edge_new(struct lv_digraph *g, uint32_t *ret_number)
{
    struct lv_edge *edge;

    if (g->removed == 0)
        return lv_vec_add(&g->edges, ret_number);
    *ret_number = g->removed;
    edge = lv_digraph_edge(g, g->removed);
    g->removed = edge->next;
    edge->next = 0;
    return edge;
}

static void edge_free(struct lv_digraph *g, uint32_t number)
{
    struct lv_edge *edge = lv_digraph_edge(g, number);

    lv_edge_drop_witnesses(&g->blocks, edge);
    *edge = (struct lv_edge){ .next = g->removed };
    g->removed = number;
}

/* Into the lists of its two nodes. */
static void link_edge(struct lv_digraph *g, uint32_t number)
{
    struct lv_edge *edge = lv_digraph_edge(g, number);
    struct lv_node *from = lv_vec_at(&g->nodes, edge->from), *to = lv_vec_at(&g->nodes, edge->to);

    edge->next = from->out;
    if (edge->next != 0)
        lv_digraph_edge(g, edge->next)->prev = number;
    from->out = number;
    edge->next_in = to->in;
    if (edge->next_in != 0)
        lv_digraph_edge(g, edge->next_in)->prev_in = number;
    to->in = number;
}

static void unlink_edge(struct lv_digraph *g, const struct lv_edge *edge)
{
    if (edge->next != 0)
        lv_digraph_edge(g, edge->next)->prev = edge->prev;
    if (edge->prev != 0)
        lv_digraph_edge(g, edge->prev)->next = edge->next;
    else
        ((struct lv_node *)lv_vec_at(&g->nodes, edge->from))->out = edge->next;
    if (edge->next_in != 0)
        lv_digraph_edge(g, edge->next_in)->prev_in = edge->prev_in;
    if (edge->prev_in != 0)
        lv_digraph_edge(g, edge->prev_in)->next_in = edge->next_in;
    else
        ((struct lv_node *)lv_vec_at(&g->nodes, edge->to))->in = edge->next_in;
}

int lv_digraph_add(struct lv_digraph *g, uint32_t from, uint32_t to, uint8_t bits, uint32_t *ret_edge)
{
    uint32_t number = lv_digraph_find(g, from, to);
    struct lv_edge *edge;
    uint8_t fresh;

    if (number == 0) {
        int r = lv_digraph_need_node(g, from > to ? from : to);

        if (r < 0)
            return r;
        edge = edge_new(g, &number);
        if (edge == NULL)
            return -ENOMEM;
        r = lv_table_insert(&g->by_ends, ends_key(from, to), number);
        if (r < 0) {
            edge_free(g, number);
            return r;
        }
        edge->from = from;
        edge->to = to;
        link_edge(g, number);
        g->live++;
    } else {
        edge = lv_digraph_edge(g, number);
    }
    fresh = (uint8_t)(bits & ~edge->bits);
    edge->bits |= bits;
    *ret_edge = number;
    return fresh;
}

void lv_digraph_remove(struct lv_digraph *g, uint32_t number)
{
    const struct lv_edge *edge = lv_digraph_edge(g, number);

    lv_table_remove(&g->by_ends, ends_key(edge->from, edge->to));
    unlink_edge(g, edge);
    edge_free(g, number);
    g->live--;
}

void lv_digraph_detach(struct lv_digraph *g, uint32_t number)
{
    struct lv_edge *edge = lv_digraph_edge(g, number);

    lv_table_remove(&g->by_ends, ends_key(edge->from, edge->to));
    unlink_edge(g, edge);
    edge->next = edge->prev = edge->next_in = edge->prev_in = 0;
    g->live--;
}

void lv_digraph_pass_by(struct lv_digraph *g, uint32_t node, bool pass_by)
{
    if (node < g->nodes.count)
        ((struct lv_node *)lv_vec_at(&g->nodes, node))->passed_by = pass_by;
}

static int prepare(struct lv_digraph *g)
{
    uint32_t size = g->queue_nodes != 0 ? g->queue_nodes : 64;

    if (++g->search == 0) {
        for (uint32_t i = 0; i < g->nodes.count; i++) {
            struct lv_node *node = lv_vec_at(&g->nodes, i);

            node->seen[0] = node->seen[1] = 0;
        }
        g->search = 1;
    }
    if (g->queue_nodes >= g->nodes.count)
        return 0;
    while (size < g->nodes.count)
        size *= 2;
    g->queue = lv_arena_alloc(g->arena, (size_t)size * 2 * sizeof(*g->queue));
    g->path = lv_arena_alloc(g->arena, (size_t)size * 2 * sizeof(*g->path));
    g->queue_nodes = g->queue != NULL && g->path != NULL ? size : 0;
    return g->queue_nodes != 0 ? 0 : -ENOMEM;
}

/* Mark state (to, r), reached through @edge from a node in state @from_r. Returns whether it was new. */
static bool reach(struct lv_digraph *g, uint32_t to, unsigned r, uint32_t edge, unsigned from_r)
{
    struct lv_node *node = lv_vec_at(&g->nodes, to);

    if (node->seen[r] == g->search || node->passed_by)
        return false;
    node->seen[r] = g->search;
    node->parent[r] = edge;
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
        const struct lv_node *node = lv_vec_at(&g->nodes, at);
        const struct lv_edge *edge = lv_digraph_edge(g, node->parent[at_r]);
        unsigned bits = edge->bits & mask & hop_bits(node->parent_r[at_r], at_r);

        g->path[length++] = (struct lv_step){ node->parent[at_r], (uint8_t)bits };
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

int lv_digraph_close(struct lv_digraph *g, uint32_t from, uint32_t to, uint8_t bit, uint8_t mask)
{
    unsigned new_bits = ((unsigned)bit | (unsigned)bit >> 4) & LV_DEP_UNTIMED;
    unsigned start_r = (new_bits & (LV_DEP_ER | LV_DEP_SR)) != 0;
    /* A shared holder at the start of the new edge is no obstacle for a recursive reader that arrives there. */
    bool want_blocking = (new_bits & (LV_DEP_SR | LV_DEP_SN)) != 0;
    uint32_t head = 0, tail = 0;
    int r = prepare(g);

    if (r < 0)
        return r;
    if (from >= g->nodes.count || to >= g->nodes.count)
        return 0;
    /* A lock that is new at its end of the edge closes nothing: the common case when a structure is built. */
    if (((struct lv_node *)lv_vec_at(&g->nodes, from))->in == 0 ||
        ((struct lv_node *)lv_vec_at(&g->nodes, to))->out == 0)
        return 0;
    if (!reach(g, to, start_r, 0, 0))
        return 0;
    g->queue[tail++] = to << 1 | start_r;
    while (head < tail) {
        uint32_t state = g->queue[head++];
        unsigned last_r = state & 1;
        const struct lv_node *node = lv_vec_at(&g->nodes, state >> 1);

        for (uint32_t number = node->out; number != 0;) {
            const struct lv_edge *edge = lv_digraph_edge(g, number);
            unsigned bits = edge->bits & mask;

            for (unsigned next_r = 0; next_r < 2; next_r++) {
                if ((bits & hop_bits(last_r, next_r)) == 0 || !reach(g, edge->to, next_r, number, last_r))
                    continue;
                if (edge->to == from && (next_r == 0 || !want_blocking))
                    return write_path(g, to, start_r, from, next_r, mask);
                g->queue[tail++] = edge->to << 1 | next_r;
            }
            number = edge->next;
        }
    }
    return 0;
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
        const struct lv_node *node = lv_vec_at(&g->nodes, at);
        const struct lv_edge *edge = lv_digraph_edge(g, node->parent[at_weak]);
        unsigned bits = edge->bits & mask & back_bits(node->parent_r[at_weak], at_weak);

        g->path[length++] = (struct lv_step){ node->parent[at_weak], (uint8_t)bits };
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
    if (!reach(g, start, weak, 0, 0))
        return 0;
    if (look(arg, start, weak))
        return 1;
    g->queue[tail++] = start << 1 | (weak ? 1 : 0);
    while (head < tail) {
        uint32_t state = g->queue[head++];
        unsigned last = state & 1;
        const struct lv_node *node = lv_vec_at(&g->nodes, state >> 1);

        for (uint32_t number = backwards ? node->in : node->out; number != 0;) {
            const struct lv_edge *edge = lv_digraph_edge(g, number);
            uint32_t to = backwards ? edge->from : edge->to;

            for (unsigned next = 0; next < 2; next++) {
                unsigned bits = edge->bits & mask & (backwards ? back_bits(last, next) : hop_bits(last, next));

                if (bits == 0 || !reach(g, to, next, number, last))
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
