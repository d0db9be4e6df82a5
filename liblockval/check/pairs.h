/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_PAIRS_H
#define LV_CHECK_PAIRS_H

#include "check/circular.h"
#include "graph/chains.h"

/*
 * The pair store: which instances of one class were nested, and in which order. A pair is an edge between two instances.
 *
 * It is bounded for each class: a class that nests more pairs than are kept loses all it has and learns anew, and the store
 * says so; other classes lose nothing. It follows the instances' lives: an instance whose life ends takes its pairs with it,
 * and their memory is used again. An instance is known here by its address, and one address has one instance: another one
 * that turns up there says that the first is gone. Why so: docs/adr/0020-pairs-and-watch.md.
 *
 * Protected by the owner's lock, all of it; lv_pairs_knows() by nothing.
 */
struct lv_pairs {
    struct lv_arena *arena;
    struct lv_digraph order;       /* nodes are instances */
    struct lv_vec instances;       /* struct lv_pairs_instance, numbered as the nodes; number 0 is not used */
    struct lv_table node_at;       /* address -> node */
    struct lv_witnesses witnesses; /* of these edges; each edge has its own */
    struct lv_vec classes;         /* struct lv_pairs_class; number 0 is not used */
    struct lv_table class_of;      /* class id -> number */
    struct lv_chains chains;       /* chains that ended in a pair of instances */
    uint32_t class_max;            /* edges kept of one class */
    uint32_t chains_max;           /* chains kept */
    uint32_t free_node;            /* first node that no instance has, linked through .uid; 0: none */
    uint32_t forgotten;            /* how often a class lost its pairs because it had too many */
    uint32_t news;                 /* the edge that got a witness last; whoever has seen it clears it */
    uint64_t retired;              /* instances whose life ended */
};

struct lv_pairs_instance {
    uintptr_t address; /* 0: no instance has this node */
    uint64_t uid;
    uint32_t class; /* number in classes; of several subclasses, the first it was nested in: its edges count for that */
};

struct lv_pairs_class {
    lv_class_id class;
    uint32_t edges;
    uint32_t forgotten; /* how often it lost its pairs */
};

enum {
    LV_PAIRS_CLASS = 16384, /* pairs of one class */
    LV_PAIRS_CHAINS = 131072,
    LV_PAIRS_WITNESSES = 4 /* of one pair, but for those that are first of their kind of dependency */
};

/* A thread takes a lock while it holds another one of the class. */
struct lv_pair_seen {
    const struct lv_witness *whole; /* the acquisition */
    uint32_t held;                  /* the number of that other lock in it */
    bool lost;                      /* more like it are not recorded: the pair has lost evidence */
    bool watched; /* it is looked at though its like is known: what is not kept of it is not lost (engine/watch.h) */
};

/* A pair that was nested: its edge, how it was nested, and the acquisition. */
struct lv_pair {
    uint32_t edge;
    uint8_t bit;
    struct lv_edge_witness at;
};

int lv_pairs_init(struct lv_pairs *pairs, struct lv_arena *arena) LV_MUST_CHECK;

/*
 * Count one more walker of @chain, which ends in a pair of instances (lv_chains_walk()). One pair may end very many chains;
 * when they are too many, they are forgotten, and what was learned from them is not.
 */
int lv_pairs_walk(struct lv_pairs *pairs, uint64_t chain) LV_MUST_CHECK;

/* Learn from @nested. Returns 1 when the pair is new in its kind of dependency, filled in at @ret, 0 when not, -ENOMEM. */
int lv_pairs_learn(struct lv_pairs *pairs, const struct lv_pair_seen *nested, struct lv_pair *ret) LV_MUST_CHECK;

/* How often the pairs of @class were forgotten: what is known of it now is not all that was seen. */
uint32_t lv_pairs_forgotten(const struct lv_pairs *pairs, lv_class_id class);

/*
 * A number that goes into the keys of chains that end in a pair of @class. It changes when pairs were forgotten, and the
 * threads' caches are emptied then, so that every thread tells its pairs again; but less and less often, so that a class that is too large for ever does not make every
 * acquisition a slow one.
 */
static inline uint8_t lv_pairs_epoch(uint32_t forgotten)
{
    return (uint8_t)(forgotten != 0 ? 32 - __builtin_clz(forgotten) : 0);
}

/* Is @edge the pair of these two instances? */
bool lv_pairs_is(const struct lv_pairs *pairs, uint32_t edge, uint64_t held_uid, uint64_t wanted_uid);

/* Has the instance at @address pairs? Context: any registered thread, guard held. */
static inline bool lv_pairs_knows(const struct lv_pairs *pairs, uintptr_t address)
{
    return __atomic_load_n(&pairs->order.live, __ATOMIC_RELAXED) != 0 && lv_table_find(&pairs->node_at, address) != 0;
}

/* The life of the instance at @address has ended, if it is known; or that of all in [@start, @end), at the cost of a
 * look-up for every place where one may lie, or of all instances if they are fewer. */
void lv_pairs_retire(struct lv_pairs *pairs, uintptr_t address);
void lv_pairs_retire_range(struct lv_pairs *pairs, uintptr_t start, uintptr_t end);

/* What it takes of the arena. */
size_t lv_pairs_bytes(const struct lv_pairs *pairs);

#endif
