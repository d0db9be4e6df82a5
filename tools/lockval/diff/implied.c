/* SPDX-License-Identifier: MIT */
/*
 * A search over one of the orders for each edge that only the other one has. The way must pass through another class: of an edge that is not
 * there, it does.
 */

#include "diff/compare.h"

#include <stdlib.h>

#include "common/memory.h"

/* Where one leads to from each class: the list of class i is to[first[i]] up to to[first[i + 1]]. */
struct ways {
    size_t *first, *to;
    size_t *seen;  /* class -> number of the search that was there last */
    size_t *queue; /* of the search */
};

static bool is_in(const struct diff_edge *edge, bool new_order)
{
    return (new_order ? edge->new : edge->old) != NULL;
}

/* The edges are sorted by where they begin. */
static struct ways ways_of(const struct diff *diff, bool new_order)
{
    struct ways ways = { .first = cli_alloc(diff->class_count + 1, sizeof(size_t)),
                         .to = cli_alloc(diff->edge_count + 1, sizeof(size_t)),
                         .seen = cli_alloc(diff->class_count + 1, sizeof(size_t)),
                         .queue = cli_alloc(diff->class_count + 1, sizeof(size_t)) };
    size_t count = 0, next = 0;

    for (size_t i = 0; i < diff->edge_count; i++) {
        if (!is_in(diff->edges[i], new_order))
            continue;
        while (next <= diff->edges[i]->from->number)
            ways.first[next++] = count;
        ways.to[count++] = diff->edges[i]->to->number;
    }
    while (next <= diff->class_count)
        ways.first[next++] = count;
    return ways;
}

static void free_ways(struct ways *ways)
{
    free(ways->first);
    free(ways->to);
    free(ways->seen);
    free(ways->queue);
}

static bool leads(struct ways *ways, size_t from, size_t to, size_t search)
{
    size_t head = 0, tail = 0;

    ways->seen[from] = search;
    ways->queue[tail++] = from;
    while (head < tail) {
        size_t at = ways->queue[head++];

        for (size_t i = ways->first[at]; i < ways->first[at + 1]; i++) {
            size_t next = ways->to[i];

            if (next == to)
                return true;
            if (ways->seen[next] == search)
                continue;
            ways->seen[next] = search;
            ways->queue[tail++] = next;
        }
    }
    return false;
}

void diff_find_implied(struct diff *diff)
{
    for (int new_order = 0; new_order < 2; new_order++) {
        struct ways ways = ways_of(diff, new_order != 0);
        enum diff_state state = new_order ? DIFF_REMOVED : DIFF_ADDED;

        for (size_t i = 0; i < diff->edge_count; i++)
            if (diff->edges[i]->state == state)
                diff->edges[i]->implied = leads(&ways, diff->edges[i]->from->number, diff->edges[i]->to->number, i + 1);
        free_ways(&ways);
    }
}
