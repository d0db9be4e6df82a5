/* SPDX-License-Identifier: MIT */
/*
 * Which engine: dot draws orders, from top to bottom, and is what a reader wants; its time grows faster than the graph, and not
 * only with its size, so it gets some seconds, and sfdp, which is quick, what dot cannot do. A graph that is small enough is laid out
 * both from top to bottom and from left to right, and what is seen larger is taken.
 */

#include "page/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "page/drawing.h"

#define DOT_ATTRIBUTES "nodesep=0.15; ranksep=0.35; pack=12; packmode=\"graph\";"

enum {
    DOT_MAX_ARROWS = 6000,
    DOT_SECONDS = 12,
    SFDP_MAX_NODES = 20000,
    SFDP_SECONDS = 40,
    SIDEWAYS_MAX_NODES = 500,
    SCREEN_WIDTH = 900, /* of what the page shows of it */
    SCREEN_HEIGHT = 650,
    NODE_HEIGHT = 26,
    NODE_PADDING = 16,
    NAME_MAX_WIDTH = 30 /* as in graph.js */
};

static double width_of(const char *name)
{
    char *shown = page_text_short(name, NAME_MAX_WIDTH);
    double width = drawing_text_width(shown) + NODE_PADDING;

    free(shown);
    return width;
}

static void fill_classes(struct map *map, const struct graph *graph)
{
    size_t arrows = 0;

    map->classes = layout_new(graph->node_count, graph->arrow_count - graph->implied_count);
    map->arrow_of = cli_alloc(graph->arrow_count + 1, sizeof(size_t));
    for (size_t i = 0; i < graph->node_count; i++)
        map->classes.nodes[i] = (struct layout_node){ .width = width_of(graph->nodes[i]->name), .height = NODE_HEIGHT };
    for (size_t i = 0; i < graph->arrow_count; i++) {
        const struct graph_arrow *arrow = graph->arrows[i];

        if (arrow->implied)
            continue;
        map->arrow_of[arrows] = i;
        map->classes.arrows[arrows++] = (struct layout_arrow){ .from = arrow->from->number, .to = arrow->to->number };
    }
}

static void fill_groups(struct map *map, const struct graph *graph)
{
    struct rec_index seen = { 0 };
    size_t arrows = 0;

    map->groups = layout_new(graph->group_count, graph->arrow_count);
    for (size_t i = 0; i < graph->group_count; i++)
        map->groups.nodes[i] =
            (struct layout_node){ .width = width_of(graph->groups[i]) + 40, .height = NODE_HEIGHT + 10 };
    for (size_t i = 0; i < graph->arrow_count; i++) {
        size_t from = graph->arrows[i]->from->group, to = graph->arrows[i]->to->group;
        void **place = rec_index_at(&seen, (uint64_t)from << 32 | to);

        if (*place == NULL && from != to)
            map->groups.arrows[arrows++] = (struct layout_arrow){ .from = from, .to = to };
        *place = map;
    }
    map->groups.arrow_count = arrows;
    rec_index_free(&seen);
}

static enum layout_result lay_out_by(struct map *map, const char *engine, const char *attributes, unsigned timeout_s)
{
    struct layout both[2] = { map->classes, map->groups };
    enum layout_result result = layout_run(both, 2, engine, attributes, timeout_s);

    map->classes = both[0];
    map->groups = both[1];
    map->engine = result == LAYOUT_DONE ? engine : "";
    return result;
}

/* Lay out by the first engine that can. */
static const char *lay_out(struct map *map)
{
    enum layout_result result = LAYOUT_FAILED;

    map->engine = "";
    if (map->classes.node_count > SFDP_MAX_NODES)
        return "there are too many classes for a drawing";
    if (map->classes.arrow_count <= DOT_MAX_ARROWS)
        result = lay_out_by(map, "dot", DOT_ATTRIBUTES "rankdir=TB;", DOT_SECONDS);
    if (result == LAYOUT_FAILED)
        result =
            lay_out_by(map, "sfdp", "splines=line; overlap=prism; K=0.6; pack=12; packmode=\"graph\";", SFDP_SECONDS);
    if (result == LAYOUT_DONE)
        return "";
    return result == LAYOUT_MISSING ? "Graphviz is not installed where this page was made"
                                    : "Graphviz did not come to an end in time";
}

/* How large it is seen on a screen. */
static double scale_of(const struct layout *layout)
{
    double wide = SCREEN_WIDTH / (layout->width + 1), high = SCREEN_HEIGHT / (layout->height + 1);

    return wide < high ? wide : high;
}

static void take_better(struct layout *layout, struct layout *other)
{
    struct layout worse = *layout;

    if (scale_of(other) <= scale_of(layout))
        return;
    *layout = *other;
    *other = worse;
}

/* Graphs with many classes side by side are very wide from top to bottom, as boxes are wide: from left to right they are not. */
static void try_sideways(struct map *map, const struct graph *graph)
{
    struct map other = { 0 };

    fill_classes(&other, graph);
    fill_groups(&other, graph);
    if (lay_out_by(&other, "dot", DOT_ATTRIBUTES "rankdir=LR;", DOT_SECONDS) == LAYOUT_DONE) {
        take_better(&map->classes, &other.classes);
        take_better(&map->groups, &other.groups);
    }
    map_free(&other);
}

struct map map_of(const struct page *page)
{
    struct map map = { 0 };

    fill_classes(&map, page->graph);
    fill_groups(&map, page->graph);
    map.problem = lay_out(&map);
    if (strcmp(map.engine, "dot") == 0 && map.classes.node_count <= SIDEWAYS_MAX_NODES)
        try_sideways(&map, page->graph);
    return map;
}

void map_free(struct map *map)
{
    layout_free(&map->classes);
    layout_free(&map->groups);
    free(map->arrow_of);
}
