/* SPDX-License-Identifier: MIT */
/* Locks taken while the same lock, or another one of the class, is held. */

#include <stdio.h>

#include "engine.h"
#include "engine/memory.h"

#define RECURSIVE LV_FINDING_RECURSIVE
#define DEADLOCK LV_VERDICT_DEADLOCK
#define POTENTIAL LV_VERDICT_POTENTIAL
#define FEASIBLE LV_VERDICT_FEASIBLE
#define GUARDED LV_VERDICT_GUARDED

/* ---- the same lock ------------------------------------------------------------------------------------------------- */

START_TEST(normal_mutex_twice_is_a_deadlock)
{
    const struct scenario_report *report;

    write_lock(1, "A");
    (void)scenario_begin(s, 1, "A", LV_WRITE, 0);
    report = scenario_expect_cycle(s, RECURSIVE, DEADLOCK, "A>A");
    ck_assert_ptr_nonnull(strstr(report->reasons, "the very lock"));
}
END_TEST

START_TEST(another_lock_between_does_not_hide_it)
{
    write_lock(1, "A");
    write_lock(1, "B");
    (void)scenario_begin(s, 1, "A", LV_WRITE, 0);
    scenario_expect_cycle(s, RECURSIVE, DEADLOCK, "A>A");
}
END_TEST

START_TEST(recursive_mutex_makes_no_edge)
{
    scenario_lock_reentrant(s, 1, "A");
    write_lock(1, "B");
    scenario_lock_reentrant(s, 1, "A");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 2);
    unlock(1, "A");
    unlock(1, "B");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 1);
    unlock(1, "A");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 0);
    scenario_chain(s, 2, "A B");
}
END_TEST

/* A hundred thousand times is allowed, and the count does not wrap round. */
START_TEST(recursive_mutex_very_often)
{
    for (unsigned i = 0; i < 100000; i++)
        scenario_lock_reentrant(s, 1, "A");
    for (unsigned i = 1; i < 100000; i++)
        unlock(1, "A");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 1);
    unlock(1, "A");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 0);
}
END_TEST

START_TEST(try_of_a_held_lock_is_no_deadlock)
{
    write_lock(1, "A");
    (void)scenario_begin(s, 1, "A", LV_WRITE, LV_TRY);
}
END_TEST

START_TEST(timed_wait_for_a_held_lock_is_guarded)
{
    write_lock(1, "A");
    (void)scenario_begin(s, 1, "A", LV_WRITE, LV_TIMED);
    scenario_expect(s, RECURSIVE, GUARDED);
}
END_TEST

START_TEST(recursive_reader_again)
{
    read_lock(1, "A");
    read_lock(1, "A");
    unlock(1, "A");
    unlock(1, "A");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 0);
}
END_TEST

START_TEST(blocking_reader_again)
{
    const struct scenario_report *report;

    scenario_lock(s, 1, "A", LV_READ, 0);
    scenario_lock(s, 1, "A", LV_READ, 0);
    report = scenario_expect(s, RECURSIVE, POTENTIAL);
    ck_assert_ptr_nonnull(strstr(report->reasons, "once a writer comes between"));
}
END_TEST

START_TEST(writer_after_own_reader)
{
    read_lock(1, "A");
    write_lock(1, "A");
    scenario_expect(s, RECURSIVE, DEADLOCK);
}
END_TEST

START_TEST(reader_after_own_writer)
{
    write_lock(1, "A");
    read_lock(1, "A");
    scenario_expect(s, RECURSIVE, DEADLOCK);
}
END_TEST

/* ---- one class, explicit key: the kernel's rule -------------------------------------------------------------------- */

START_TEST(explicit_class_nested)
{
    const struct scenario_report *report;

    scenario_class(s, "A", SCENARIO_EXPLICIT);
    scenario_chain(s, 1, "A1 A2");
    report = scenario_expect_cycle(s, RECURSIVE, POTENTIAL, "A1>A2");
    ck_assert_ptr_nonnull(strstr(report->reasons, "one class"));
    scenario_chain(s, 2, "A1 A3");
}
END_TEST

START_TEST(explicit_class_by_mode)
{
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    read_lock(1, "A1");
    read_lock(1, "A2");
    scenario_lock(s, 1, "A3", LV_WRITE, LV_TRY);
    scenario_expect_clean(s);
    scenario_class(s, "B", SCENARIO_EXPLICIT);
    read_lock(1, "B1");
    scenario_lock(s, 1, "B2", LV_WRITE, LV_TIMED);
    scenario_expect(s, RECURSIVE, GUARDED);
    scenario_lock(s, 1, "B3", LV_READ, 0);
    scenario_expect(s, RECURSIVE, POTENTIAL);
}
END_TEST

