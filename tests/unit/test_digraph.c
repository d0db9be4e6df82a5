/* SPDX-License-Identifier: MIT */
/* The dependency graph: edges and their witnesses, strong paths. */

#include "graph/digraph.h"

#include "unit.h"

#include <errno.h>

static struct lv_arena arena;

static void set_up(void)
{
    arena = (struct lv_arena){ 0 };
}

START_TEST(dependency_bits)
{
    ck_assert_uint_eq(lv_dep_bit(LV_WRITE, LV_WRITE, false), LV_DEP_EN);
    ck_assert_uint_eq(lv_dep_bit(LV_WRITE, LV_READ, false), LV_DEP_EN);
    ck_assert_uint_eq(lv_dep_bit(LV_WRITE, LV_READ_RECURSIVE, false), LV_DEP_ER);
    ck_assert_uint_eq(lv_dep_bit(LV_READ, LV_WRITE, false), LV_DEP_SN);
    ck_assert_uint_eq(lv_dep_bit(LV_READ_RECURSIVE, LV_READ, false), LV_DEP_SN);
    ck_assert_uint_eq(lv_dep_bit(LV_READ_RECURSIVE, LV_READ_RECURSIVE, false), LV_DEP_SR);
    ck_assert_uint_eq(lv_dep_bit(LV_READ, LV_READ_RECURSIVE, true), LV_DEP_SR << 4);
    ck_assert_uint_eq(lv_dep_bit(LV_WRITE, LV_WRITE, true), LV_DEP_EN << 4);
}
END_TEST

static struct lv_digraph g;

static uint32_t edge(uint32_t from, uint32_t to, uint8_t bits)
{
    uint32_t number;

    ck_assert_int_ge(lv_digraph_add(&g, from, to, bits, &number), 0);
    return number;
}

START_TEST(an_edge_is_added_once)
{
    uint32_t number, again;

    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    ck_assert_uint_eq(lv_digraph_find(&g, 1, 2), 0);
    ck_assert_int_eq(lv_digraph_add(&g, 1, 2, LV_DEP_EN, &number), LV_DEP_EN);
    ck_assert_int_eq(lv_digraph_add(&g, 1, 2, LV_DEP_EN, &again), 0);
    ck_assert_uint_eq(again, number);
    ck_assert_int_eq(lv_digraph_add(&g, 1, 2, LV_DEP_EN | LV_DEP_SR, &again), LV_DEP_SR);
    ck_assert_uint_eq(lv_digraph_edge(&g, number)->bits, LV_DEP_EN | LV_DEP_SR);
    ck_assert_uint_eq(lv_digraph_find(&g, 1, 2), number);
    ck_assert_uint_eq(lv_digraph_find(&g, 2, 1), 0);
}
END_TEST

START_TEST(nodes_that_were_never_seen)
{
    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    ck_assert_int_eq(lv_digraph_close(&g, 100, 200, LV_DEP_EN, LV_DEP_ALL), 0);
    (void)edge(1, 2, LV_DEP_EN);
    ck_assert_int_eq(lv_digraph_close(&g, 1, 200, LV_DEP_EN, LV_DEP_ALL), 0);
    ck_assert_int_eq(lv_digraph_close(&g, 200, 1, LV_DEP_EN, LV_DEP_ALL), 0);
}
END_TEST

START_TEST(a_long_path)
{
    enum {
        LENGTH = 20000
    };
    uint32_t last;

    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    for (uint32_t i = 1; i < LENGTH; i++)
        last = edge(i, i + 1, LV_DEP_EN);
    ck_assert_int_eq(lv_digraph_close(&g, LENGTH, 1, LV_DEP_EN, LV_DEP_UNTIMED), LENGTH - 1);
    ck_assert_uint_eq(g.path[LENGTH - 2].edge, last);
    ck_assert_int_eq(lv_digraph_close(&g, 1, LENGTH, LV_DEP_EN, LV_DEP_UNTIMED), 0);
}
END_TEST

/* The way to the goal leads through one node twice, first after a recursive reader, then after a writer. */
START_TEST(a_path_through_a_node_in_both_states)
{
    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    (void)edge(1, 2, LV_DEP_ER);
    (void)edge(2, 3, LV_DEP_EN);
    (void)edge(3, 2, LV_DEP_EN);
    (void)edge(2, 4, LV_DEP_SN);
    ck_assert_int_eq(lv_digraph_close(&g, 4, 1, LV_DEP_EN, LV_DEP_UNTIMED), 4);
    ck_assert_uint_eq(lv_digraph_edge(&g, g.path[0].edge)->to, 2);
    ck_assert_uint_eq(g.path[0].bits, LV_DEP_ER);
    ck_assert_uint_eq(lv_digraph_edge(&g, g.path[2].edge)->to, 2);
    ck_assert_uint_eq(g.path[3].bits, LV_DEP_SN);
}
END_TEST

