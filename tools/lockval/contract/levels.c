/* SPDX-License-Identifier: MIT */
/*
 * Circles are the strongly connected components: one walk in depth (Tarjan), which finds them in the order in which they are left,
 * that is, the last ones of the order first. It keeps its own stack, as an order may be thousands of locks deep.
 */

#include "contract/levels.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* Arcs by the lock that they leave: those of lock i are .to[.first[i]] up to .to[.first[i + 1]]. */
struct ways {
    size_t *first, *to;
};

static struct ways ways_of(size_t count, const struct contract_arc *arcs, size_t arc_count)
{
    struct ways ways = { cli_alloc(count + 2, sizeof(*ways.first)), cli_alloc(arc_count + 1, sizeof(*ways.to)) };

    for (size_t i = 0; i < arc_count; i++)
        ways.first[arcs[i].from + 2]++;
    for (size_t i = 2; i < count + 2; i++)
        ways.first[i] += ways.first[i - 1];
    for (size_t i = 0; i < arc_count; i++)
        ways.to[ways.first[arcs[i].from + 1]++] = arcs[i].to;
    return ways;
}

static void free_ways(struct ways *ways)
{
    free(ways->first);
    free(ways->to);
}

/* ---- circles ---- */

struct walk {
    const struct ways *ways;
    struct contract_levels *levels;
    size_t *number, *low; /* of each lock: when it was met, from 1 on; the earliest open one that it reaches */
    size_t *next;         /* of each lock: its arc to look at next */
    size_t *path, depth;  /* from where the walk began to where it is */
    size_t *open, opened; /* that were met, and are in no circle yet */
    size_t met;
};

static void enter(struct walk *w, size_t lock)
{
    w->number[lock] = w->low[lock] = ++w->met;
    w->next[lock] = w->ways->first[lock];
    w->path[w->depth++] = lock;
    w->open[w->opened++] = lock;
}

/* All that was met since @lock is a circle. */
static void close_circle(struct walk *w, size_t lock)
{
    size_t member;

    do {
        member = w->open[--w->opened];
        w->levels->circle[member] = w->levels->circle_count;
    } while (member != lock);
    w->levels->circle_count++;
}

static void step(struct walk *w)
{
    size_t lock = w->path[w->depth - 1];

    if (w->next[lock] < w->ways->first[lock + 1]) {
        size_t to = w->ways->to[w->next[lock]++];

        if (w->number[to] == 0)
            enter(w, to);
        else if (w->levels->circle[to] == SIZE_MAX && w->number[to] < w->low[lock])
            w->low[lock] = w->number[to];
        return;
    }
    w->depth--;
    if (w->low[lock] == w->number[lock])
        close_circle(w, lock);
    if (w->depth != 0 && w->low[lock] < w->low[w->path[w->depth - 1]])
        w->low[w->path[w->depth - 1]] = w->low[lock];
}

static void find_circles(const struct ways *ways, struct contract_levels *levels)
{
    struct walk w = { .ways = ways, .levels = levels };
    size_t **lists[] = { &w.number, &w.low, &w.next, &w.path, &w.open };

    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        *lists[i] = cli_alloc(levels->count + 1, sizeof(**lists[i]));
    for (size_t i = 0; i < levels->count; i++)
        levels->circle[i] = SIZE_MAX;
    for (size_t i = 0; i < levels->count; i++) {
        if (w.number[i] == 0)
            enter(&w, i);
        while (w.depth != 0)
            step(&w);
    }
    for (size_t i = 0; i < levels->count; i++) /* the first of the order has the lowest number */
        levels->circle[i] = levels->circle_count - 1 - levels->circle[i];
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        free(*lists[i]);
}

/* ---- levels ---- */

/* The locks in the order of their circles' numbers. Memory to free. */
static size_t *in_order(const struct contract_levels *levels)
{
    size_t *at = cli_alloc(levels->circle_count + 2, sizeof(*at));
    size_t *locks = cli_alloc(levels->count + 1, sizeof(*locks));

    for (size_t i = 0; i < levels->count; i++)
        at[levels->circle[i] + 1]++;
    for (size_t i = 1; i <= levels->circle_count; i++)
        at[i] += at[i - 1];
    for (size_t i = 0; i < levels->count; i++)
        locks[at[levels->circle[i]]++] = i;
    free(at);
    return locks;
}

