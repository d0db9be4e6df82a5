/* SPDX-License-Identifier: MIT */
#ifndef CLI_STAT_GRAPH_H
#define CLI_STAT_GRAPH_H

/*
 * The classes, edges and chains of all processes of a set as one graph. Classes of different processes are one if their keys are
 * the same.
 */

#include "stat/input.h"

struct stat_node {
    size_t number;                 /* in the graph, from 0 */
    const struct rec_class *class; /* as it was met first */
    char usage[5];                 /* of all processes: what one saw and another did not is seen */
    enum rec_standing standing;
    uint64_t acquisitions;
    size_t forward,
        backward; /* classes that can be reached from it, and that it can be reached from, itself included */
    size_t out_count;
    struct stat_link **out; /* in the order in which they were met */
};

struct stat_link {
    struct stat_node *from, *to;
    unsigned modes;
    uint64_t acquisitions, chains;
};

struct stat_chain_link {
    const struct stat_node *node;
    enum rec_mode mode;
    unsigned flags;
};

struct stat_chain {
    size_t count;
    struct stat_chain_link *links;
    unsigned level;
    uint64_t acquisitions;
};

struct stat_graph {
    size_t node_count, link_count, chain_count, process_count, unended; /* .unended: processes without counts */
    struct stat_node **nodes;
    struct stat_link **links;
    struct stat_chain **chains;
    size_t depth; /* of the deepest chain */
    size_t merged; /* merged records, which are no processes and have no chains and no counts of classes */
    uint64_t runs; /* that went into these */
};

struct stat_graph *stat_graph_of(const struct rec_set *set);
void stat_graph_free(struct stat_graph *graph);

/* Fill in .forward and .backward of all nodes. Cost: a walk over the graph for each node. */
void stat_graph_reach(struct stat_graph *graph);

/* "ER,SN": the words of an edge's modes; memory to free. */
char *stat_modes_text(unsigned modes);
json_t *stat_modes_json(unsigned modes);

/* The words of flags: "try", ... */
json_t *stat_flags_json(unsigned flags);

#endif
