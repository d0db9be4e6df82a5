/* SPDX-License-Identifier: MIT */
/* What the graph is made of: arenas, vectors, tables, stacks, chains, witnesses. */

#include "graph/chains.h"
#include "graph/stacks.h"
#include "graph/witness.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static struct lv_arena arena;

static void set_up(void)
{
    arena = (struct lv_arena){ 0 };
}

/* ---- arena --------------------------------------------------------------------------------------------------------- */

START_TEST(arena_gives_zeroed_aligned_memory)
{
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *p = lv_arena_alloc(&arena, size);

        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(p[i], 0);
        memset(p, 0xff, size);
    }
}
END_TEST

START_TEST(arena_limit)
{
    arena.limit = 512 * 1024;
    ck_assert_ptr_null(lv_arena_alloc(&arena, 1024 * 1024));
    while (lv_arena_alloc(&arena, 1000) != NULL)
        ;
    ck_assert_uint_le(arena.total, arena.limit);
    ck_assert_uint_ge(arena.total, arena.limit - 4096);
    ck_assert_ptr_null(lv_arena_alloc(&arena, SIZE_MAX));
}
END_TEST

/* ---- vector -------------------------------------------------------------------------------------------------------- */

START_TEST(vec_elements_stay_where_they_are)
{
    enum {
        COUNT = 10000
    };
    static uint32_t *element[COUNT];
    struct lv_vec vec;

    lv_vec_init(&vec, &arena, sizeof(uint32_t));
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t index;

        element[i] = lv_vec_add(&vec, &index);
        ck_assert_uint_eq(index, i);
        ck_assert_uint_eq(*element[i], 0);
        *element[i] = i;
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        ck_assert_ptr_eq(lv_vec_at(&vec, i), element[i]);
        ck_assert_uint_eq(*element[i], i);
    }
}
END_TEST

START_TEST(vec_without_memory)
{
    struct lv_vec vec;
    uint32_t index = 77, count;

    arena.limit = 1;
    lv_vec_init(&vec, &arena, 8);
    ck_assert_ptr_null(lv_vec_add(&vec, &index));
    ck_assert_uint_eq(index, 77);
    count = vec.count;
    arena.limit = 0;
    ck_assert_ptr_nonnull(lv_vec_add(&vec, &index));
    ck_assert_uint_eq(index, count);
}
END_TEST

/* ---- table --------------------------------------------------------------------------------------------------------- */

START_TEST(table_finds_what_was_put_in)
{
    enum {
        COUNT = 20000
    };
    struct lv_table table;

    lv_table_init(&table, &arena);
    ck_assert_uint_eq(lv_table_find(&table, 1), 0);
    lv_table_remove(&table, 1);
    for (uint32_t i = 1; i <= COUNT; i++)
        ck_assert_int_eq(lv_table_insert(&table, i * UINT64_C(0x1000000001), i), 0);
    ck_assert_uint_eq(table.live, COUNT);
    for (uint32_t i = 1; i <= COUNT; i++)
        ck_assert_uint_eq(lv_table_find(&table, i * UINT64_C(0x1000000001)), i);
    ck_assert_uint_eq(lv_table_find(&table, 7), 0);
    for (uint32_t i = 1; i <= COUNT; i += 2)
        lv_table_remove(&table, i * UINT64_C(0x1000000001));
    for (uint32_t i = 1; i <= COUNT; i++)
        ck_assert_uint_eq(lv_table_find(&table, i * UINT64_C(0x1000000001)), i % 2 == 0 ? i : 0);
    ck_assert_uint_eq(table.live, COUNT / 2);
}
END_TEST

START_TEST(table_changes_values)
{
    struct lv_table table;

    lv_table_init(&table, &arena);
    ck_assert_int_eq(lv_table_insert(&table, 5, 1), 0);
    ck_assert_int_eq(lv_table_insert(&table, 5, 2), 0);
    ck_assert_uint_eq(table.live, 1);
    ck_assert_uint_eq(lv_table_find(&table, 5), 2);
    lv_table_remove(&table, 5);
    lv_table_remove(&table, 5);
    ck_assert_uint_eq(table.live, 0);
    ck_assert_int_eq(lv_table_insert(&table, 5, 3), 0);
    ck_assert_uint_eq(lv_table_find(&table, 5), 3);
    ck_assert_uint_eq(table.live, 1);
    ck_assert_uint_eq(table.used, 1);
}
END_TEST

