/* SPDX-License-Identifier: MIT */
/* Dependencies through joins. */

#include "lives.h"

START_TEST(what_it_took_before_it_ended)
{
    const struct scenario_report *report;

    lives(2, "L");
    join_under(1, "L", 2);
    report = scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>L");
    ck_assert_int_eq(report->edges[0].kind, LV_REPORT_EDGE_WAIT);
    ck_assert_int_eq(report->edges[1].kind, LV_REPORT_EDGE_END);
    ck_assert_ptr_nonnull(strstr(report->reasons, "through a join"));
}
END_TEST

START_TEST(what_it_takes_while_it_is_joined)
{
    const struct scenario_report *report;

    born(2);
    write_lock(1, "L");
    join(1, 2);
    scenario_expect_clean(s);
    (void)scenario_begin(s, 2, "L", LV_WRITE, 0); /* before it waits */
    report = scenario_expect_cycle(s, EVENT, POTENTIAL, "?>L L>?");
    ck_assert_int_eq(report->edges[0].kind, LV_REPORT_EDGE_END);
}
END_TEST

START_TEST(what_it_takes_after_the_join_gave_up)
{
    born(2);
    write_lock(1, "L");
    join(1, 2);
    gave_up(1);
    unlock(1, "L");
    scenario_chain(s, 2, "L");
    scenario_expect_clean(s);
    join_under(1, "L", 2);
    scenario_expect(s, EVENT, POTENTIAL);
}
END_TEST

START_TEST(nothing_held)
{
    lives(2, "L");
    join(1, 2);
    joined(1);
    scenario_chain(s, 1, "L M");
}
END_TEST

START_TEST(other_locks)
{
    lives(2, "M N");
    join_under(1, "L", 2);
    scenario_chain(s, 1, "L N");
    scenario_chain(s, 1, "L M");
}
END_TEST

START_TEST(what_does_not_wait_does_not_count)
{
    born(2);
    scenario_lock(s, 2, "L", LV_WRITE, LV_TRY);
    unlock(2, "L");
    scenario_lock(s, 2, "L", LV_WRITE, LV_UNCHECKED);
    unlock(2, "L");
    join_under(1, "L", 2);
}
END_TEST

START_TEST(who_is_unchecked_does_not_count)
{
    lives(2, "L");
    scenario_lock(s, 1, "L", LV_WRITE, LV_UNCHECKED);
    join(1, 2);
    joined(1);
    unlock(1, "L");
}
END_TEST

START_TEST(a_held_trylock_counts)
{
    lives(2, "L");
    scenario_lock(s, 1, "L", LV_WRITE, LV_TRY);
    join(1, 2);
    scenario_expect(s, EVENT, POTENTIAL);
}
END_TEST

