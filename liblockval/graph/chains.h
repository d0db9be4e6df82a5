/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_CHAINS_H
#define LV_GRAPH_CHAINS_H

#include "graph/table.h"

/*
 * The chains that were validated: a chain is what a thread holds, in order, and what it takes next, folded into a 64-bit
 * key. A chain that is known needs no look at the graph (idea: lockdep's chain cache). A thread's private cache stands
 * before this table; a thread comes here when it walks a chain for the first time.
 *
 * The value counts the threads that walked the chain, so that the first few can leave their evidence, and says when
 * there is nothing more to learn from it. (A thread counts again when it comes from another call site, or in another
 * segment of its life.)
 */
struct lv_chains {
    struct lv_table known;
    uint32_t count; /* owner's lock */
};

enum {
    LV_CHAIN_WALKERS = 4, /* threads whose own stacks are taken */
    LV_CHAIN_EVIDENCE =
        16, /* threads whose acquisitions may be witnesses of the chain's edges; the next only leaves word
                               that evidence was lost */
    LV_CHAIN_FINISHED = LV_CHAIN_EVIDENCE + 1 /* walkers of a chain that no thread learns from any more */
};

void lv_chains_init(struct lv_chains *chains, struct lv_arena *arena);

/* Forget all chains. Context: owner's lock held. */
void lv_chains_clear(struct lv_chains *chains);

/* How many threads walked the chain @key; 0: it is new. Context: any registered thread. */
uint32_t lv_chains_walkers(const struct lv_chains *chains, uint64_t key);

/* The same. Context: owner's lock held. */
uint32_t lv_chains_known(const struct lv_chains *chains, uint64_t key);

/* Nothing more is learned from the chain @key. Returns 0 or -ENOMEM. Context: owner's lock held. */
int lv_chains_finish(struct lv_chains *chains, uint64_t key) LV_MUST_CHECK;

/* Count one more walker. Returns 0 or -ENOMEM. Context: owner's lock held. */
int lv_chains_walk(struct lv_chains *chains, uint64_t key) LV_MUST_CHECK;

#endif
