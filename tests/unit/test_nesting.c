/* SPDX-License-Identifier: MIT */
/* Locks taken while the same lock, or another one of the class, is held. */

#include <stdio.h>

#include "engine.h"

#define RECURSIVE LV_FINDING_RECURSIVE
#define DEADLOCK LV_VERDICT_DEADLOCK
#define POTENTIAL LV_VERDICT_POTENTIAL
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
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, POTENTIAL, "A2>A1 A1>A2");
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
    report = scenario_expect_cycle(s, RECURSIVE, POTENTIAL, "A2>A1 A1>A2");
    ck_assert_ptr_nonnull(strstr(report->reasons, "2 locks of one class were taken in a circle"));
}
END_TEST

/* Locks that are made and nested without end: what is kept stays bounded, and a new circle is found all the same. */
START_TEST(pairs_without_end)
{
    char names[64];

    s->site = 0x1000;
    s->ctx.nesting.pairs_max = 8;
    for (unsigned i = 0; i < 500; i++) {
        snprintf(names, sizeof(names), "A%u A%u", 2 * i + 1, 2 * i + 2);
        scenario_chain(s, 1, names);
        ck_assert_uint_le(s->ctx.nesting.order.edges.count, 10);
        ck_assert_uint_le(s->ctx.nesting.order.nodes.count, 19);
        ck_assert_uint_le(s->ctx.nesting.pool.count, 9);
        ck_assert_uint_le(s->ctx.nesting.pairs.count, 9);
    }
    ck_assert_uint_ge(s->ctx.nesting.forgotten, 50);
    scenario_expect_clean(s);
    scenario_chain(s, 2, "A2001 A2002");
    scenario_chain(s, 2, "A2002 A2001");
    scenario_expect_cycle(s, RECURSIVE, POTENTIAL, "A2002>A2001 A2001>A2002");
}
END_TEST

/* One pair ends as many chains as there are locks around it. They are bounded, and their number is not the pairs'. */
START_TEST(chains_of_one_pair_without_end)
{
    char names[64];

    s->ctx.nesting.pairs_max = 8;
    for (unsigned i = 0; i < 500; i++) {
        char class[8] = { (char)('A' + i % 26), (char)('A' + i / 26 % 26), '\0' };

        snprintf(names, sizeof(names), "%sX P1 P2", class);
        scenario_chain(s, 1, names);
        ck_assert_uint_le(s->ctx.nesting.pairs.count, 16);
    }
    ck_assert_uint_eq(s->ctx.nesting.forgotten, 0);
    scenario_expect_clean(s);
    scenario_chain(s, 2, "P2 P1");
    scenario_expect_cycle(s, RECURSIVE, POTENTIAL, "P2>P1 P1>P2");
}
END_TEST

START_TEST(three_instances_in_a_ring)
{
    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 2, "A2 A3");
    scenario_expect_clean(s);
    scenario_chain(s, 3, "A3 A1");
    scenario_expect_cycle(s, RECURSIVE, POTENTIAL, "A3>A1 A1>A2 A2>A3");
}
END_TEST

START_TEST(another_lock_between_instances)
{
    scenario_chain(s, 1, "A1 B A2");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, POTENTIAL, "B>A2 A1>B");
    scenario_chain(s, 2, "A2 A1");
    scenario_expect_cycle(s, RECURSIVE, POTENTIAL, "A2>A1 A1>A2");
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
    scenario_expect_cycle(s, RECURSIVE, POTENTIAL, "A3>A1 A1>A3");
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
        chains_of_one_pair_without_end,
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
