/* SPDX-License-Identifier: MIT */
/*
 * Strong components by Tarjan's walk, without recursion, since a chain of classes may be long. They come in an order in which
 * each stands behind all that it leads to, so what a component reaches is put together from what those reach: a row of bits each. An arrow between two
 * components is implied when an arrow of the same component to a nearer one leads there, too.
 */

#define _GNU_SOURCE
#include "page/circles.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    IMPLIED_MAX_NODES = 20000,
    WORD_BITS = 64
};

/* Arrows by the node that they leave: those of node i are list[first[i]] to list[first[i + 1] - 1]. */
struct leaving {
    size_t *first;
    struct graph_arrow **list;
};

struct walk {
    const struct graph *graph;
    struct leaving leaving;
    size_t *component; /* of a node, from 1 on; 0: none yet */
    size_t component_count;
};

static struct leaving leaving_of(const struct graph *graph)
{
    struct leaving leaving = { cli_alloc(graph->node_count + 2, sizeof(size_t)),
                               cli_alloc(graph->arrow_count + 1, sizeof(struct graph_arrow *)) };
    size_t *next = cli_alloc(graph->node_count + 1, sizeof(size_t));

    for (size_t i = 0; i < graph->arrow_count; i++)
        leaving.first[graph->arrows[i]->from->number + 1]++;
    for (size_t i = 0; i < graph->node_count; i++) {
        leaving.first[i + 1] += leaving.first[i];
        next[i] = leaving.first[i];
    }
    for (size_t i = 0; i < graph->arrow_count; i++)
        leaving.list[next[graph->arrows[i]->from->number]++] = graph->arrows[i];
    free(next);
    return leaving;
}

/* ---- components ---- */

struct tarjan {
    size_t *met, *low;  /* when a node was met, from 1 on; the earliest that it leads back to */
    size_t *next;       /* the arrow to follow next */
    size_t *way, *open; /* the nodes on the way here; those without a component yet */
    size_t way_len, open_len, time;
};

static void meet(struct walk *walk, struct tarjan *t, size_t node)
{
    t->met[node] = t->low[node] = ++t->time;
    t->next[node] = walk->leaving.first[node];
    t->way[t->way_len++] = node;
    t->open[t->open_len++] = node;
}

static void close_component(struct walk *walk, struct tarjan *t, size_t node)
{
    size_t member;

    walk->component_count++;
    do {
        member = t->open[--t->open_len];
        walk->component[member] = walk->component_count;
    } while (member != node);
}

static void leave(struct walk *walk, struct tarjan *t, size_t node)
{
    t->way_len--;
    if (t->low[node] == t->met[node])
        close_component(walk, t, node);
    if (t->way_len != 0) {
        size_t above = t->way[t->way_len - 1];

        if (t->low[node] < t->low[above])
            t->low[above] = t->low[node];
    }
}

static void walk_from(struct walk *walk, struct tarjan *t, size_t start)
{
    meet(walk, t, start);
    while (t->way_len != 0) {
        size_t node = t->way[t->way_len - 1], to;

        if (t->next[node] == walk->leaving.first[node + 1]) {
            leave(walk, t, node);
            continue;
        }
        to = walk->leaving.list[t->next[node]++]->to->number;
        if (t->met[to] == 0)
            meet(walk, t, to);
        else if (walk->component[to] == 0 && t->met[to] < t->low[node])
            t->low[node] = t->met[to];
    }
}

static void find_components(struct walk *walk)
{
    size_t count = walk->graph->node_count, *memory = cli_alloc(count * 5 + 1, sizeof(size_t));
    struct tarjan t = { .met = memory,
                        .low = memory + count,
                        .next = memory + count * 2,
                        .way = memory + count * 3,
                        .open = memory + count * 4 };

    for (size_t i = 0; i < count; i++)
        if (t.met[i] == 0)
            walk_from(walk, &t, i);
    free(memory);
}

