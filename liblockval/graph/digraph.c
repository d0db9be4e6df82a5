/* SPDX-License-Identifier: MIT */
/* Nodes and edges. Whoever adds or removes an edge tells the order; the searches are in graph/digraph_search.c. */

#include "graph/digraph.h"

#include <errno.h>

int lv_digraph_init(struct lv_digraph *g, struct lv_arena *arena)
{
    uint32_t unused;

    *g = (struct lv_digraph){ .arena = arena, .blocks = { .arena = arena } };
    lv_vec_init(&g->nodes, arena, sizeof(struct lv_node));
    lv_vec_init(&g->edges, arena, sizeof(struct lv_edge));
    lv_table_init(&g->by_ends, arena);
    lv_toporder_init(&g->order);
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

/* What walks and searches need is there before the nodes are, so that an edge that was added can be ordered. */
static int make_queue(struct lv_digraph *g, uint32_t nodes)
{
    uint32_t size = g->queue_nodes != 0 ? g->queue_nodes : 64;
    uint32_t *queue;

    if (g->queue_nodes >= nodes)
        return 0;
    while (size < nodes)
        size *= 2;
    queue = lv_arena_alloc(g->arena, (size_t)size * 4 * sizeof(*queue));
    if (queue == NULL)
        return -ENOMEM;
    g->queue = queue;
    g->queue_nodes = size;
    return 0;
}

int lv_digraph_need_node(struct lv_digraph *g, uint32_t node)
{
    int r = make_queue(g, node + 1);

    while (r == 0 && g->nodes.count <= node) {
        uint32_t number;

        if (lv_vec_add(&g->nodes, &number) == NULL)
            return -ENOMEM;
        lv_toporder_begin(g, number);
    }
    return r;
}

/* Whether there is any edge is asked without the lock. */
static void count_live(struct lv_digraph *g, int more)
{
    __atomic_store_n(&g->live, g->live + (uint32_t)more, __ATOMIC_RELAXED);
}

/* Never 0, since node numbers of an edge differ. */
static uint64_t ends_key(uint32_t from, uint32_t to)
{
    return (uint64_t)from << 32 | to;
}

uint32_t lv_digraph_find(const struct lv_digraph *g, uint32_t from, uint32_t to)
{
    return lv_table_get(&g->by_ends, ends_key(from, to));
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
        count_live(g, 1);
    } else {
        edge = lv_digraph_edge(g, number);
    }
    fresh = (uint8_t)(bits & ~edge->bits);
    for (unsigned bit = 1; bit <= fresh; bit <<= 1) {
        if ((fresh & bit) != 0)
            lv_toporder_add(g, edge, (uint8_t)bit);
    }
    *ret_edge = number;
    return fresh;
}

void lv_digraph_remove(struct lv_digraph *g, uint32_t number)
{
    const struct lv_edge *edge = lv_digraph_edge(g, number);

    lv_table_remove(&g->by_ends, ends_key(edge->from, edge->to));
    unlink_edge(g, edge);
    lv_toporder_remove(g, edge);
    edge_free(g, number);
    count_live(g, -1);
}

void lv_digraph_detach(struct lv_digraph *g, uint32_t number)
{
    struct lv_edge *edge = lv_digraph_edge(g, number);

    lv_table_remove(&g->by_ends, ends_key(edge->from, edge->to));
    unlink_edge(g, edge);
    lv_toporder_remove(g, edge);
    edge->next = edge->prev = edge->next_in = edge->prev_in = 0;
    count_live(g, -1);
}

void lv_digraph_pass_by(struct lv_digraph *g, uint32_t node, bool pass_by)
{
    if (node < g->nodes.count)
        ((struct lv_node *)lv_vec_at(&g->nodes, node))->passed_by = pass_by;
}
