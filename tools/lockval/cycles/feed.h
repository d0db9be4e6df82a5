/* SPDX-License-Identifier: MIT */
#ifndef CLI_CYCLES_FEED_H
#define CLI_CYCLES_FEED_H

/*
 * In which order edges are put into the library's graph, when all of them are known. Its order of nodes (graph/toporder.h) is made
 * for edges that come as a program makes them, and moves nodes when they come in an unlucky order. Where what is taken first is put in
 * first nothing has to move; and of a part in which everything reaches everything, a tree out of one of its nodes and one back to it
 * make it one part at once.
 */

#include <stddef.h>

#include "contract/levels.h"

/* The numbers of the @count arcs over @nodes nodes in that order; memory to free. Cost: n log n. */
size_t *cy_feed_order(size_t nodes, const struct contract_arc *arcs, size_t count);

#endif
