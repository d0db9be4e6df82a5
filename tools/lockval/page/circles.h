/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_CIRCLES_H
#define CLI_PAGE_CIRCLES_H

/*
 * Which nodes of a graph reach each other, and which arrows follow from others.
 */

#include "page/graph.h"

/* Set .circle of the nodes, .circle_count, .implied of the arrows, .implied_count. */
void circles_find(struct graph *graph);

#endif
