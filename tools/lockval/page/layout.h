/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_LAYOUT_H
#define CLI_PAGE_LAYOUT_H

/*
 * Where Graphviz puts the nodes of a graph and leads its arrows. It is told sizes only and no names, so nothing that a program chose reaches it,
 * and its fonts do not matter. One call of it lays out many graphs. Lengths are pixels, from the upper left corner.
 */

#include <stdbool.h>
#include <stddef.h>

struct layout_node {
    double width, height; /* in */
    double x, y;          /* out: the middle */
};

struct layout_arrow {
    size_t from, to; /* in: nodes by number */
    size_t label;    /* in: characters of its label, 0: none */
    size_t
        point_count; /* out: 1 + 3n points of Bézier curves, from the rim of a node to that of the other; 0: it was not led */
    double *points; /* out: x, y, x, y, ... */
    double label_x, label_y;
};

struct layout {
    size_t node_count, arrow_count;
    struct layout_node *nodes;
    struct layout_arrow *arrows;
    double width, height; /* out; 0 and 0: there is none */
};

enum layout_result {
    LAYOUT_DONE,
    LAYOUT_MISSING, /* Graphviz is not installed */
    LAYOUT_FAILED   /* or needs too long */
};

/* @attributes: of each graph, for Graphviz ("rankdir=LR;"). */
enum layout_result layout_run(struct layout *graphs, size_t count, const char *engine, const char *attributes,
                              unsigned timeout_s);

/* A graph of zeroed nodes and arrows. */
struct layout layout_new(size_t node_count, size_t arrow_count);
void layout_free(struct layout *graph);

#endif
