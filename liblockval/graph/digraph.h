/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_DIGRAPH_H
#define LV_GRAPH_DIGRAPH_H

#include "base/types.h"
#include "graph/edge.h"
#include "graph/table.h"
#include "graph/toporder.h"
#include "graph/vec.h"

/*
 * The dependency graph: nodes are classes (or, within one class, instances), an edge A -> B says that B was waited for
 * while A was held. Each edge carries the ways in which that happened, lockdep's four dependency bits:
 *
 *     first letter, how A was held:   E exclusively   S shared (any reader)
 *     second letter, how B was taken: N a writer, or a reader that blocks   R a recursive reader, who passes a writer
 *
 * A closed path can deadlock when it is *strong*: nowhere does an -(xR)-> lead into a -(Sx)->, since a recursive reader
 * does not wait for another reader. Whether a path is strong depends on the last hop only, so the search goes over states
 * (node, was the last hop xR). One visited mark a node would be too few: a node first reached by a recursive reader would
 * hide the way on that only a blocking acquisition opens.
 *
 * The low four bits are dependencies that wait without limit, the high four the same through an acquisition with a
 * timeout.
 *
 * Idea: lockdep-design.rst, "Recursive read locks". Protected by the owner's lock, all of it.
 */
enum {
    LV_DEP_ER = 1,
    LV_DEP_EN = 2,
    LV_DEP_SR = 4,
    LV_DEP_SN = 8,
    LV_DEP_UNTIMED = 0x0f,
    LV_DEP_ALL = 0xff
};

struct lv_node {
    uint32_t out, in; /* first edge that leaves it, and that leads to it; 0: none */
    bool passed_by;   /* no path leads through it: its edges are kept, and do not count */
    uint8_t ways_in;  /* order: LV_DEP_ bits of edges into it, those that are gone included, while there is an edge; */
    uint8_t ways_out; /* the same of edges out of it */
    uint8_t stale;    /* order: 1, 2: an edge of the component that half 0, half 1 stands for was removed */
    uint8_t parent_r[2];    /* search: the state from which (node, xR?) was reached */
    struct lv_half half[2]; /* one for each state */
};

/* One edge of a path. */
struct lv_step {
    uint32_t edge;
    uint8_t bits; /* those of the edge's bits by which the path is strong here */
};

struct lv_digraph {
    struct lv_arena *arena;
    struct lv_vec nodes; /* struct lv_node */
    struct lv_vec edges; /* struct lv_edge; number 0 is not used */
    uint32_t live;       /* atomic, written under the owner's lock: edges that were not removed */
    struct lv_edge_blocks blocks;
    uint32_t removed; /* first removed edge, whose number is used again; 0: none */
    struct lv_table by_ends;
    struct lv_toporder order;
    uint32_t search; /* number of the last search */
    uint32_t *queue; /* 4 * queue_nodes states, at least that many nodes there are */
    uint32_t queue_nodes;
    struct lv_step *path; /* result of the last search; room for 2 * path_nodes */
    uint32_t path_nodes;
};

int lv_digraph_init(struct lv_digraph *g, struct lv_arena *arena) LV_MUST_CHECK;

/* Forget all nodes and edges; their memory is used again. Returns 0 or -ENOMEM. */
int lv_digraph_clear(struct lv_digraph *g) LV_MUST_CHECK;

/* Make sure that nodes 0 to @node exist. Returns 0 or -ENOMEM. */
int lv_digraph_need_node(struct lv_digraph *g, uint32_t node) LV_MUST_CHECK;

static inline uint8_t lv_dep_bit(enum lv_mode held, enum lv_mode wanted, bool timed)
{
    unsigned bit = (held == LV_WRITE ? (unsigned)LV_DEP_ER : (unsigned)LV_DEP_SR)
                   << (wanted == LV_READ_RECURSIVE ? 0 : 1);

    return (uint8_t)(timed ? bit << 4 : bit);
}

static inline struct lv_edge *lv_digraph_edge(const struct lv_digraph *g, uint32_t edge)
{
    return lv_vec_at(&g->edges, edge);
}

static inline struct lv_node *lv_digraph_node(const struct lv_digraph *g, uint32_t node)
{
    return lv_vec_at(&g->nodes, node);
}

static inline struct lv_half *lv_digraph_half(const struct lv_digraph *g, uint32_t half)
{
    return &lv_digraph_node(g, half >> 1)->half[half & 1];
}

/* The edge @from -> @to, or 0. */
uint32_t lv_digraph_find(const struct lv_digraph *g, uint32_t from, uint32_t to);

/*
 * Add the dependency @bits to the edge @from -> @to, two different nodes.
 * Returns the bits that are new (0: nothing new), or -ENOMEM; the edge's number in @ret_edge. Cost: lv_toporder_add().
 */
int lv_digraph_add(struct lv_digraph *g, uint32_t from, uint32_t to, uint8_t bits, uint32_t *ret_edge) LV_MUST_CHECK;

/* Forget @edge; its number is used again, and its list of witnesses. The caller sees to the witnesses themselves. */
void lv_digraph_remove(struct lv_digraph *g, uint32_t edge);

/* @edge is found no more, and no path leads over it. It stays what it is, with its number and its witnesses, for those who
 * know it by that. */
void lv_digraph_detach(struct lv_digraph *g, uint32_t edge);

/* From now on paths lead through @node, or (@pass_by) do not. A node that does not exist yet is not made. */
void lv_digraph_pass_by(struct lv_digraph *g, uint32_t node, bool pass_by);

/*
 * Does the new dependency @from -> @to with the one bit @bit close a strong path? Looks for a shortest strong path @to
 * to @from over edges that have a bit of @mask, and over no node that is passed by, these two included. The path may
 * pass a node twice, in its two states.
 * Returns the number of its edges, found in g->path from @to on until the next search; 0: none; -ENOMEM.
 * Cost: if the graph has that dependency, and it closes no strong path with the timed ones and the nodes that are passed by
 * counted in, O(1); else O(nodes + edges) of its component, or below the level of @from; no recursion.
 */
int lv_digraph_close(struct lv_digraph *g, uint32_t from, uint32_t to, uint8_t bit, uint8_t mask) LV_MUST_CHECK;

/*
 * Look round in the graph from @start on, over strong paths that have a bit of @mask: forwards, where @weak says that
 * @start was taken recursively, or backwards, where it says that @start is held shared by who goes on. @look is asked of
 * every node that is met, @start first, in the order of distance; with @weak if, forwards, only a recursive reader
 * arrives there, or, backwards, if only a shared holder leaves it by this path. A node may be met in both ways. It
 * returns whether the search ends here.
 * Returns 1 if it did, with the path from @start there, or backwards from there to @start, in g->path, and its length in
 * @ret_length (0: @start itself); 0 if not; -ENOMEM. Cost: O(nodes + edges), no recursion.
 */
typedef bool lv_digraph_look(void *arg, uint32_t node, bool weak);

int lv_digraph_seek(struct lv_digraph *g, uint32_t start, bool weak, bool backwards, uint8_t mask,
                    lv_digraph_look *look, void *arg, uint32_t *ret_length) LV_MUST_CHECK;

#endif