static void raise_to(unsigned *level, unsigned least)
{
    if (*level < least)
        *level = least;
}

static void find_levels(const struct ways *ways, const unsigned *floor, struct contract_levels *levels)
{
    unsigned *of = cli_alloc(levels->circle_count + 1, sizeof(*of));
    size_t *locks = in_order(levels);

    for (size_t i = 0; i < levels->count; i++) {
        raise_to(&of[levels->circle[i]], floor != NULL && floor[i] != 0 ? floor[i] : 1);
        levels->size[levels->circle[i]]++;
    }
    for (size_t i = 0; i < levels->count; i++) {
        size_t lock = locks[i], circle = levels->circle[lock];

        for (size_t j = ways->first[lock]; j < ways->first[lock + 1]; j++)
            if (levels->circle[ways->to[j]] != circle)
                raise_to(&of[levels->circle[ways->to[j]]], of[circle] + 1);
    }
    for (size_t i = 0; i < levels->count; i++)
        levels->level[i] = of[levels->circle[i]];
    free(locks);
    free(of);
}

struct contract_levels *contract_levels_of(size_t count, const struct contract_arc *arcs, size_t arc_count,
                                           const unsigned *floor)
{
    struct contract_levels *levels = cli_alloc(1, sizeof(*levels));
    struct ways ways = ways_of(count, arcs, arc_count);

    levels->count = count;
    levels->level = cli_alloc(count + 1, sizeof(*levels->level));
    levels->circle = cli_alloc(count + 1, sizeof(*levels->circle));
    find_circles(&ways, levels);
    levels->size = cli_alloc(levels->circle_count + 1, sizeof(*levels->size));
    find_levels(&ways, floor, levels);
    free_ways(&ways);
    return levels;
}

void contract_levels_free(struct contract_levels *levels)
{
    free(levels->level);
    free(levels->circle);
    free(levels->size);
    free(levels);
}

/* ---- a way round ---- */

/* Walk in breadth inside of the circle, from @first on, until an arc leads back to it. Who was met from where is kept in @from. */
static size_t walk_round(const struct contract_levels *levels, const struct ways *ways, size_t first, size_t *from)
{
    size_t *queue = cli_alloc(levels->count + 1, sizeof(*queue)), head = 0, tail = 0, last = first;
    bool back = false;

    queue[tail++] = first;
    while (head < tail && !back) {
        last = queue[head++];
        for (size_t j = ways->first[last]; j < ways->first[last + 1] && !back; j++) {
            size_t to = ways->to[j];

            back = to == first && last != first;
            if (to == first || from[to] != SIZE_MAX || levels->circle[to] != levels->circle[first])
                continue;
            from[to] = last;
            queue[tail++] = to;
        }
    }
    free(queue);
    return last;
}

size_t *contract_levels_round(const struct contract_levels *levels, size_t circle, const struct contract_arc *arcs,
                              size_t arc_count, size_t *ret_count)
{
    struct ways ways;
    size_t first = 0, last, *from, *round;

    *ret_count = 0;
    if (levels->size[circle] < 2)
        return NULL;
    while (levels->circle[first] != circle)
        first++;
    from = cli_alloc(levels->count, sizeof(*from));
    for (size_t i = 0; i < levels->count; i++)
        from[i] = SIZE_MAX;
    ways = ways_of(levels->count, arcs, arc_count);
    last = walk_round(levels, &ways, first, from);
    free_ways(&ways);
    for (size_t at = last; at != first; at = from[at])
        (*ret_count)++;
    round = cli_alloc(++*ret_count, sizeof(*round));
    for (size_t i = *ret_count, at = last; i-- > 0; at = from[at])
        round[i] = at;
    free(from);
    return round;
}
