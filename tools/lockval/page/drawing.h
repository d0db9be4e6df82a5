/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_DRAWING_H
#define CLI_PAGE_DRAWING_H

/*
 * The circle of a finding as a drawing: of an order the locks, with an arrow from what was held to what was wanted; of threads that are stuck
 * the threads, with an arrow to whom each waits for.
 */

#include "page/layout.h"
#include "page/parts.h"

struct drawing_node {
    char *text;
    const char *title;
    unsigned colour;
    bool thread;
};

struct drawing_arrow {
    char *label;
    long column; /* of the scenario, whose wait it is; -1: none */
    bool circle; /* it is a part of the circle */
};

struct drawing {
    struct layout layout;
    struct drawing_node *nodes;
    struct drawing_arrow *arrows;
};

/* All nodes and arrows, not laid out; without nodes where there is nothing to draw. */
struct drawing drawing_of(struct page *page, const struct rec_finding *finding);
void drawing_free(struct drawing *drawing);

/* Draw what was laid out. */
void drawing_put(struct page *page, const struct drawing *drawing, size_t number);

/* The width of @text as it is drawn. */
double drawing_text_width(const char *text);

#endif