/* Keys that come and go, as addresses of locks on the stack do, need no more and more memory. */
START_TEST(table_reuses_removed_slots)
{
    struct lv_table table;

    lv_table_init(&table, &arena);
    for (uint64_t i = 1; i <= 100000; i++) {
        ck_assert_int_eq(lv_table_insert(&table, i * 64, 1), 0);
        if (i > 10)
            lv_table_remove(&table, (i - 10) * 64);
    }
    ck_assert_uint_eq(table.live, 10);
    ck_assert_uint_le(table.used, 64);
    ck_assert_uint_le(arena.total, 256 * 1024);
}
END_TEST

START_TEST(table_without_memory)
{
    struct lv_table table;

    lv_table_init(&table, &arena);
    arena.limit = 1;
    ck_assert_int_eq(lv_table_insert(&table, 1, 1), -ENOMEM);
    ck_assert_uint_eq(lv_table_find(&table, 1), 0);
    ck_assert_uint_eq(table.live, 0);
    arena.limit = 0;
    ck_assert_int_eq(lv_table_insert(&table, 1, 1), 0);
    arena.limit = 1;
    arena.at = arena.end;
    for (uint64_t i = 2; lv_table_insert(&table, i, 1) == 0; i++)
        ck_assert_uint_lt(i, 64);
    ck_assert_uint_eq(lv_table_find(&table, 1), 1);
}
END_TEST

/* ---- stacks, chains, witnesses ------------------------------------------------------------------------------------- */

START_TEST(stacks_are_kept_once)
{
    static const uintptr_t frames[] = { 10, 20, 30, 40 };
    struct lv_stacks stacks;
    lv_stack_id all, three;

    ck_assert_int_eq(lv_stacks_init(&stacks, &arena), 0);
    ck_assert_ptr_null(lv_stacks_get(&stacks, (lv_stack_id){ 0 }));
    all = lv_stacks_add(&stacks, frames, NULL, 4);
    three = lv_stacks_add(&stacks, frames, NULL, 3);
    ck_assert_uint_ne(all.v, 0);
    ck_assert_uint_ne(all.v, three.v);
    ck_assert_uint_eq(lv_stacks_add(&stacks, frames, NULL, 4).v, all.v);
    ck_assert_uint_eq(lv_stacks_add(&stacks, frames, NULL, 3).v, three.v);
    ck_assert_uint_eq(lv_stacks_get(&stacks, all)->count, 4);
    ck_assert_mem_eq(lv_stacks_get(&stacks, all)->frames, frames, sizeof(frames));
}
END_TEST

START_TEST(many_stacks)
{
    struct lv_stacks stacks;

    ck_assert_int_eq(lv_stacks_init(&stacks, &arena), 0);
    for (uintptr_t i = 0; i < 5000; i++) {
        const uintptr_t frames[] = { i % 10, i };

        ck_assert_uint_eq(lv_stacks_add(&stacks, frames, NULL, 2).v, i + 1);
    }
    for (uintptr_t i = 0; i < 5000; i++) {
        const uintptr_t frames[] = { i % 10, i };

        ck_assert_uint_eq(lv_stacks_add(&stacks, frames, NULL, 2).v, i + 1);
    }
}
END_TEST

START_TEST(stacks_without_memory)
{
    const uintptr_t frame = 1;
    struct lv_stacks stacks;

    ck_assert_int_eq(lv_stacks_init(&stacks, &arena), 0);
    arena.limit = 1;
    arena.at = arena.end;
    ck_assert_uint_eq(lv_stacks_add(&stacks, &frame, NULL, 1).v, 0);
    ck_assert_uint_eq(lv_stacks_add(&stacks, &frame, NULL, 1).v, 0);
}
END_TEST

START_TEST(chains_count_their_walkers)
{
    struct lv_chains chains;

    lv_chains_init(&chains, &arena);
    for (uint32_t i = 0; i < 10; i++) {
        ck_assert_uint_eq(lv_chains_walkers(&chains, 99), i);
        ck_assert_int_eq(lv_chains_walk(&chains, 99), 0);
    }
    ck_assert_uint_eq(chains.count, 1);
    ck_assert_int_eq(lv_chains_walk(&chains, 0), 0);
    ck_assert_uint_eq(lv_chains_walkers(&chains, 0), 1);
    ck_assert_uint_eq(chains.count, 2);
}
END_TEST

