/* SPDX-License-Identifier: MIT */
/*
 * What a new edge costs the graph alone: added, witnessed, and asked whether it closes a cycle, without and with timed
 * dependencies, as the circular rule does.
 *
 *     bench_growth SHAPE CLASSES EDGES mutex|read shuffled|forward|backward order|plain RUNS
 *     bench_growth cycle CLASSES EDGES
 *
 * Prints a line of CSV; script/growth has the names of the columns. The time is that of the processor, of the best run;
 * the longest edge is by the clock, of the run where it was shortest. "plain" searches without the order, as a measure.
 *
 * "cycle" grows a ring of CLASSES, which is a finding, and then EDGES in it, each of which closes a cycle, EDGES from and
 * to it, which close none, and a twentieth of that from behind it to before it.
 */

#include "graph/digraph.h"
#include "graph/witness.h"

#include "growth_shapes.h"
#include "plain_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct grown {
    struct lv_arena arena;
    struct lv_digraph g;
    struct lv_witnesses witnesses;
    struct plain_search *plain;
    uint64_t closed, most_looks;
    double longest;
};

static double now(clockid_t clock)
{
    struct timespec time;

    (void)clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void need(bool good)
{
    if (good)
        return;
    fprintf(stderr, "bench_growth: no memory\n");
    exit(1);
}

static void witness_it(struct grown *grown, struct lv_edge *edge)
{
    struct lv_edge_witness at = { .held = 0 };

    need(lv_witnesses_add(&grown->witnesses, 1, &at.id) != NULL);
    need(lv_edge_add_witness(&grown->g.blocks, edge, at) == 0);
}

static void add(struct grown *grown, uint32_t from, uint32_t to, uint8_t bit)
{
    struct lv_digraph *g = &grown->g;
    uint64_t looks = g->order.looks;
    double start = now(CLOCK_MONOTONIC), took;
    uint32_t number;
    int length;

    need(lv_digraph_add(g, from, to, bit, &number) > 0);
    witness_it(grown, lv_digraph_edge(g, number));
    if (grown->plain != NULL) {
        length = plain_close(grown->plain, g, from, to, bit, LV_DEP_UNTIMED);
        if (length == 0)
            length = plain_close(grown->plain, g, from, to, bit, LV_DEP_ALL);
    } else {
        length = lv_digraph_close(g, from, to, bit, LV_DEP_UNTIMED);
        if (length == 0)
            length = lv_digraph_close(g, from, to, bit, LV_DEP_ALL);
    }
    need(length >= 0);
    grown->closed += length > 0;
    looks = g->order.looks - looks;
    grown->most_looks = looks > grown->most_looks ? looks : grown->most_looks;
    took = now(CLOCK_MONOTONIC) - start;
    grown->longest = took > grown->longest ? took : grown->longest;
}

static void begin(struct grown *grown)
{
    *grown = (struct grown){ .plain = grown->plain };
    need(lv_digraph_init(&grown->g, &grown->arena) == 0);
    lv_witnesses_init(&grown->witnesses, &grown->arena);
}

static void grow(struct grown *grown, const struct growth *growth)
{
    for (uint32_t i = 0; i < growth->count; i++) {
        const struct growth_edge *edge = &growth->edges[i];

        add(grown, edge->from, edge->to,
            lv_dep_bit(growth->is_read[edge->from] ? LV_READ_RECURSIVE : LV_WRITE,
                       growth->is_read[edge->to] ? LV_READ_RECURSIVE : LV_WRITE, false));
    }
}

/* Of the arena, edges and what belongs to them. */
static size_t edge_bytes(const struct grown *grown)
{
    return lv_vec_bytes(&grown->g.edges) + grown->g.by_ends.bytes + grown->g.blocks.bytes +
           lv_witnesses_bytes(&grown->witnesses);
}

static uint32_t highest(const struct lv_digraph *g)
{
    uint32_t level = 0;

    for (uint32_t half = 0; half < g->nodes.count * 2; half++)
        level = lv_digraph_half(g, half)->level > level ? lv_digraph_half(g, half)->level : level;
    return level;
}

static enum growth_arrival arrival_of(const char *name)
{
    return strcmp(name, "forward") == 0    ? GROWTH_FORWARD
           : strcmp(name, "backward") == 0 ? GROWTH_BACKWARD
                                           : GROWTH_SHUFFLED;
}

static int measure(char **word)
{
    uint32_t classes = (uint32_t)strtoul(word[1], NULL, 10), edges = (uint32_t)strtoul(word[2], NULL, 10);
    bool plain = strcmp(word[5], "plain") == 0;
    struct growth *growth = growth_new(word[0], classes, edges, strcmp(word[3], "read") == 0, arrival_of(word[4]), 1);
    struct grown grown = { .plain = plain ? plain_new(classes + 1) : NULL };
    double best = 0, longest = 0;

    if (growth == NULL)
        return 2;
    for (int run = 0; run < atoi(word[6]); run++) {
        double start, took;

        begin(&grown);
        start = now(CLOCK_PROCESS_CPUTIME_ID);
        grow(&grown, growth);
        took = now(CLOCK_PROCESS_CPUTIME_ID) - start;
        best = run == 0 || took < best ? took : best;
        longest = run == 0 || grown.longest < longest ? grown.longest : longest;
        if (grown.closed != 0) {
            fprintf(stderr, "bench_growth: %s closes a cycle\n", word[0]);
            return 1;
        }
    }
    printf("%s,%s,%s,%s,%u,%u,%.0f,%.2f,%llu,%.0f,%u,%.0f\n", word[5], word[0], word[3], word[4], classes,
           growth->count, best / growth->count * 1e9, (double)grown.g.order.looks / growth->count,
           (unsigned long long)grown.most_looks, longest * 1e6, highest(&grown.g),
           (double)edge_bytes(&grown) / growth->count);
    growth_free(growth);
    return 0;
}

/* One phase of the growth round a cycle. */
static void phase(struct grown *grown, const char *name, double *since, uint32_t edges)
{
    double at = now(CLOCK_PROCESS_CPUTIME_ID);

    printf("%s,%u,%u,%llu,%.0f,%.0f\n", name, grown->g.nodes.count - 1, edges, (unsigned long long)grown->closed,
           (at - *since) / edges * 1e9, grown->longest * 1e6);
    grown->longest = 0;
    grown->closed = 0;
    *since = at;
}

/* Numbers that lead everywhere. */
static uint32_t scatter(uint32_t i, uint32_t limit)
{
    return (uint32_t)((uint64_t)i * UINT32_C(2654435761) % UINT32_C(4294967291) % limit);
}

static void ring(struct grown *grown, uint32_t first, uint32_t classes, uint8_t bit)
{
    for (uint32_t i = 0; i < classes; i++)
        add(grown, first + i, first + (i + 1) % classes, bit);
}

static void chords(struct grown *grown, uint32_t first, uint32_t classes, uint32_t edges, uint8_t bit)
{
    for (uint32_t i = 0, made = 0; made < edges; i++) {
        uint32_t from = scatter(2 * i, classes), to = scatter(2 * i + 1, classes);

        if (from == to || lv_digraph_find(&grown->g, first + from, first + to) != 0)
            continue;
        add(grown, first + from, first + to, bit);
        made++;
    }
}

static int measure_cycle(uint32_t classes, uint32_t edges)
{
    static struct grown grown;
    uint32_t legal = 1, strong = legal + classes, others = strong + classes;
    double since;

    begin(&grown);
    since = now(CLOCK_PROCESS_CPUTIME_ID);
    ring(&grown, legal, classes, LV_DEP_SR);
    phase(&grown, "ring of recursive readers", &since, classes);
    chords(&grown, legal, classes, edges, LV_DEP_SR);
    phase(&grown, "more between them", &since, edges);
    ring(&grown, strong, classes, LV_DEP_EN);
    phase(&grown, "ring that is a finding", &since, classes);
    chords(&grown, strong, classes, edges, LV_DEP_EN);
    phase(&grown, "more in it", &since, edges);
    for (uint32_t i = 0; i < edges; i++)
        add(&grown, strong + scatter(i, classes), others + i, LV_DEP_EN);
    phase(&grown, "out of it", &since, edges);
    for (uint32_t i = 0; i < edges; i++)
        add(&grown, others + edges + i, strong + scatter(i, classes), LV_DEP_EN);
    phase(&grown, "into it", &since, edges);
    for (uint32_t i = 0; i < edges / 20; i++)
        add(&grown, others + i, others + edges + scatter(i, edges), LV_DEP_EN);
    phase(&grown, "from behind it to before it", &since, edges / 20);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "cycle") == 0)
        return measure_cycle((uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10));
    if (argc == 8)
        return measure(argv + 1);
    fprintf(stderr, "usage: see the head of growth.c\n");
    return 2;
}
