/* SPDX-License-Identifier: MIT */
#ifndef BENCH_GROWTH_SHAPES_H
#define BENCH_GROWTH_SHAPES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Lock orders to grow a graph by: which classes are taken while which are held. None of them can deadlock, though with
 * readers they are full of circles.
 *
 *     layered   classes in layers, each leads to some of the next layer
 *     random    any earlier class leads to any later one
 *     star      some hubs: half of the classes lead to each, each leads to the other half
 *     chain     each class leads to the next, then to the one after that, and so on
 *
 * With readers, two in five classes are rwlocks that are only ever read, by recursive readers. They do not wait for each
 * other, so an edge from or to one of them turns round half of the time.
 */
struct growth_edge {
    uint32_t from, to; /* classes, from 1 on */
};

struct growth {
    uint32_t classes, count;
    struct growth_edge *edges;
    bool *is_read; /* by class */
};

enum growth_arrival {
    GROWTH_SHUFFLED, /* at random */
    GROWTH_FORWARD,  /* sorted by what is held, the first class of the order first */
    GROWTH_BACKWARD  /* the other way round */
};

/* Up to @count edges, all different, over @classes. Null for a shape that there is not. For ever the same of one @seed. */
struct growth *growth_new(const char *shape, uint32_t classes, uint32_t count, bool readers,
                          enum growth_arrival arrival, uint64_t seed);

void growth_free(struct growth *growth);

#endif
