/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_GRAPH_H
#define CLI_PAGE_GRAPH_H

/*
 * The classes of a set and their edges as one graph: classes of several processes with one stable key are one node. Each node has a group, the
 * module that its locks are made in; a circle, if it is in one; each arrow says whether it follows from others.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/model.h"
#include "record/pool.h"

struct graph_node {
    size_t number;                 /* its place among the nodes */
    const char *name, *key;        /* key: the stable one, or what a finding has */
    const struct rec_class *class; /* that it was met as first; null: only a finding has it */
    size_t process_count;          /* that have it */
    size_t group;
    size_t circle;              /* classes with the same number reach each other; 0: none */
    size_t in_count, out_count; /* of arrows */
    uint64_t acquisitions;      /* of its locks, as far as they were counted */
    size_t chains;              /* that end with it */
    unsigned finding_count;     /* that it is in the circle of, or the subject */
};

struct graph_arrow {
    struct graph_node *from, *to;
    const struct rec_edge *edge; /* that it was met as first; null: only a finding has it */
    const char *kind;            /* empty: of locks; else what rec_step_kind_name() says */
    unsigned modes;
    uint64_t acquisitions, chains;
    bool implied; /* a longer way leads from one to the other, and no way back */
    unsigned finding_count;
};

struct graph {
    size_t node_count, arrow_count, group_count, circle_count;
    struct graph_node **nodes;
    struct graph_arrow **arrows;
    const char **groups; /* names of modules */
    size_t implied_count;

    struct rec_pool *pool;
    struct rec_index by_key, by_ends, by_class, by_group;
};

/* Cost: linear, and of implied arrows classes times arrows / 64; with more than 20 000 classes none is called implied. */
struct graph *graph_of(const struct rec_set *set, struct rec_finding *const *findings, size_t count);
void graph_free(struct graph *graph);

/* The node of what @lock is of; null: nothing is known of that. */
struct graph_node *graph_node_of(const struct graph *graph, const struct rec_lock *lock);

#endif
