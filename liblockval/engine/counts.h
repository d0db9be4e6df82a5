/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_COUNTS_H
#define LV_ENGINE_COUNTS_H

#include "base/hash.h"
#include "graph/table.h"
#include "graph/vec.h"

/*
 * How often, and from how many call sites, each edge was made. Nothing is counted for it on the fast path: the entries of the
 * threads' private caches have counts of their own, and whoever wants to know walks them all. An entry names its chain; the
 * first walk of a chain leaves here which edges it makes. What an entry that is overwritten had counted goes to its place.
 *
 * A place is a chain taken from one call site, the same in all threads.
 */
struct lv_context;
struct lv_cache_slot;
struct lv_acquisition;

struct lv_counts {
    struct lv_table links_of; /* key of a chain -> its first link; owner's lock for writing */
    struct lv_vec links;      /* struct lv_link; number 0 is not used; owner's lock */
    struct lv_vec places;     /* struct lv_place; number 0 is not used; owner's lock for adding */
    struct lv_table place_at; /* lv_counts_place() -> number of the place; owner's lock for writing */
};

/* An edge that a chain makes by its last acquisition. Those of one chain lie one after another. */
struct lv_link {
    uint32_t from, to; /* classes */
    bool last;
};

struct lv_place {
    uint64_t chain;    /* its key; 0: none that is counted; constant after init */
    uint64_t hits;     /* atomic: acquisitions that no cache entry counts any more, or ever did */
    lv_stack_id stack; /* of the first acquisition here; constant after init */
    uint32_t links;    /* of the chain: the first, 0: it makes no edges; constant after init */
};

enum {
    LV_COUNT_SITES = 32 /* call sites that are told apart for one edge */
};

/* What was counted of the edge from -> to. */
struct lv_edge_count {
    uint32_t from, to; /* classes; set by the caller */
    uint64_t hits;
    uint32_t sites; /* distinct ones, at most LV_COUNT_SITES */
    bool more_sites;
    lv_stack_id stack; /* taken from one of the sites */
    uintptr_t site[LV_COUNT_SITES];
};

/* What it takes of the arena. Context: lock held. */
size_t lv_counts_bytes(const struct lv_counts *counts);

int lv_counts_init(struct lv_counts *counts, struct lv_arena *arena) LV_MUST_CHECK;

/*
 * A thread walks a chain the slow way: lv_counts_begin() before, lv_counts_link() for each edge that @a makes, then
 * lv_counts_end(). Without memory something is not counted. Context: lock held in between.
 */
uint32_t lv_counts_begin(const struct lv_counts *counts);
void lv_counts_link(struct lv_counts *counts, uint32_t from, uint32_t to);
void lv_counts_end(struct lv_context *ctx, uint32_t begun, const struct lv_acquisition *a);

/* What the place is called where @site takes a lock by which the chain with the key @chain is made; @born is the number of the
 * site's module (engine/unload.h). In all contexts the same, in all threads and for every pair of instances. */
static inline uint64_t lv_counts_place(uint64_t chain, uint64_t born, uintptr_t site)
{
    return lv_hash_mix(chain + born, site) | 1;
}

/* The stack of the first acquisition at @place; 0: nobody came from there. Context: registered thread, guard held. */
lv_stack_id lv_counts_stack_at(const struct lv_context *ctx, uint64_t place);

/* Somebody came to @place with @stack. Keeps what the first one had. Returns 0 or -ENOMEM. Context: lock held. */
int lv_counts_note_place(struct lv_context *ctx, uint64_t place, uint64_t chain, lv_stack_id stack) LV_MUST_CHECK;

/* The acquisition @a, which is not going to be in a cache entry. Context: registered thread, guard held. */
void lv_counts_uncached(struct lv_context *ctx, const struct lv_acquisition *a);

/* @slot of the calling thread's cache is about to be another one. Context: registered thread, guard held. */
void lv_counts_evict(struct lv_context *ctx, const struct lv_cache_slot *slot);

/*
 * Count the @n edges in @edges. Acquisitions that other threads make meanwhile may be missed; else the counts are exact,
 * as long as no thread took a chain from one site four thousand million times.
 * Context: registered thread, guard held; the lock may be held and need not. Cost: a look at each entry of all threads'
 * caches, and at all places.
 */
void lv_counts_collect(struct lv_context *ctx, struct lv_edge_count *edges, uint32_t n);

/* What was counted of one edge. */
struct lv_edge_sum {
    uint64_t hits;
    uint64_t chains; /* that make it */
};

/* Count all edges of the graph, edge number i in @sums[i], which is zeroed. Context: lock held. Cost: a look at each entry of all
 * threads' caches, and at all places. */
void lv_counts_sum(struct lv_context *ctx, struct lv_edge_sum *sums);

/* How often each chain was walked: sums[n] is that of the chain whose key @number_of leads to n. @sums is zeroed. Context and cost
 * as above. */
void lv_counts_sum_chains(struct lv_context *ctx, const struct lv_table *number_of, uint64_t *sums);

/* The site of @stack is one of the edge's, too. Context: any thread. */
void lv_counts_add_site(const struct lv_context *ctx, struct lv_edge_count *edge, lv_stack_id stack);

#endif