/* 1 -> 2 -> 3 is short, 1 -> 4 -> 5 -> 3 is long. */
START_TEST(a_node_that_is_passed_by)
{
    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    (void)edge(1, 2, LV_DEP_EN);
    (void)edge(2, 3, LV_DEP_EN);
    (void)edge(1, 4, LV_DEP_EN);
    (void)edge(4, 5, LV_DEP_EN);
    (void)edge(5, 3, LV_DEP_EN);
    ck_assert_int_eq(lv_digraph_close(&g, 3, 1, LV_DEP_EN, LV_DEP_UNTIMED), 2);
    lv_digraph_pass_by(&g, 2, true);
    ck_assert_int_eq(lv_digraph_close(&g, 3, 1, LV_DEP_EN, LV_DEP_UNTIMED), 3);
    lv_digraph_pass_by(&g, 5, true);
    ck_assert_int_eq(lv_digraph_close(&g, 3, 1, LV_DEP_EN, LV_DEP_UNTIMED), 0);
    lv_digraph_pass_by(&g, 2, false);
    ck_assert_int_eq(lv_digraph_close(&g, 3, 1, LV_DEP_EN, LV_DEP_UNTIMED), 2);
    /* Its ends too. */
    lv_digraph_pass_by(&g, 3, true);
    ck_assert_int_eq(lv_digraph_close(&g, 3, 1, LV_DEP_EN, LV_DEP_UNTIMED), 0);
    lv_digraph_pass_by(&g, 3, false);
    lv_digraph_pass_by(&g, 1, true);
    ck_assert_int_eq(lv_digraph_close(&g, 3, 1, LV_DEP_EN, LV_DEP_UNTIMED), 0);
    lv_digraph_pass_by(&g, 1, false);
    ck_assert_int_eq(lv_digraph_close(&g, 3, 1, LV_DEP_EN, LV_DEP_UNTIMED), 2);
    lv_digraph_pass_by(&g, 1000, true);
    ck_assert_uint_lt(g.nodes.count, 1000);
}
END_TEST

START_TEST(the_number_of_a_search_wraps_round)
{
    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    (void)edge(1, 2, LV_DEP_EN);
    (void)edge(2, 3, LV_DEP_EN);
    ck_assert_int_eq(lv_digraph_close(&g, 3, 1, LV_DEP_EN, LV_DEP_UNTIMED), 2);
    g.search = UINT32_MAX;
    ck_assert_int_eq(lv_digraph_close(&g, 3, 1, LV_DEP_EN, LV_DEP_UNTIMED), 2);
    ck_assert_uint_eq(g.search, 1);
    ck_assert_int_eq(lv_digraph_close(&g, 3, 1, LV_DEP_EN, LV_DEP_UNTIMED), 2);
}
END_TEST

/* A search needs memory for the path, once; what the order answers needs none. */
START_TEST(digraph_without_memory)
{
    uint32_t number;

    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    arena.limit = 1;
    arena.at = arena.end;
    ck_assert_int_eq(lv_digraph_add(&g, 1, 2, LV_DEP_EN, &number), -ENOMEM);
    arena.limit = 0;
    (void)edge(1, 2, LV_DEP_EN);
    (void)edge(2, 3, LV_DEP_EN);
    (void)edge(4, 1, LV_DEP_EN);
    arena.limit = 1;
    arena.at = arena.end;
    ck_assert_int_eq(lv_digraph_close(&g, 1, 2, LV_DEP_EN, LV_DEP_ALL), 0);
    (void)edge(2, 1, LV_DEP_EN);
    ck_assert_int_eq(lv_digraph_close(&g, 2, 1, LV_DEP_EN, LV_DEP_ALL), -ENOMEM);
    arena.limit = 0;
    ck_assert_int_eq(lv_digraph_close(&g, 2, 1, LV_DEP_EN, LV_DEP_ALL), 1);
}
END_TEST

/* Edges come and go at random; what is found and what closes a path is what a matrix says. */
START_TEST(removed_edges)
{
    enum {
        NODES = 9
    };
    uint32_t seed = 1;
    bool there[NODES + 1][NODES + 1] = { { false } };
    uint32_t count = 0, most = 0;

    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t from, to, number;

        seed = seed * 1664525 + 1013904223;
        from = 1 + (seed >> 8) % NODES;
        to = 1 + (seed >> 16) % NODES;
        if (from == to)
            continue;
        number = lv_digraph_find(&g, from, to);
        ck_assert_int_eq(number != 0, there[from][to]);
        if (number != 0 && (seed >> 24) % 2 == 0) {
            lv_digraph_remove(&g, number);
            there[from][to] = false;
            count--;
        } else if (number == 0) {
            bool reached[NODES + 1] = { false };

            /* Does a path lead from to back to from? */
            reached[to] = true;
            for (unsigned i = 0; i < NODES; i++)
                for (unsigned a = 1; a <= NODES; a++)
                    for (unsigned b = 1; b <= NODES; b++)
                        reached[b] |= reached[a] && there[a][b];
            number = edge(from, to, LV_DEP_EN);
            ck_assert_int_eq(lv_digraph_close(&g, from, to, LV_DEP_EN, LV_DEP_ALL) > 0, reached[from]);
            there[from][to] = true;
            count++;
            most = count > most ? count : most;
        }
        ck_assert_uint_eq(g.live, count);
        ck_assert_uint_eq(g.edges.count - 1, most);
    }
}
END_TEST

