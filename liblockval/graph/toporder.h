/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_TOPORDER_H
#define LV_GRAPH_TOPORDER_H

#include "base/types.h"

/*
 * An order of the dependency graph that says of most new edges, without a search, that they close nothing.
 *
 * A node has two *halves*. Half 0 is arrived at by a blocking acquisition and left by a shared holder, half 1 is arrived at
 * by a recursive reader and left by an exclusive holder; a step leads from half 0 to half 1 of the same node. So each
 * dependency bit is one step between two halves, and a strong path is just a path: who arrives at half 1, a recursive
 * reader, finds no way on to what a shared holder waits for. A cycle of halves is a strong cycle.
 *
 * Every half belongs to a *component*: halves that reach each other. Without a finding each half is a component of its own.
 * Components have an order: by *level*, and on one level by *place*. No step leads from one component to an earlier one.
 *
 * Timed dependencies and nodes that are passed by count like all others here: who searches leaves out what does not count.
 * Likewise a component may be larger than it would have to be once edges were removed from it.
 *
 * Algorithm: docs/adr/0026-incremental-order.md. Protected by the owner's lock, all of it.
 */
struct lv_digraph;
struct lv_edge;

enum {
    LV_TOPORDER_LEVELS = 1 << 30, /* when there are so many, all begin anew on one */
    LV_TOPORDER_LOOK_LEAST = 16   /* edges to look at, at least, before a level is raised */
};

/* A half by its number: twice the node's, and which half. */
struct lv_half {
    uint32_t level;
    uint32_t place;     /* of the component on its level; valid in the half that stands for it */
    uint32_t component; /* the half that stands for all of it */
    uint32_t next;      /* another half of the component, in a circle */
    uint32_t size;      /* of the component; valid in the half that stands for it */
    uint32_t mark[2];   /* number of the walk that last reached it, forwards or backwards */
    uint32_t seen;      /* search: its number when it last came here; see graph/digraph.h */
    uint32_t parent;    /* search: edge by which it was reached */
};

struct lv_toporder {
    uint32_t walk;               /* number of the last walk */
    uint32_t look_most;          /* edges to look at backwards before a level is raised */
    uint32_t highest;            /* level */
    uint32_t next_place;         /* those that are in use are above */
    uint32_t levels_max, places; /* LV_TOPORDER_LEVELS and UINT32_MAX, but for tests */
    /* Since .look_most was last set, edges looked at forwards and backwards. */
    uint32_t forwards, backwards;
    uint64_t looks; /* at edges, in all */
};

void lv_toporder_init(struct lv_toporder *order);

/* A zeroed node begins. */
void lv_toporder_begin(struct lv_digraph *g, uint32_t node);

/* Give the edge, which is linked, the new bit @bit, one. There is room in g->queue for each half twice.
 * Cost: measured in docs/growth.md; in the worst case all nodes and edges. */
void lv_toporder_add(struct lv_digraph *g, struct lv_edge *edge, uint8_t bit);

/* The edge goes; it is not linked any more. */
void lv_toporder_remove(struct lv_digraph *g, const struct lv_edge *edge);

/* Were edges removed from the component of @half, so that it may have fallen apart? */
bool lv_toporder_is_stale(const struct lv_digraph *g, uint32_t half);

/* Find out what the component of @half consists of now. Cost: its halves and their edges. */
void lv_toporder_split(struct lv_digraph *g, uint32_t half);

/* The halves that a dependency bit, timed or not, leaves and arrives at. */
static inline uint32_t lv_toporder_left(uint32_t node, unsigned bit)
{
    return node << 1 | ((bit & 0x33) != 0 ? 1 : 0);
}

static inline uint32_t lv_toporder_met(uint32_t node, unsigned bit)
{
    return node << 1 | ((bit & 0x55) != 0 ? 1 : 0);
}

#endif