START_TEST(subclass_orders_a_class)
{
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    for (unsigned thread = 1; thread < 3; thread++) {
        write_lock(thread, "A1");
        scenario_lock_sub(s, thread, "A2", 1);
        unlock(thread, "A2");
        unlock(thread, "A1");
    }
}
END_TEST

START_TEST(subclasses_are_classes)
{
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    write_lock(1, "A1");
    scenario_lock_sub(s, 1, "A2", 1);
    unlock(1, "A2");
    unlock(1, "A1");
    scenario_lock_sub(s, 2, "A2", 1);
    write_lock(2, "A1");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, FEASIBLE, "A2>A1 A1>A2");
}
END_TEST

/* What is announced for a lock is forgotten when another one is taken first. */
START_TEST(subclass_is_for_the_next_lock_only)
{
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    write_lock(1, "A1");
    lv_acquire_next(scenario_thread(s, 1), scenario_object(s, "A2", LV_KIND_MUTEX)->address, 1, 0);
    scenario_chain(s, 1, "B");
    write_lock(1, "A2");
    scenario_expect(s, RECURSIVE, POTENTIAL);
}
END_TEST

START_TEST(nest_lock_held)
{
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    write_lock(1, "N");
    for (unsigned i = 0; i < 2; i++) {
        write_lock(1, i == 0 ? "A1" : "A2");
        scenario_lock_nest(s, 1, i == 0 ? "A2" : "A1", "N");
        unlock(1, "A1");
        unlock(1, "A2");
    }
}
END_TEST

START_TEST(nest_lock_named_but_not_held)
{
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    write_lock(1, "A1");
    scenario_lock_nest(s, 1, "A2", "N");
    scenario_expect(s, LV_FINDING_ASSERT, LV_VERDICT_MISUSE);
    scenario_expect(s, RECURSIVE, POTENTIAL);
}
END_TEST

/* The same chain once with the nest lock held elsewhere in it and once without: two chains. */
START_TEST(nest_lock_held_first_and_then_not)
{
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    write_lock(1, "N");
    write_lock(1, "A1");
    scenario_lock_nest(s, 1, "A2", "N");
    unlock(1, "A2");
    scenario_expect_clean(s);
    scenario_lock_nest(s, 1, "A2", "M");
    scenario_expect(s, LV_FINDING_ASSERT, LV_VERDICT_MISUSE);
    scenario_expect(s, RECURSIVE, POTENTIAL);
}
END_TEST

/* ---- one class, guessed: the order of instances -------------------------------------------------------------------- */

START_TEST(consistent_order_of_instances)
{
    for (unsigned thread = 1; thread < 3; thread++) {
        scenario_chain(s, thread, "A1 A2 A3");
        scenario_chain(s, thread, "A1 A3");
        scenario_chain(s, thread, "A2 A3");
    }
}
END_TEST

START_TEST(two_instances_in_a_circle)
{
    const struct scenario_report *report;

    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 2, "A2 A1");
    report = scenario_expect_cycle(s, RECURSIVE, FEASIBLE, "A2>A1 A1>A2");
    ck_assert_ptr_nonnull(strstr(report->reasons, "2 locks of one class were taken in a circle"));
}
END_TEST

static void chain_pair(unsigned thread, unsigned first, unsigned second)
{
    char names[64];

    snprintf(names, sizeof(names), "A%u A%u", first, second);
    scenario_chain(s, thread, names);
}

/* Locks that are made and nested without end, and never end: what is kept stays bounded, a new circle is found all the
 * same, and says that not all evidence is there. */
START_TEST(pairs_without_end)
{
    const struct scenario_report *report;

    s->site = 0x1000;
    s->ctx.pairs.class_max = 8;
    for (unsigned i = 0; i < 500; i++) {
        chain_pair(1, 2 * i + 1, 2 * i + 2);
        ck_assert_uint_le(s->ctx.pairs.order.live, 8);
        ck_assert_uint_le(s->ctx.pairs.order.edges.count, 9);
        ck_assert_uint_le(s->ctx.pairs.order.nodes.count, 19);
        ck_assert_uint_le(s->ctx.pairs.witnesses.count, 8);
    }
    ck_assert_uint_eq(s->ctx.pairs.forgotten, 62);
    scenario_expect_clean(s);
    chain_pair(2, 2001, 2002);
    chain_pair(2, 2002, 2001);
    report = scenario_expect_cycle(s, RECURSIVE, POTENTIAL, "A2002>A2001 A2001>A2002");
    ck_assert_ptr_nonnull(strstr(report->reasons, "witnesses incomplete"));
}
END_TEST

