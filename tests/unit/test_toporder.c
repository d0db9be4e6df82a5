/* SPDX-License-Identifier: MIT */
/*
 * The order of the dependency graph, held against a plain search that knows no order: what closes a path, and which path,
 * must be the same, whatever was added, removed, detached, passed by and cleared before. In small graphs levels and
 * components are held against all paths after each step.
 *
 * LOCKVAL_TEST_ORDERS says how many small graphs, LOCKVAL_TEST_SEED the first seed; a failure names its own.
 */

#include "base/hash.h"

#include "plain_search.h"
#include "random.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum {
    SMALL_GRAPHS = 20000,
    LARGE_GRAPHS = 12,
    SMALL_NODES = 10,
    LARGE_NODES = 1200
};

static struct plain_search *plain;

/* ---- all paths ----------------------------------------------------------------------------------------------------- */

/* The halves that each half reaches, as bits. Returns their number. */
static uint32_t find_reach(const struct lv_digraph *g, uint32_t reach[2 * (SMALL_NODES + 1)])
{
    uint32_t halves = g->nodes.count * 2;

    for (uint32_t i = 0; i < halves; i++) {
        reach[i] = 1u << i | 1u << (i | 1);
        for (uint32_t number = lv_digraph_node(g, i >> 1)->out; number != 0;
             number = lv_digraph_edge(g, number)->next) {
            const struct lv_edge *edge = lv_digraph_edge(g, number);

            for (unsigned r = 0; r < 2; r++)
                if (plain_hop_bits(edge->bits, i & 1, r) != 0)
                    reach[i] |= 1u << (edge->to << 1 | r);
        }
    }
    for (uint32_t k = 0; k < halves; k++)
        for (uint32_t i = 0; i < halves; i++)
            if ((reach[i] & 1u << k) != 0)
                reach[i] |= reach[k];
    return halves;
}

static const char *wrong_pair(const struct lv_digraph *g, const uint32_t *reach, uint32_t i, uint32_t j)
{
    const struct lv_half *a = lv_digraph_half(g, i), *b = lv_digraph_half(g, j);
    bool there = (reach[i] & 1u << j) != 0, back = (reach[j] & 1u << i) != 0;

    if (there && a->level > b->level)
        return "the level falls";
    if (there && a->component != b->component && a->level == b->level &&
        lv_digraph_half(g, a->component)->place >= lv_digraph_half(g, b->component)->place)
        return "the place falls";
    if (there && back && a->component != b->component)
        return "a component is too small";
    if (!(there && back) && a->component == b->component && !lv_toporder_is_stale(g, i))
        return "a component is too large";
    return NULL;
}

/* Levels do not fall along a step, nor places on one level, and halves are in one component if they reach each other; only then, unless edges were
 * removed from it. */
static void check_order(const struct lv_digraph *g, unsigned long seed, unsigned step)
{
    static uint32_t reach[2 * (SMALL_NODES + 1)];
    uint32_t halves = find_reach(g, reach);

    for (uint32_t i = 0; i < halves; i++) {
        const struct lv_half *half = lv_digraph_half(g, i);
        uint32_t size = 0;

        for (uint32_t j = 0; j < halves; j++) {
            const char *wrong = wrong_pair(g, reach, i, j);

            if (wrong != NULL)
                ck_abort_msg("seed %lu step %u: %s", seed, step, wrong);
            size += lv_digraph_half(g, j)->component == i;
        }
        if (size != 0 && size != half->size)
            ck_abort_msg("seed %lu step %u: the size of a component", seed, step);
        for (uint32_t at = i; size != 0; size--) {
            at = lv_digraph_half(g, at)->next;
            if (lv_digraph_half(g, at)->component != i || (size == 1) != (at == i))
                ck_abort_msg("seed %lu step %u: the circle of a component", seed, step);
        }
    }
}

/* ---- random graphs ------------------------------------------------------------------------------------------------- */

struct tally {
    unsigned long closed, open, unknown, removed, components, apart;
};

