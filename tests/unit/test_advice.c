/* SPDX-License-Identifier: MIT */
/* What to change about cycles: the odd edge, and the smallest set of edges. */

#include "check/advice.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

START_TEST(the_odd_one_out)
{
    ck_assert_int_eq(lv_advice_odd((const uint64_t[]){ 47112, 3 }, 2), 1);
    ck_assert_int_eq(lv_advice_odd((const uint64_t[]){ 3, 47112 }, 2), 0);
    ck_assert_int_eq(lv_advice_odd((const uint64_t[]){ 1, 4, 9 }, 3), 0);
    ck_assert_int_eq(lv_advice_odd((const uint64_t[]){ UINT64_MAX, UINT64_MAX / 4, UINT64_MAX }, 3), 1);
}
END_TEST

START_TEST(no_odd_one_out)
{
    ck_assert_int_eq(lv_advice_odd((const uint64_t[]){ 1, 1 }, 2), LV_ADVICE_NONE);
    ck_assert_int_eq(lv_advice_odd((const uint64_t[]){ 10, 30 }, 2), LV_ADVICE_NONE);
    ck_assert_int_eq(lv_advice_odd((const uint64_t[]){ 1, 1, 1000 }, 3), LV_ADVICE_NONE);
    ck_assert_int_eq(lv_advice_odd((const uint64_t[]){ 0, 1000 }, 2), LV_ADVICE_NONE);
    ck_assert_int_eq(lv_advice_odd((const uint64_t[]){ 1 }, 1), LV_ADVICE_NONE);
    ck_assert_int_eq(lv_advice_odd(NULL, 0), LV_ADVICE_NONE);
}
END_TEST

static uint32_t feedback(struct lv_advice_edge *edges, uint32_t count, uint32_t nodes, bool *ret_exact)
{
    void *memory = calloc(1, lv_advice_room(nodes, count));
    uint32_t size;

    ck_assert_ptr_nonnull(memory);
    size = lv_advice_feedback(edges, count, nodes, memory, ret_exact);
    free(memory);
    return size;
}

START_TEST(one_cycle_loses_the_edge_seen_least)
{
    struct lv_advice_edge edges[] = { { 0, 1, 50, false }, { 1, 2, 7, false }, { 2, 0, 8, false } };
    bool exact;

    ck_assert_uint_eq(feedback(edges, 3, 3, &exact), 1);
    ck_assert(exact);
    ck_assert(!edges[0].chosen && edges[1].chosen && !edges[2].chosen);
}
END_TEST

/* Three cycles share an edge: it is seen most, and still it alone is the smallest change. */
START_TEST(a_shared_edge_breaks_all)
{
    struct lv_advice_edge edges[] = { { 0, 1, 9000, false }, { 1, 0, 1, false }, { 1, 2, 1, false },
                                      { 2, 0, 1, false },    { 1, 3, 1, false }, { 3, 0, 1, false } };
    bool exact;

    ck_assert_uint_eq(feedback(edges, 6, 4, &exact), 1);
    ck_assert(exact);
    ck_assert(edges[0].chosen);
}
END_TEST

START_TEST(no_cycle_no_change)
{
    struct lv_advice_edge edges[] = { { 0, 1, 1, true }, { 1, 2, 1, true }, { 0, 2, 1, true } };
    bool exact;

    ck_assert_uint_eq(feedback(edges, 3, 3, &exact), 0);
    ck_assert(exact);
    ck_assert(!edges[0].chosen && !edges[1].chosen && !edges[2].chosen);
}
END_TEST

/* Is no cycle left without the edges of @set? Takes away nodes that nothing leads to. */
static bool is_acyclic(const struct lv_advice_edge *edges, uint32_t count, uint32_t nodes, uint32_t set)
{
    uint32_t gone = 0;

    for (uint32_t round = 0; round < nodes; round++) {
        for (uint32_t node = 0; node < nodes; node++) {
            bool led_to = false;

            for (uint32_t i = 0; i < count; i++)
                led_to |= (set >> i & 1) == 0 && edges[i].to == node && (gone >> edges[i].from & 1) == 0;
            gone |= led_to ? 0 : 1u << node;
        }
    }
    return gone == (1u << nodes) - 1;
}