/* A class that has too many pairs takes nothing from another one. */
START_TEST(pairs_are_bounded_by_class)
{
    const struct scenario_report *report;

    s->ctx.pairs.class_max = 8;
    scenario_chain(s, 1, "B1 B2");
    for (unsigned i = 0; i < 50; i++)
        chain_pair(1, 2 * i + 1, 2 * i + 2);
    ck_assert_uint_ge(s->ctx.pairs.forgotten, 5);
    scenario_chain(s, 1, "B2 B1");
    report = scenario_expect_cycle(s, RECURSIVE, POTENTIAL, "B2>B1 B1>B2");
    ck_assert_ptr_null(strstr(report->reasons, "incomplete"));
}
END_TEST

/* What was forgotten is told again by the thread that has it in its cache, and so a circle is found nevertheless. */
START_TEST(forgotten_pairs_are_told_again)
{
    s->ctx.pairs.class_max = 8;
    chain_pair(1, 1, 2);
    for (unsigned i = 1; i < 9; i++)
        chain_pair(1, 2 * i + 1, 2 * i + 2);
    ck_assert_uint_eq(s->ctx.pairs.forgotten, 1);
    chain_pair(1, 1, 2);
    chain_pair(2, 2, 1);
    scenario_expect_cycle(s, RECURSIVE, FEASIBLE, "A2>A1 A1>A2");
}
END_TEST

/* A class that is too large for ever becomes quiet: its threads do not tell everything again each time. */
START_TEST(too_many_for_ever_is_not_slow_for_ever)
{
    uint64_t walks;

    s->ctx.pairs.class_max = 8;
    for (unsigned round = 0; round < 100; round++)
        for (unsigned i = 0; i < 20; i++)
            chain_pair(1, 2 * i + 1, 2 * i + 2);
    walks = s->ctx.counters.locked_walks;
    ck_assert_uint_le(walks, 600);
    for (unsigned i = 0; i < 20; i++)
        chain_pair(1, 2 * i + 1, 2 * i + 2);
    ck_assert_uint_eq(s->ctx.counters.locked_walks, walks);
}
END_TEST

/* One pair ends as many chains as there are locks around it. They are bounded, and their number is not the pairs'. */
START_TEST(chains_of_one_pair_without_end)
{
    char names[64];

    s->ctx.pairs.chains_max = 16;
    for (unsigned i = 0; i < 500; i++) {
        char class[8] = { (char)('A' + i % 26), (char)('A' + i / 26 % 26), '\0' };

        snprintf(names, sizeof(names), "%sX P1 P2", class);
        scenario_chain(s, 1, names);
        ck_assert_uint_le(s->ctx.pairs.chains.count, 16);
    }
    ck_assert_uint_eq(s->ctx.pairs.forgotten, 0);
    scenario_expect_clean(s);
    scenario_chain(s, 2, "P2 P1");
    scenario_expect_cycle(s, RECURSIVE, FEASIBLE, "P2>P1 P1>P2");
}
END_TEST

/* By address, by creation, or by neither: any order that is kept is silent. */
START_TEST(any_consistent_order_is_silent)
{
    static const unsigned orders[3][5] = { { 1, 2, 3, 4, 5 }, { 5, 4, 3, 2, 1 }, { 3, 1, 4, 5, 2 } };

    for (unsigned order = 0; order < 3; order++) {
        unsigned base = 10 * order;

        for (unsigned i = 0; i < 5; i++)
            for (unsigned j = i + 1; j < 5; j++)
                chain_pair(1 + order, base + orders[order][i], base + orders[order][j]);
    }
    scenario_expect_clean(s);
    chain_pair(1, 22, 23);
    scenario_expect_cycle(s, RECURSIVE, FEASIBLE, "A22>A23 A23>A22");
}
END_TEST

/* ---- the instances' lives ------------------------------------------------------------------------------------------ */