struct graph {
    struct lv_digraph g;
    struct random random;
    unsigned long seed;
    unsigned step, nodes;
    unsigned readers; /* percent of dependencies that are not EN */
    struct tally *tally;
};

static uint8_t some_bits(struct graph *graph)
{
    uint8_t bits = LV_DEP_EN;

    if (chance(&graph->random, graph->readers))
        bits = (uint8_t)(1u << below(&graph->random, 8));
    if (chance(&graph->random, graph->readers / 4))
        bits |= (uint8_t)(1u << below(&graph->random, 8));
    return bits;
}

static void compare(struct graph *graph, uint32_t from, uint32_t to, uint8_t bit, uint8_t mask)
{
    int expected = plain_close(plain, &graph->g, from, to, bit, mask);
    int length = lv_digraph_close(&graph->g, from, to, bit, mask);

    ck_assert_msg(length == expected, "seed %lu step %u: %u -> %u closes %d, not %d", graph->seed, graph->step, from,
                  to, length, expected);
    for (int i = 0; i < length; i++)
        ck_assert_msg(graph->g.path[i].edge == plain->path[i].edge && graph->g.path[i].bits == plain->path[i].bits,
                      "seed %lu step %u: another path", graph->seed, graph->step);
    graph->tally->closed += length > 0;
    graph->tally->open += length == 0;
}

static void add_some(struct graph *graph, uint32_t from, uint32_t to)
{
    uint8_t bits = some_bits(graph);
    uint32_t number = lv_digraph_find(&graph->g, from, to);
    uint8_t before = number != 0 ? lv_digraph_edge(&graph->g, number)->bits : 0;

    if (lv_digraph_add(&graph->g, from, to, bits, &number) != (bits & ~before))
        ck_abort_msg("seed %lu step %u: added", graph->seed, graph->step);
    for (unsigned bit = 1; bit <= LV_DEP_ALL; bit <<= 1)
        if ((bits & bit) != 0) {
            compare(graph, from, to, (uint8_t)bit, LV_DEP_UNTIMED);
            compare(graph, from, to, (uint8_t)bit, LV_DEP_ALL);
        }
}

static void take_away(struct graph *graph, uint32_t number)
{
    graph->tally->removed++;
    if (chance(&graph->random, 20))
        lv_digraph_detach(&graph->g, number);
    else
        lv_digraph_remove(&graph->g, number);
}

/* All edges of a node go, as when a class or an instance is forgotten. */
static void take_away_all(struct graph *graph, uint32_t node)
{
    uint32_t number;

    if (node >= graph->g.nodes.count)
        return;
    while ((number = lv_digraph_node(&graph->g, node)->out) != 0 ||
           (number = lv_digraph_node(&graph->g, node)->in) != 0)
        take_away(graph, number);
}

static void some_step(struct graph *graph)
{
    struct random *random = &graph->random;
    uint32_t from = 1 + below(random, graph->nodes), to = 1 + (from + below(random, graph->nodes - 1)) % graph->nodes;
    uint32_t number = lv_digraph_find(&graph->g, from, to);
    unsigned what = below(random, 100);

    if (what < 60) {
        add_some(graph, from, to);
    } else if (what < 85) {
        if (number != 0)
            take_away(graph, number);
    } else if (what < 90) {
        graph->tally->unknown++;
        compare(graph, from, to, (uint8_t)(1u << below(random, 8)), chance(random, 50) ? LV_DEP_UNTIMED : LV_DEP_ALL);
    } else if (what < 94) {
        take_away_all(graph, from);
    } else if (what < 99) {
        lv_digraph_pass_by(&graph->g, from, chance(random, 30));
    } else if (chance(random, 20)) {
        ck_assert_int_eq(lv_digraph_clear(&graph->g), 0);
    }
}

static uint32_t component_count(const struct lv_digraph *g)
{
    uint32_t count = 0;

    for (uint32_t half = 0; half < g->nodes.count * 2; half++)
        count += lv_digraph_half(g, half)->component == half && lv_digraph_half(g, half)->size > 1;
    return count;
}

