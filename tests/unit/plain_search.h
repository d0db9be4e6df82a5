/* SPDX-License-Identifier: MIT */
#ifndef UNIT_PLAIN_SEARCH_H
#define UNIT_PLAIN_SEARCH_H

#include "graph/digraph.h"

/*
 * A search for strong paths that knows no order: what lv_digraph_close() is held against, in its answers by a test and in its
 * cost by a benchmark. It goes breadth first over the states (node, last hop by a recursive reader?), from the graph's own
 * lists, with marks of its own.
 */
struct plain_search {
    uint32_t search; /* number of the last */
    uint32_t (*seen)[2], (*parent)[2];
    uint8_t (*parent_r)[2];
    uint32_t *queue;
    struct lv_step *path; /* as that of the graph */
};

/* For graphs with nodes up to @nodes. Null without memory. */
struct plain_search *plain_new(uint32_t nodes);
void plain_free(struct plain_search *plain);

/* Those of @bits, timed or not, by which a path goes on that came by a recursive reader, or not (@last_r), so that it then comes
 * by one, or not (@next_r). */
unsigned plain_hop_bits(unsigned bits, unsigned last_r, unsigned next_r);

/* What lv_digraph_close() is to say, with the path in plain->path. */
int plain_close(struct plain_search *plain, const struct lv_digraph *g, uint32_t from, uint32_t to, uint8_t bit,
                uint8_t mask);

#endif