START_TEST(destroyed_instances_take_their_pairs)
{
    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 1, "A2 A3");
    scenario_chain(s, 1, "A4 A3");
    ck_assert_uint_eq(s->ctx.pairs.order.live, 3);
    lv_identity_forget(&s->ctx, scenario_thread(s, 1), scenario_object(s, "A2", LV_KIND_MUTEX));
    ck_assert_uint_eq(s->ctx.pairs.order.live, 1);
    ck_assert_uint_eq(s->ctx.pairs.retired, 1);
    ck_assert_uint_eq(s->ctx.pairs.node_at.live, 2);
    scenario_chain(s, 2, "A2 A1");
    scenario_chain(s, 2, "A3 A1");
    scenario_expect_clean(s);
    scenario_chain(s, 2, "A3 A4");
    scenario_expect_cycle(s, RECURSIVE, FEASIBLE, "A3>A4 A4>A3");
}
END_TEST

START_TEST(instances_made_anew_take_their_pairs)
{
    const struct lv_object *object = scenario_object(s, "A2", LV_KIND_MUTEX);

    scenario_chain(s, 1, "A1 A2");
    lv_identity_init(&s->ctx, scenario_thread(s, 1), object, 0x530000000000);
    ck_assert_uint_eq(s->ctx.pairs.order.live, 0);
    ck_assert_uint_eq(s->ctx.pairs.node_at.live, 0);
    scenario_chain(s, 2, "A2 A1");
}
END_TEST

/* A lock whose memory is only written over is met as another one; the first's pairs go when it is. */
START_TEST(instances_written_over_take_their_pairs)
{
    const struct lv_object *object = scenario_object(s, "A2", LV_KIND_MUTEX);

    scenario_chain(s, 1, "A1 A2");
    if (object->word == NULL)
        return;
    *object->word = *object->seal = 0;
    s->site = 0x1000;
    scenario_chain(s, 2, "A2");
    ck_assert_uint_eq(s->ctx.pairs.order.live, 0);
}
END_TEST

/* Two locks live in memory that is freed: nothing is left of their order. */
START_TEST(freed_instances_take_their_pairs)
{
    static uint64_t block[2 * 8];
    struct lv_thread *t = scenario_thread(s, 1);
    struct lv_object object[2];

    for (unsigned i = 0; i < 2; i++) {
        uint64_t *at = &block[i * 8];

        object[i] = (struct lv_object){ .address = (uintptr_t)at, .kind = LV_KIND_MUTEX };
        if (!s->table) {
            object[i].word = at + 1;
            object[i].seal = at + 2;
        }
        lv_identity_init(&s->ctx, t, &object[i], 0x530000001000);
        lv_pages_set(&s->ctx.pages, object[i].address, s->table ? LV_PAGE_TABLE : LV_PAGE_INSIDE);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct lv_acquisition a;

        ck_assert(
            lv_acquisition_set(&a, &object[i], lv_identity_find(&s->ctx, t, &object[i], 0x1000), LV_WRITE, 0, 0x1000));
        lv_acquire(&s->ctx, t, &a);
        lv_acquired(&s->ctx, t, &a);
    }
    for (unsigned i = 2; i-- > 0;)
        lv_release(&s->ctx, t, object[i].address, LV_KIND_MUTEX, 0x1000);
    ck_assert_uint_eq(s->ctx.pairs.order.live, 1);
    lv_memory_free(&s->ctx, t, (uintptr_t)block, sizeof(block), 0x1000);
    ck_assert_uint_eq(s->ctx.pairs.order.live, 0);
    ck_assert_uint_eq(s->ctx.pairs.node_at.live, 0);
}
END_TEST

/* A million pairs of locks that live for a moment: no pair is ever forgotten for want of room, and memory stays small. */
START_TEST(a_million_short_lives)
{
    static uint64_t block[2 * 8];
    struct lv_thread *t = scenario_thread(s, 1);
    size_t before = 0;

    s->ctx.pairs.class_max = 64;
    for (unsigned round = 0; round < 1000000; round++) {
        struct lv_held_record record[2] = {
            { .address = (uintptr_t)&block[0], .uid = 2 * round + 1, .class = { 1 }, .kind = LV_KIND_MUTEX },
            { .address = (uintptr_t)&block[1], .uid = 2 * round + 2, .class = { 1 }, .kind = LV_KIND_MUTEX },
        };
        const struct lv_check check = lv_context_check(&s->ctx);
        const struct lv_pair_seen nested = { s->ctx.scratch, 0, false, false };
        struct lv_finding finding;
        unsigned first = round % 2;

        s->ctx.scratch->thread = t->info;
        s->ctx.scratch->held_count = 1;
        s->ctx.scratch->held[0] = record[first];
        s->ctx.scratch->wanted = record[!first];
        ck_assert_int_eq(lv_check_instance_order(&check, &s->ctx.pairs, &nested, &finding), 0);
        ck_assert_uint_eq(s->ctx.pairs.order.live, 1);
        if (round % 3 == 0)
            lv_pairs_retire(&s->ctx.pairs, record[first].address);
        if (round == 1000)
            before = s->ctx.arena.total + lv_pairs_bytes(&s->ctx.pairs);
    }
    ck_assert_uint_eq(s->ctx.pairs.forgotten, 0);
    ck_assert_uint_le(s->ctx.arena.total + lv_pairs_bytes(&s->ctx.pairs), before);
}
END_TEST

