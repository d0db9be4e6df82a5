/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_MAP_H
#define CLI_PAGE_MAP_H

/*
 * The graph of all classes, and that of the modules, laid out. Arrows that follow from others are not given to Graphviz: without them a drawing is
 * quicker and says more; the script can draw them.
 */

#include "page/layout.h"
#include "page/parts.h"

struct map {
    struct layout classes; /* nodes as in the graph */
    size_t *arrow_of;      /* of each arrow there: its number in the graph */
    struct layout groups;  /* modules as in the graph; without arrows where there is one only */
    const char *engine;    /* empty: there is no layout */
    const char *problem;   /* why; empty: there is one */
};

struct map map_of(const struct page *page);
void map_free(struct map *map);

#endif