START_TEST(readers)
{
    born(2);
    read_lock(2, "L");
    unlock(2, "L");
    read_lock(1, "L");
    join(1, 2);
    scenario_expect_clean(s);
    gave_up(1);
    unlock(1, "L");
    join_under(1, "L", 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>L");
}
END_TEST

START_TEST(a_writer_under_a_reader)
{
    lives(2, "L");
    read_lock(1, "L");
    join(1, 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>L");
}
END_TEST

START_TEST(over_another_lock)
{
    scenario_chain(s, 3, "M L");
    lives(2, "M");
    join_under(1, "L", 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>M M>L");
}
END_TEST

START_TEST(the_lock_closes_the_cycle)
{
    lives(2, "M");
    join_under(1, "L", 2);
    scenario_chain(s, 3, "M L");
    scenario_expect_cycle(s, EVENT, POTENTIAL, "M>L L>? ?>M");
}
END_TEST

/* The end of one thread is not that of another, though both begin in one function. */
START_TEST(threads_are_not_mixed_up)
{
    lv_life_begin(&s->ctx, scenario_thread(s, 2), make_life(STARTS), handle_of(2));
    lv_life_begin(&s->ctx, scenario_thread(s, 3), make_life(STARTS), handle_of(3));
    scenario_chain(s, 2, "L");
    scenario_chain(s, 3, "M");
    join_under(1, "M", 2);
    join(1, 3);
    joined(1);
}
END_TEST

/* Two threads that are joined, and two that join. */
START_TEST(over_two_joins)
{
    lives(2, "L");
    lives(3, "M");
    join_under(1, "M", 2);
    join_under(4, "L", 3);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>M M>? ?>L");
}
END_TEST

START_TEST(one_finding_for_nested_locks)
{
    lives(2, "N M L");
    join_under(1, "L", 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>L");
}
END_TEST

START_TEST(one_finding_for_several_held)
{
    lives(2, "L");
    write_lock(1, "L");
    write_lock(1, "M");
    write_lock(1, "N");
    join(1, 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>L");
}
END_TEST

START_TEST(a_finding_for_each_held_lock_that_it_takes)
{
    born(2);
    scenario_chain(s, 2, "L");
    scenario_chain(s, 2, "M");
    write_lock(1, "L");
    write_lock(1, "M");
    join(1, 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>L");
    scenario_expect_cycle(s, EVENT, POTENTIAL, "M>? ?>M");
}
END_TEST

START_TEST(another_lock_of_the_class)
{
    lives(2, "L2");
    join_under(1, "L1", 2);
}
END_TEST

START_TEST(another_lock_of_the_class_below_one_more)
{
    lives(2, "L2");
    write_lock(1, "L1");
    write_lock(1, "M");
    join(1, 2);
}
END_TEST

START_TEST(another_lock_of_a_class_with_a_rule)
{
    scenario_class(s, "L", SCENARIO_EXPLICIT);
    lives(2, "L2");
    join_under(1, "L1", 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L1>? ?>L2");
}
END_TEST

START_TEST(the_very_lock_among_others_of_the_class)
{
    lives(2, "L2 L3 L1");
    join_under(1, "L1", 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L1>? ?>L1");
}
END_TEST

/* More locks of one class than a life tells apart: while it is joined, each one is looked at. */
START_TEST(the_very_lock_after_many)
{
    char name[8];

    s->site = 0x590000000000; /* all from one place */
    born(2);
    for (unsigned i = 2; i < 20; i++) {
        (void)snprintf(name, sizeof(name), "L%u", i);
        scenario_chain(s, 2, name);
    }
    scenario_chain(s, 2, "L1");
    write_lock(1, "L1");
    join(1, 2);
    scenario_expect_clean(s);
    for (unsigned i = 2; i < 20; i++) {
        (void)snprintf(name, sizeof(name), "L%u", i);
        scenario_chain(s, 2, name);
    }
    scenario_expect_clean(s);
    (void)scenario_begin(s, 2, "L1", LV_WRITE, 0);
    scenario_expect(s, EVENT, POTENTIAL);
}
END_TEST

START_TEST(a_timed_join_is_guarded)
{
    lives(2, "L");
    write_lock(1, "L");
    join_with(1, 2, LV_TIMED);
    scenario_expect(s, EVENT, LV_VERDICT_GUARDED);
}
END_TEST

START_TEST(a_timed_acquisition_is_guarded)
{
    born(2);
    scenario_lock(s, 2, "L", LV_WRITE, LV_TIMED);
    unlock(2, "L");
    join_under(1, "L", 2);
    scenario_expect(s, EVENT, LV_VERDICT_GUARDED);
}
END_TEST

START_TEST(a_join_that_tries)
{
    lives(2, "L");
    write_lock(1, "L");
    join_with(1, 2, LV_TRY);
    joined(1);
    ck_assert_ptr_null(lv_life_find(&s->ctx, handle_of(2)));
}
END_TEST

/* "Done", written down under the lock: who reads it there, and need not wait for it, knows as much. */
START_TEST(what_it_told_under_the_lock)
{
    born(2);
    write_lock(2, "L");
    lv_life_tell(scenario_thread(s, 2));
    unlock(2, "L");
    join_under(1, "L", 2);
}
END_TEST

START_TEST(what_it_told_just_after)
{
    born(2);
    scenario_chain(s, 2, "L");
    lv_life_tell(scenario_thread(s, 2));
    join_under(1, "L", 2);
}
END_TEST

START_TEST(what_it_told_under_another_lock)
{
    born(2);
    scenario_chain(s, 2, "L");
    write_lock(2, "M");
    write_lock(2, "N");
    unlock(2, "N");
    lv_life_tell(scenario_thread(s, 2));
    unlock(2, "M");
    join_under(1, "L", 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>L");
}
END_TEST

/* What is told does not hold for what it takes after the join began. */
START_TEST(it_told_and_takes_the_lock_again)
{
    born(2);
    write_lock(2, "L");
    lv_life_tell(scenario_thread(s, 2));
    unlock(2, "L");
    write_lock(1, "L");
    join(1, 2);
    scenario_expect_clean(s);
    (void)scenario_begin(s, 2, "L", LV_WRITE, 0);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "?>L L>?");
}
END_TEST

/* The same for one who holds the lock since a wait. */
START_TEST(a_lock_that_was_waited_with_is_taken_later)
{
    struct lv_acquisition a;

    born(2);
    scenario_chain(s, 2, "L");
    a = scenario_begin(s, 1, "L", LV_WRITE, 0);
    lv_acquired(&s->ctx, scenario_thread(s, 1), &a);
    lv_thread_note_wait(scenario_thread(s, 1), a.stack);
    join(1, 2);
    scenario_expect_clean(s);
    (void)scenario_begin(s, 2, "L", LV_WRITE, 0);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "?>L L>?");
}
END_TEST

static void once(unsigned thread, const char *name)
{
    const struct lv_object *object = scenario_object(s, name, LV_KIND_ONCE);
    struct lv_thread *t = scenario_thread(s, thread);
    struct lv_acquisition a;

    ck_assert(lv_acquisition_set(&a, object, lv_identity_find(&s->ctx, t, object, 0x5a0000000000), LV_WRITE, 0,
                                 0x5a0000000000));
    lv_acquire(&s->ctx, t, &a);
    lv_acquired(&s->ctx, t, &a);
}

/* Each future has a once control, in which its task runs; all are one class. */
START_TEST(once_controls_are_not_mixed_up)
{
    born(2);
    once(2, "O1");
    unlock(2, "O1");
    born(3);
    once(3, "O2");
    scenario_chain(s, 3, "L");
    unlock(3, "O2");
    join_under(1, "L", 2);
    once(4, "O3");
    join(4, 3);
}
END_TEST

START_TEST(the_very_once_control)
{
    born(2);
    once(2, "O1");
    unlock(2, "O1");
    once(1, "O1");
    join(1, 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "O1>? ?>O1");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_it_took_before_it_ended,
        what_it_takes_while_it_is_joined,
        what_it_takes_after_the_join_gave_up,
        nothing_held,
        other_locks,
        what_does_not_wait_does_not_count,
        who_is_unchecked_does_not_count,
        a_held_trylock_counts,
        readers,
        a_writer_under_a_reader,
        over_another_lock,
        the_lock_closes_the_cycle,
        threads_are_not_mixed_up,
        over_two_joins,
        one_finding_for_nested_locks,
        one_finding_for_several_held,
        a_finding_for_each_held_lock_that_it_takes,
        another_lock_of_the_class,
        another_lock_of_the_class_below_one_more,
        another_lock_of_a_class_with_a_rule,
        the_very_lock_among_others_of_the_class,
        the_very_lock_after_many,
        a_timed_join_is_guarded,
        a_timed_acquisition_is_guarded,
        a_join_that_tries,
        what_it_told_under_the_lock,
        what_it_told_just_after,
        what_it_told_under_another_lock,
        it_told_and_takes_the_lock_again,
        a_lock_that_was_waited_with_is_taken_later,
        once_controls_are_not_mixed_up,
        the_very_once_control,
    };

    return engine_run("join", tests, LV_ARRAY_SIZE(tests));
}
