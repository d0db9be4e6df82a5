/* SPDX-License-Identifier: MIT */
#include "growth_shapes.h"

#include <stdlib.h>
#include <string.h>

static uint32_t below(uint64_t *state, uint32_t limit)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x >> 32) * limit >> 32);
}

/* One edge of the shape, by classes from 0 on that are numbered in their order; number @i of those that are not random. */
typedef struct growth_edge make_edge(uint64_t *state, uint32_t classes, uint32_t count, uint32_t i);

static struct growth_edge layered(uint64_t *state, uint32_t classes, uint32_t count, uint32_t i)
{
    uint64_t layers = (uint64_t)classes * classes / (2 * (uint64_t)count);
    uint32_t wide, layer;

    (void)i;
    layers = layers < 3 ? 3 : layers > 100 ? 100 : layers;
    wide = classes / (uint32_t)layers;
    layer = below(state, (uint32_t)layers - 1);
    return (struct growth_edge){ layer * wide + below(state, wide), (layer + 1) * wide + below(state, wide) };
}

static struct growth_edge random_pair(uint64_t *state, uint32_t classes, uint32_t count, uint32_t i)
{
    uint32_t a = below(state, classes), b = below(state, classes);

    (void)count;
    (void)i;
    return (struct growth_edge){ a < b ? a : b, a < b ? b : a };
}

/* The hubs lie in the middle of the order. Dropped, as an edge to itself, is what would need more of them. */
static struct growth_edge star(uint64_t *state, uint32_t classes, uint32_t count, uint32_t i)
{
    uint32_t hubs = count / classes + 1, spokes = classes - hubs, spoke = i % spokes, hub = spokes / 2 + i / spokes;

    (void)state;
    if (i / spokes >= hubs)
        return (struct growth_edge){ 0, 0 };
    return spoke < spokes / 2 ? (struct growth_edge){ spoke, hub } : (struct growth_edge){ hub, spoke + hubs };
}

static struct growth_edge chain(uint64_t *state, uint32_t classes, uint32_t count, uint32_t i)
{
    uint32_t skip = 1 + i / classes, from = i % classes;

    (void)state;
    (void)count;
    return (struct growth_edge){ from, from + skip < classes ? from + skip : from };
}

static int compare(const void *a, const void *b)
{
    const struct growth_edge *x = a, *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

static uint32_t drop_doubles(struct growth_edge *edges, uint32_t count)
{
    uint32_t kept = 0;

    qsort(edges, count, sizeof(*edges), compare);
    for (uint32_t i = 0; i < count; i++)
        if (edges[i].from != edges[i].to && (kept == 0 || compare(&edges[kept - 1], &edges[i]) != 0))
            edges[kept++] = edges[i];
    return kept;
}

static void swap(struct growth_edge *a, struct growth_edge *b)
{
    struct growth_edge edge = *a;

    *a = *b;
    *b = edge;
}

static void shuffle(struct growth *growth, uint64_t *state)
{
    for (uint32_t i = growth->count; i > 1; i--)
        swap(&growth->edges[i - 1], &growth->edges[below(state, i)]);
}

/* Classes get numbers that say nothing about their order, and some become readers. */
static void dress(struct growth *growth, bool readers, uint64_t *state)
{
    uint32_t *number = calloc(growth->classes, sizeof(*number));

    for (uint32_t i = 0; i < growth->classes; i++) {
        uint32_t other = below(state, i + 1);

        number[i] = number[other];
        number[other] = i + 1;
    }
    for (uint32_t i = 1; readers && i <= growth->classes; i++)
        growth->is_read[i] = below(state, 5) < 2;
    for (uint32_t i = 0; i < growth->count; i++) {
        struct growth_edge *edge = &growth->edges[i];

        *edge = (struct growth_edge){ number[edge->from], number[edge->to] };
        if ((growth->is_read[edge->from] || growth->is_read[edge->to]) && below(state, 2) != 0)
            *edge = (struct growth_edge){ edge->to, edge->from };
    }
    free(number);
}

struct growth *growth_new(const char *shape, uint32_t classes, uint32_t count, bool readers,
                          enum growth_arrival arrival, uint64_t seed)
{
    static const struct {
        const char *name;
        make_edge *make;
    } shapes[] = { { "layered", layered }, { "random", random_pair }, { "star", star }, { "chain", chain } };
    uint32_t tries = count + count / 4 + classes;
    struct growth *growth = calloc(1, sizeof(*growth));
    make_edge *make = NULL;

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        make = strcmp(shape, shapes[i].name) == 0 ? shapes[i].make : make;
    if (make == NULL) {
        free(growth);
        return NULL;
    }
    growth->classes = classes;
    growth->edges = calloc(tries, sizeof(*growth->edges));
    growth->is_read = calloc((size_t)classes + 1, sizeof(*growth->is_read));
    for (uint32_t i = 0; i < tries; i++)
        growth->edges[i] = make(&seed, classes, count, i);
    /* Of a star and a chain those that come first are wanted. */
    growth->count = drop_doubles(growth->edges, make == star || make == chain ? count : tries);
    if (growth->count > count) {
        shuffle(growth, &seed);
        growth->count = count;
    }
    if (arrival == GROWTH_SHUFFLED)
        shuffle(growth, &seed);
    else
        qsort(growth->edges, growth->count, sizeof(*growth->edges), compare);
    if (arrival == GROWTH_BACKWARD)
        for (uint32_t i = 0; i < growth->count / 2; i++)
            swap(&growth->edges[i], &growth->edges[growth->count - 1 - i]);
    dress(growth, readers, &seed);
    return growth;
}

void growth_free(struct growth *growth)
{
    free(growth->edges);
    free(growth->is_read);
    free(growth);
}
