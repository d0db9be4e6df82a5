/* SPDX-License-Identifier: MIT */
#include "cycles/feed.h"

#include <stdbool.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/sort.h"

enum phase {
    ENTERS, /* from another part */
    TREE,   /* away from the part's first node, */
    BACK,   /* and to it: those that are near come first */
    REST
};

struct turn {
    size_t part; /* that the arc leads to: parts are numbered from what is taken first on */
    unsigned phase;
    size_t distance;
    size_t arc;
};

struct feed {
    size_t nodes, count;
    const struct contract_arc *arcs;
    const struct contract_levels *levels;
    size_t *first, *next; /* arcs of each node, in a list: numbers from 1 on, 0 is the end */
    size_t *queue;
    size_t *distance; /* of nodes from the first of their part, plus one; 0: not met */
    struct turn *turns;
};

static size_t part_of(const struct feed *feed, size_t node)
{
    return feed->levels->circle[node];
}

/* Walk from the first node of each part, along the arcs or against them, and note the arcs by which nodes are met. */
static void walk(struct feed *feed, bool against, enum phase phase)
{
    bool *begun = cli_alloc(feed->levels->circle_count + 1, sizeof(*begun));

    for (size_t i = 0; i < feed->nodes; i++)
        feed->first[i] = feed->distance[i] = 0;
    for (size_t i = feed->count; i-- > 0;) {
        size_t at = against ? feed->arcs[i].to : feed->arcs[i].from;

        feed->next[i] = feed->first[at];
        feed->first[at] = i + 1;
    }
    for (size_t root = 0; root < feed->nodes; root++) {
        size_t head = 0, tail = 0;

        if (begun[part_of(feed, root)])
            continue;
        begun[part_of(feed, root)] = true;
        feed->distance[root] = 1;
        feed->queue[tail++] = root;
        while (head < tail) {
            size_t node = feed->queue[head++];

            for (size_t i = feed->first[node]; i != 0; i = feed->next[i - 1]) {
                size_t to = against ? feed->arcs[i - 1].from : feed->arcs[i - 1].to;

                if (feed->distance[to] != 0 || part_of(feed, to) != part_of(feed, root))
                    continue;
                feed->distance[to] = feed->distance[node] + 1;
                if (feed->turns[i - 1].phase == REST) {
                    feed->turns[i - 1].phase = phase;
                    feed->turns[i - 1].distance = feed->distance[to];
                }
                feed->queue[tail++] = to;
            }
        }
    }
    free(begun);
}

static int by_turn(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;

    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    if (x->phase != y->phase)
        return x->phase < y->phase ? -1 : 1;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->arc > y->arc) - (x->arc < y->arc);
}

size_t *cy_feed_order(size_t nodes, const struct contract_arc *arcs, size_t count)
{
    struct contract_levels *levels = contract_levels_of(nodes, arcs, count, NULL);
    struct feed feed = { .nodes = nodes, .count = count, .arcs = arcs, .levels = levels };
    size_t *order = cli_alloc(count + 1, sizeof(*order));

    feed.first = cli_alloc(nodes + 1, sizeof(*feed.first));
    feed.next = cli_alloc(count + 1, sizeof(*feed.next));
    feed.queue = cli_alloc(nodes + 1, sizeof(*feed.queue));
    feed.distance = cli_alloc(nodes + 1, sizeof(*feed.distance));
    feed.turns = cli_alloc(count + 1, sizeof(*feed.turns));
    for (size_t i = 0; i < count; i++)
        feed.turns[i] =
            (struct turn){ .part = part_of(&feed, arcs[i].to),
                           .phase = part_of(&feed, arcs[i].from) != part_of(&feed, arcs[i].to) ? ENTERS : REST,
                           .arc = i };
    walk(&feed, false, TREE);
    walk(&feed, true, BACK);
    cli_sort(feed.turns, count, sizeof(*feed.turns), by_turn);
    for (size_t i = 0; i < count; i++)
        order[i] = feed.turns[i].arc;
    free(feed.first);
    free(feed.next);
    free(feed.queue);
    free(feed.distance);
    free(feed.turns);
    contract_levels_free(levels);
    return order;
}