/* Components of several nodes, and nodes that lead to themselves, are circles. */
static void number_circles(struct graph *graph, const struct walk *walk)
{
    size_t *members = cli_alloc(walk->component_count + 1, sizeof(size_t));
    size_t *circle = cli_alloc(walk->component_count + 1, sizeof(size_t));

    for (size_t i = 0; i < graph->node_count; i++)
        members[walk->component[i]]++;
    for (size_t i = 0; i < graph->arrow_count; i++)
        if (graph->arrows[i]->from == graph->arrows[i]->to)
            members[walk->component[graph->arrows[i]->from->number]] = 2;
    for (size_t i = 0; i < graph->node_count; i++) {
        size_t component = walk->component[i];

        if (members[component] > 1 && circle[component] == 0)
            circle[component] = ++graph->circle_count;
        graph->nodes[i]->circle = circle[component];
    }
    free(circle);
    free(members);
}

/* ---- what follows from what ---- */

static int compare_components(const void *a, const void *b, void *arg)
{
    const struct walk *walk = arg;
    size_t left = walk->component[(*(struct graph_arrow *const *)a)->to->number];
    size_t right = walk->component[(*(struct graph_arrow *const *)b)->to->number];

    return left > right ? -1 : left < right;
}

/* The @count arrows that leave the component @own: nearer ones first. */
static void mark_component(struct walk *walk, struct graph_arrow **arrows, size_t count, size_t own, uint64_t *reached,
                           size_t words)
{
    uint64_t *row = reached + own * words;
    size_t last = 0;

    qsort_r(arrows, count, sizeof(*arrows), compare_components, walk);
    for (size_t i = 0; i < count; i++) {
        size_t to = walk->component[arrows[i]->to->number];
        const uint64_t *theirs = reached + to * words;

        if (to == own)
            continue;
        arrows[i]->implied = to != last && (row[to / WORD_BITS] >> to % WORD_BITS & 1) != 0;
        if (arrows[i]->implied || to == last)
            continue;
        last = to; /* another arrow to the same component is as near */
        for (size_t word = 0; word < words; word++)
            row[word] |= theirs[word];
        row[to / WORD_BITS] |= UINT64_C(1) << to % WORD_BITS;
    }
}

static void mark_implied(struct graph *graph, struct walk *walk)
{
    size_t words = walk->component_count / WORD_BITS + 1, *first;
    uint64_t *reached = cli_alloc((walk->component_count + 1) * words, sizeof(*reached));
    struct graph_arrow **arrows = cli_alloc(graph->arrow_count + 1, sizeof(*arrows));

    first = cli_alloc(walk->component_count + 2, sizeof(*first));
    for (size_t i = 0; i < graph->arrow_count; i++)
        first[walk->component[graph->arrows[i]->from->number]]++;
    for (size_t i = 1, sum = 0; i <= walk->component_count + 1;
         i++) { /* where those of i end; later, where they begin */
        sum += first[i];
        first[i] = sum;
    }
    for (size_t i = graph->arrow_count; i-- > 0;)
        arrows[--first[walk->component[graph->arrows[i]->from->number]]] = graph->arrows[i];
    for (size_t i = 1; i <= walk->component_count; i++)
        mark_component(walk, arrows + first[i], first[i + 1] - first[i], i, reached, words);
    for (size_t i = 0; i < graph->arrow_count; i++)
        graph->implied_count += graph->arrows[i]->implied;
    free(first);
    free(arrows);
    free(reached);
}

void circles_find(struct graph *graph)
{
    struct walk walk = { .graph = graph,
                         .leaving = leaving_of(graph),
                         .component = cli_alloc(graph->node_count + 1, sizeof(size_t)) };

    find_components(&walk);
    number_circles(graph, &walk);
    if (graph->node_count <= IMPLIED_MAX_NODES)
        mark_implied(graph, &walk);
    free(walk.component);
    free(walk.leaving.first);
    free(walk.leaving.list);
}