/* ---- witnesses of an edge ----------------------------------------------------------------------------------------- */

static void add_witness(uint32_t number, uint32_t id)
{
    struct lv_edge_witness at = { .id = { id }, .held = (uint16_t)(id + 1) };

    ck_assert_int_eq(lv_edge_add_witness(&g.blocks, lv_digraph_edge(&g, number), at), 0);
}

static void check_witnesses(uint32_t number, uint32_t first, uint32_t count)
{
    const struct lv_edge *e = lv_digraph_edge(&g, number);

    ck_assert_uint_eq(e->witness_count, count);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_uint_eq(lv_edge_witness(e, i)->id.v, first + i);
        ck_assert_uint_eq(lv_edge_witness(e, i)->held, first + i + 1);
    }
}

START_TEST(an_edge_keeps_its_witnesses)
{
    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    for (uint32_t i = 1; i <= LV_EDGE_WITNESSES; i++) {
        (void)edge(1, i + 1, LV_DEP_EN);
        for (uint32_t k = 0; k < i; k++) {
            add_witness(i, 100 * i + k);
            check_witnesses(i, 100 * i, k + 1);
        }
    }
    for (uint32_t i = 1; i <= LV_EDGE_WITNESSES; i++)
        check_witnesses(i, 100 * i, i);
}
END_TEST

/* Edges with few and with many witnesses come and go: the blocks are those of the first round. */
START_TEST(blocks_of_witnesses_are_used_again)
{
    size_t bytes = 0;

    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    for (unsigned round = 0; round < 10; round++) {
        for (uint32_t i = 1; i <= 40; i++) {
            uint32_t number = edge(1, i + 1, LV_DEP_EN);

            for (uint32_t k = 0; k < (i - 1) % LV_EDGE_WITNESSES + 1; k++)
                add_witness(number, 1000 * i + k);
        }
        for (uint32_t i = 1; i <= 40; i++)
            check_witnesses(lv_digraph_find(&g, 1, i + 1), 1000 * i, (i - 1) % LV_EDGE_WITNESSES + 1);
        if (round == 0)
            bytes = g.blocks.bytes;
        ck_assert_uint_eq(g.blocks.bytes, bytes);
        if (round % 2 == 0)
            ck_assert_int_eq(lv_digraph_clear(&g), 0);
        else
            for (uint32_t i = 1; i <= 40; i++)
                lv_digraph_remove(&g, lv_digraph_find(&g, 1, i + 1));
    }
}
END_TEST

/* A removed edge has no witness, one that is detached keeps all. */
START_TEST(witnesses_of_edges_that_go)
{
    uint32_t kept, gone;

    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    kept = edge(1, 2, LV_DEP_EN);
    gone = edge(2, 3, LV_DEP_EN);
    for (uint32_t i = 0; i < 6; i++) {
        add_witness(kept, 10 + i);
        add_witness(gone, 20 + i);
    }
    lv_digraph_detach(&g, kept);
    lv_digraph_remove(&g, gone);
    ck_assert_uint_eq(edge(7, 8, LV_DEP_EN), gone);
    check_witnesses(gone, 0, 0);
    for (uint32_t i = 0; i < 6; i++)
        add_witness(gone, 30 + i);
    check_witnesses(kept, 10, 6);
    check_witnesses(gone, 30, 6);
}
END_TEST

START_TEST(no_memory_for_a_witness)
{
    const struct lv_edge_witness at = { .id = { 99 } };
    uint32_t number;

    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    number = edge(1, 2, LV_DEP_EN);
    for (uint32_t i = 0; i < LV_EDGE_WITNESSES; i++) {
        bool grows = i == 1 || i == 4;

        arena.fail_from = arena.count + 1;
        arena.fail_to = arena.count + 2;
        ck_assert_int_eq(lv_edge_add_witness(&g.blocks, lv_digraph_edge(&g, number), at), grows ? -ENOMEM : 0);
        if (!grows)
            lv_digraph_edge(&g, number)->witness_count--;
        check_witnesses(number, 10, i);
        arena.fail_from = arena.fail_to = 0;
        add_witness(number, 10 + i);
    }
    check_witnesses(number, 10, LV_EDGE_WITNESSES);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        dependency_bits,
        an_edge_is_added_once,
        nodes_that_were_never_seen,
        a_long_path,
        a_path_through_a_node_in_both_states,
        a_node_that_is_passed_by,
        the_number_of_a_search_wraps_round,
        digraph_without_memory,
        removed_edges,
        an_edge_keeps_its_witnesses,
        blocks_of_witnesses_are_used_again,
        witnesses_of_edges_that_go,
        no_memory_for_a_witness,
    };
    Suite *suite = suite_create("digraph");
    TCase *tcase = tcase_create("digraph");

    tcase_add_checked_fixture(tcase, set_up, NULL);
    for (size_t i = 0; i < LV_ARRAY_SIZE(tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