START_TEST(three_instances_in_a_ring)
{
    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 2, "A2 A3");
    scenario_expect_clean(s);
    scenario_chain(s, 3, "A3 A1");
    scenario_expect_cycle(s, RECURSIVE, FEASIBLE, "A3>A1 A1>A2 A2>A3");
}
END_TEST

START_TEST(another_lock_between_instances)
{
    scenario_chain(s, 1, "A1 B A2");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, POTENTIAL, "B>A2 A1>B");
    scenario_chain(s, 2, "A2 A1");
    scenario_expect_cycle(s, RECURSIVE, FEASIBLE, "A2>A1 A1>A2");
}
END_TEST

START_TEST(instances_timed)
{
    scenario_chain(s, 1, "A1 A2");
    write_lock(2, "A2");
    scenario_lock(s, 2, "A1", LV_WRITE, LV_TIMED);
    scenario_expect(s, RECURSIVE, GUARDED);
}
END_TEST

START_TEST(instances_as_recursive_readers)
{
    read_lock(1, "A1");
    read_lock(1, "A2");
    read_lock(2, "A2");
    read_lock(2, "A1");
}
END_TEST

/* A lock that is initialised anew is another instance: what was learned about the old one does not count. */
START_TEST(a_new_instance_has_no_order)
{
    const struct lv_object *object;

    scenario_chain(s, 1, "A1 A2");
    object = scenario_object(s, "A2", LV_KIND_MUTEX);
    lv_identity_init(&s->ctx, scenario_thread(s, 1), object, 0x530000000000);
    scenario_chain(s, 2, "A2 A1");
}
END_TEST

/* A pair under a nest lock says nothing about the order, and a third lock taken without it still does. */
START_TEST(nest_lock_frees_the_order_of_instances)
{
    write_lock(1, "N");
    write_lock(1, "A1");
    scenario_lock_nest(s, 1, "A2", "N");
    write_lock(1, "A3");
    scenario_chain(s, 2, "A2 A1");
    scenario_expect_clean(s);
    scenario_chain(s, 3, "A3 A1");
    scenario_expect_cycle(s, RECURSIVE, FEASIBLE, "A3>A1 A1>A3");
}
END_TEST

/* With strict=1 the kernel's rule holds for every class. */
START_TEST(strict)
{
    scenario_restart(s, "strict=1");
    scenario_chain(s, 1, "A1 A2");
    scenario_expect_cycle(s, RECURSIVE, POTENTIAL, "A1>A2");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        normal_mutex_twice_is_a_deadlock,
        another_lock_between_does_not_hide_it,
        recursive_mutex_makes_no_edge,
        recursive_mutex_very_often,
        try_of_a_held_lock_is_no_deadlock,
        timed_wait_for_a_held_lock_is_guarded,
        recursive_reader_again,
        blocking_reader_again,
        writer_after_own_reader,
        reader_after_own_writer,
        explicit_class_nested,
        explicit_class_by_mode,
        subclass_orders_a_class,
        subclasses_are_classes,
        subclass_is_for_the_next_lock_only,
        nest_lock_held,
        nest_lock_named_but_not_held,
        nest_lock_held_first_and_then_not,
        consistent_order_of_instances,
        two_instances_in_a_circle,
        pairs_without_end,
        pairs_are_bounded_by_class,
        forgotten_pairs_are_told_again,
        too_many_for_ever_is_not_slow_for_ever,
        chains_of_one_pair_without_end,
        any_consistent_order_is_silent,
        destroyed_instances_take_their_pairs,
        instances_made_anew_take_their_pairs,
        instances_written_over_take_their_pairs,
        freed_instances_take_their_pairs,
        a_million_short_lives,
        three_instances_in_a_ring,
        another_lock_between_instances,
        instances_timed,
        instances_as_recursive_readers,
        a_new_instance_has_no_order,
        nest_lock_frees_the_order_of_instances,
        strict,
    };

    return engine_run("nesting", tests, LV_ARRAY_SIZE(tests));
}