START_TEST(witnesses_keep_what_was_held)
{
    struct lv_witnesses witnesses;
    struct lv_witness *first;
    lv_witness_id one, two;

    lv_witnesses_init(&witnesses, &arena);
    first = lv_witnesses_add(&witnesses, 3, &one);
    ck_assert_ptr_nonnull(first);
    first->held[2].uid = 42;
    ck_assert_ptr_nonnull(lv_witnesses_add(&witnesses, 0, &two));
    ck_assert_uint_ne(one.v, 0);
    ck_assert_uint_ne(one.v, two.v);
    ck_assert_uint_eq(lv_witnesses_get(&witnesses, one)->held_count, 3);
    ck_assert_uint_eq(lv_witnesses_get(&witnesses, one)->held[2].uid, 42);
}
END_TEST

/* Each lies behind the one before it, whatever their sizes, and none is larger than what it holds. */
START_TEST(witnesses_lie_close_together)
{
    enum {
        COUNT = 5000
    };
    struct lv_witnesses witnesses;
    lv_witness_id id[COUNT], next = { 0 };
    size_t size = 0;

    lv_witnesses_init(&witnesses, &arena);
    ck_assert_uint_eq(lv_witnesses_next(&witnesses, next).v, 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct lv_witness *witness = lv_witnesses_add(&witnesses, i * 7 % (LV_WITNESS_HELD + 1), &id[i]);

        ck_assert_ptr_nonnull(witness);
        ck_assert_uint_lt(id[i].v, lv_witnesses_end(&witnesses));
        witness->thread.v = i;
        memset(witness->held, 0xff, witness->held_count * sizeof(witness->held[0]));
        size += sizeof(*witness) + witness->held_count * sizeof(witness->held[0]);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        next = lv_witnesses_next(&witnesses, next);
        ck_assert_uint_eq(next.v, id[i].v);
        ck_assert_uint_eq(lv_witnesses_get(&witnesses, next)->thread.v, i);
        ck_assert_uint_eq(lv_witnesses_get(&witnesses, next)->held_count, i * 7 % (LV_WITNESS_HELD + 1));
    }
    ck_assert_uint_eq(lv_witnesses_next(&witnesses, next).v, 0);
    ck_assert_uint_eq(witnesses.count, COUNT);
    ck_assert_uint_lt(lv_witnesses_bytes(&witnesses), size + size / 20);
}
END_TEST

START_TEST(witnesses_without_memory)
{
    struct lv_witnesses witnesses;
    lv_witness_id id;
    uint32_t count = 0;

    lv_witnesses_init(&witnesses, &arena);
    ck_assert_ptr_nonnull(lv_witnesses_add(&witnesses, 1, &id));
    arena.limit = 1;
    arena.at = arena.end;
    while (lv_witnesses_add(&witnesses, 1, &id) != NULL)
        count++;
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_eq(witnesses.count, count + 1);
}
END_TEST

/* A dropped witness is used again by one of the same size, cleared. */
START_TEST(dropped_witnesses_are_used_again)
{
    struct lv_witnesses witnesses;
    struct lv_witness *witness;
    lv_witness_id one, two, three;

    lv_witnesses_init(&witnesses, &arena);
    witness = lv_witnesses_add(&witnesses, 2, &one);
    witness->held[1].uid = 42;
    witness->left_out = true;
    ck_assert_ptr_nonnull(lv_witnesses_add(&witnesses, 2, &two));
    lv_witnesses_drop(&witnesses, one);
    lv_witnesses_drop(&witnesses, two);
    ck_assert_ptr_nonnull(lv_witnesses_add(&witnesses, 3, &three));
    ck_assert_uint_eq(witnesses.count, 3);
    ck_assert_ptr_nonnull(lv_witnesses_add(&witnesses, 2, &three));
    ck_assert_uint_eq(three.v, two.v);
    ck_assert_ptr_eq(lv_witnesses_add(&witnesses, 2, &three), witness);
    ck_assert_uint_eq(three.v, one.v);
    ck_assert_uint_eq(witness->held_count, 2);
    ck_assert_uint_eq(witness->held[1].uid, 0);
    ck_assert(!witness->left_out);
    ck_assert_uint_eq(witnesses.count, 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        arena_gives_zeroed_aligned_memory,
        arena_limit,
        vec_elements_stay_where_they_are,
        vec_without_memory,
        table_finds_what_was_put_in,
        table_changes_values,
        table_reuses_removed_slots,
        table_without_memory,
        stacks_are_kept_once,
        many_stacks,
        stacks_without_memory,
        chains_count_their_walkers,
        witnesses_keep_what_was_held,
        witnesses_lie_close_together,
        witnesses_without_memory,
        dropped_witnesses_are_used_again,
    };
    Suite *suite = suite_create("graph");
    TCase *tcase = tcase_create("graph");

    tcase_add_checked_fixture(tcase, set_up, NULL);
    for (size_t i = 0; i < LV_ARRAY_SIZE(tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
