/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_UNIT_ORACLE_H
#define LV_TESTS_UNIT_ORACLE_H

/*
 * What the engine ought to find, worked out the slow and plain way: dependencies in a matrix, strong reachability by
 * multiplying matrices over the states (node, last hop xR?) until nothing changes. It shares no code with the library but
 * the names of modes and bits.
 */

#include "graph/digraph.h"
#include "report/report.h"

enum {
    ORACLE_NODES = 24, /* a state set must fit into 64 bits */
    ORACLE_HELD = 8,
    ORACLE_THREADS = 4
};

/* A set of states: bit 2 * node + (last hop xR). */
typedef uint64_t oracle_states;

struct oracle_graph {
    unsigned nodes;
    uint8_t bits[ORACLE_NODES][ORACLE_NODES]; /* LV_DEP_* */
};

/* The states that one hop over dependencies of @mask leads to from @from. */
oracle_states oracle_hop(const struct oracle_graph *g, oracle_states from, uint8_t mask);

/*
 * The length of a shortest strong path that closes the new dependency @from -> @to of the one bit @bit, over
 * dependencies of @mask; 0: none.
 */
unsigned oracle_close(const struct oracle_graph *g, unsigned from, unsigned to, uint8_t bit, uint8_t mask);

/* Can the same nodes reach the same nodes in both graphs, in the same ways? A hop that ends in a recursive reader is no
 * loss where one that blocks exists too. */
bool oracle_same_reach(const struct oracle_graph *a, const struct oracle_graph *b, uint8_t mask);

struct oracle_held {
    unsigned class, instance, mode, flags, again;
};

struct oracle_counts {
    unsigned circular[LV_VERDICT_NEVER]; /* findings by verdict */
    unsigned recursive[LV_VERDICT_NEVER];
    unsigned
        nested; /* recursive ones of classes with an explicit key: each chain is asked once, so fewer are right too */
    bool nested_first; /* but not none at all: the class was never nested before */
    unsigned shortest; /* of the circular ones, the length of each cycle in hops of 5 bits, first finding lowest */
};

/*
 * A whole program. Each graph is kept twice: as the rule of direct dependencies says, which is what the engine does, and
 * with a dependency from every held lock, which is what is true. Both must mean the same.
 */
struct oracle {
    struct oracle_graph classes, all_classes;
    struct oracle_graph instances, all_instances; /* order within one class */
    bool explicit_class[ORACLE_NODES];
    bool was_nested[ORACLE_NODES];
    struct oracle_held held[ORACLE_THREADS][ORACLE_HELD];
    unsigned depth[ORACLE_THREADS];
};

/* The findings that an acquisition ought to make; the lock is held afterwards. */
struct oracle_counts oracle_acquire(struct oracle *o, unsigned thread, struct oracle_held lock);

void oracle_release(struct oracle *o, unsigned thread, unsigned instance);

#endif