static void run_small(unsigned long seed, struct tally *tally)
{
    static char memory[64 * 1024] __attribute__((aligned(16)));
    struct lv_arena arena = { .at = memory, .end = memory + sizeof(memory) };
    static struct graph graph;
    unsigned steps;

    memset(memory, 0, sizeof(memory));
    graph = (struct graph){ .seed = seed, .random = { seed }, .tally = tally };
    ck_assert_int_eq(lv_digraph_init(&graph.g, &arena), 0);
    graph.nodes = 2 + below(&graph.random, SMALL_NODES - 1);
    graph.readers = chance(&graph.random, 30) ? 0 : below(&graph.random, 101);
    graph.g.order.look_most = below(&graph.random, 6);
    if (chance(&graph.random, 20))
        graph.g.order.levels_max = 1 + below(&graph.random, 4);
    if (chance(&graph.random, 20))
        graph.g.order.places = graph.g.order.next_place = 100 + below(&graph.random, 300);
    if (chance(&graph.random, 10))
        graph.g.order.walk = UINT32_MAX - below(&graph.random, 40);
    if (chance(&graph.random, 10))
        graph.g.search = UINT32_MAX - below(&graph.random, 100);
    steps = 10 + below(&graph.random, 80);
    for (graph.step = 0; graph.step < steps; graph.step++) {
        uint32_t before = component_count(&graph.g);

        some_step(&graph);
        check_order(&graph.g, seed, graph.step);
        tally->components += component_count(&graph.g) > before;
        tally->apart += component_count(&graph.g) < before;
    }
}

START_TEST(small_graphs)
{
    unsigned long first = number_of("LOCKVAL_TEST_SEED", 1);
    unsigned long count = number_of("LOCKVAL_TEST_ORDERS", SMALL_GRAPHS);
    struct tally tally = { 0 };

    for (unsigned long seed = first; seed < first + count; seed++)
        run_small(seed, &tally);
    if (count < 100)
        return;
    ck_assert_uint_gt(tally.closed, count);
    ck_assert_uint_gt(tally.open, count);
    ck_assert_uint_gt(tally.unknown, count);
    ck_assert_uint_gt(tally.removed, count);
    ck_assert_uint_gt(tally.components, count);
    ck_assert_uint_gt(tally.apart, count / 100);
}
END_TEST

/* Sparse and dense, without cycles (and then a few), with many. Every fourth loses edges all the time. */
static void run_large(unsigned long seed, struct tally *tally)
{
    static struct graph graph;
    struct lv_arena arena = { 0 };
    uint32_t edges;
    unsigned backwards;

    graph = (struct graph){ .seed = seed, .random = { seed }, .tally = tally, .nodes = LARGE_NODES };
    ck_assert_int_eq(lv_digraph_init(&graph.g, &arena), 0);
    edges = LARGE_NODES * (1 + below(&graph.random, 8));
    graph.readers = seed % 2 != 0 ? 0 : below(&graph.random, 101);
    backwards = seed % 3 == 0 ? 0 : seed % 3 == 1 ? 1 : 50;
    for (graph.step = 0; graph.step < edges; graph.step++) {
        uint32_t a = 1 + below(&graph.random, LARGE_NODES), b = 1 + below(&graph.random, LARGE_NODES);
        bool back = below(&graph.random, 1000) < backwards;

        if (a == b)
            continue;
        if (seed % 4 == 0 && chance(&graph.random, 20))
            take_away_all(&graph, a);
        add_some(&graph, (a < b) != back ? a : b, (a < b) != back ? b : a);
    }
}

START_TEST(large_graphs)
{
    struct tally tally = { 0 };

    for (unsigned long seed = 1; seed <= LARGE_GRAPHS; seed++)
        run_large(seed, &tally);
    ck_assert_uint_gt(tally.closed, 1000);
    ck_assert_uint_gt(tally.open, 10000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("toporder");
    TCase *tcase = tcase_create("toporder");

    plain = plain_new(LARGE_NODES);
    if (plain == NULL)
        return 1;
    tcase_set_timeout(tcase, 600);
    tcase_add_test(tcase, small_graphs);
    tcase_add_test(tcase, large_graphs);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