/* Against all subsets: no smaller set, and none of the same size that was seen less. */
START_TEST(smallest_by_trying_all)
{
    uint32_t seed = 7;

    for (unsigned round = 0; round < 150; round++) {
        struct lv_advice_edge edges[12];
        uint32_t nodes = 3 + round % 4, count = 0, best = 99, chosen = 0, size;
        uint64_t best_hits = 0, hits = 0;
        bool exact;

        for (uint32_t i = 0; i < 12; i++) {
            uint32_t from, to;
            bool there = false;

            seed = seed * 1664525 + 1013904223;
            from = (seed >> 8) % nodes;
            to = (seed >> 16) % nodes;
            for (uint32_t j = 0; j < count; j++)
                there |= edges[j].from == from && edges[j].to == to;
            if (from != to && !there)
                edges[count++] = (struct lv_advice_edge){ from, to, (seed >> 24) + 1, false };
        }
        for (uint32_t set = 0; set < 1u << count; set++) {
            uint32_t many = (uint32_t)__builtin_popcount(set);
            uint64_t seen = 0;

            for (uint32_t i = 0; i < count; i++)
                seen += (set >> i & 1) != 0 ? edges[i].hits : 0;
            if (many > best || (many == best && seen >= best_hits) || !is_acyclic(edges, count, nodes, set))
                continue;
            best = many;
            best_hits = seen;
        }
        size = feedback(edges, count, nodes, &exact);
        for (uint32_t i = 0; i < count; i++) {
            chosen |= edges[i].chosen ? 1u << i : 0;
            hits += edges[i].chosen ? edges[i].hits : 0;
        }
        ck_assert(exact);
        ck_assert(is_acyclic(edges, count, nodes, chosen));
        ck_assert_uint_eq(size, (uint32_t)__builtin_popcount(chosen));
        ck_assert_uint_eq(size, best);
        ck_assert_uint_eq(hits, best_hits);
    }
}
END_TEST

/* Everything against everything: too much to try, so a set is taken greedily, and said so; it breaks all cycles. */
START_TEST(too_much_is_taken_greedily)
{
    enum {
        NODES = 12
    };
    static struct lv_advice_edge edges[NODES * (NODES - 1)];
    uint32_t count = 0, size, left[NODES] = { 0 }, chosen = 0;
    bool exact;

    for (uint32_t from = 0; from < NODES; from++)
        for (uint32_t to = 0; to < NODES; to++)
            if (from != to)
                edges[count++] = (struct lv_advice_edge){ from, to, 1, false };
    size = feedback(edges, count, NODES, &exact);
    ck_assert(!exact);
    for (uint32_t i = 0; i < count; i++)
        chosen += edges[i].chosen;
    ck_assert_uint_eq(size, chosen);
    ck_assert_uint_eq(size, NODES * (NODES - 1) / 2);
    /* What is left is one order of all: each node has another number of edges that leave it. */
    for (uint32_t i = 0; i < count; i++)
        left[edges[i].from] += !edges[i].chosen;
    for (uint32_t i = 0, numbers = 0; i < NODES; i++) {
        ck_assert_uint_eq(numbers >> left[i] & 1, 0);
        numbers |= 1u << left[i];
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_odd_one_out,    no_odd_one_out,         one_cycle_loses_the_edge_seen_least, a_shared_edge_breaks_all,
        no_cycle_no_change, smallest_by_trying_all, too_much_is_taken_greedily,
    };
    Suite *suite = suite_create("advice");
    TCase *tcase = tcase_create("advice");

    for (size_t i = 0; i < LV_ARRAY_SIZE(tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
