/* SPDX-License-Identifier: MIT */
/* Dependencies through events: waits, completions, and what of a thread's history counts. */

#include "engine.h"

#define EVENT LV_FINDING_EVENT
#define POTENTIAL LV_VERDICT_POTENTIAL

static lv_event_state state;

static void begin(void)
{
    state = 0;
    /* Before the first wait nothing goes to the histories; every test wants them. */
    s->ctx.events_in_use = true;
}

static void wait_for(unsigned thread, const char *event)
{
    scenario_wait(s, thread, event, &state);
}

static void complete(unsigned thread, const char *event)
{
    scenario_complete(s, thread, event, &state);
}

START_TEST(the_completer_needs_what_the_waiter_holds)
{
    const struct scenario_report *report;

    begin();
    write_lock(1, "L");
    wait_for(1, "E");
    scenario_expect_clean(s);
    scenario_chain(s, 2, "L");
    complete(2, "E");
    report = scenario_expect_cycle(s, EVENT, POTENTIAL, "E>L L>E");
    ck_assert_int_eq(report->edges[0].kind, LV_REPORT_EDGE_COMPLETE);
    ck_assert_int_eq(report->edges[1].kind, LV_REPORT_EDGE_WAIT);
    ck_assert_ptr_nonnull(strstr(report->reasons, "a wait for an event"));
}
END_TEST

/* The other way round: the completion came first, and the wait closes the cycle. */
START_TEST(the_wait_closes_the_cycle)
{
    begin();
    wait_for(1, "E");
    scenario_chain(s, 2, "L");
    complete(2, "E");
    lv_event_end_wait(&state);
    scenario_expect_clean(s);
    write_lock(3, "L");
    wait_for(3, "E");
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>E E>L");
}
END_TEST

START_TEST(through_another_lock)
{
    begin();
    scenario_chain(s, 3, "L M");
    write_lock(1, "M");
    wait_for(1, "E");
    scenario_chain(s, 2, "L");
    complete(2, "E");
    scenario_expect_cycle(s, EVENT, POTENTIAL, "E>L L>M M>E");
}
END_TEST

/* What the completer got before the wait began did not keep the waiter waiting. */
START_TEST(what_came_before_the_wait_does_not_count)
{
    begin();
    scenario_chain(s, 2, "L");
    write_lock(1, "L");
    wait_for(1, "E");
    complete(2, "E");
}
END_TEST

START_TEST(what_is_still_held_from_before_does_not_count)
{
    begin();
    write_lock(2, "M");
    scenario_chain(s, 3, "L M");
    write_lock(1, "L");
    wait_for(1, "E");
    complete(2, "E");
    unlock(2, "M");
}
END_TEST

START_TEST(nobody_waits)
{
    begin();
    scenario_chain(s, 2, "L");
    complete(2, "E");
    write_lock(1, "L");
    wait_for(1, "E");
}
END_TEST

START_TEST(the_wait_is_over)
{
    begin();
    write_lock(1, "L");
    wait_for(1, "E");
    lv_event_end_wait(&state);
    scenario_chain(s, 2, "L");
    complete(2, "E");
}
END_TEST

/* The oldest wait counts as long as somebody waits. */
START_TEST(the_second_waiter_does_not_move_the_beginning)
{
    begin();
    write_lock(1, "L");
    wait_for(1, "E");
    unlock(1, "L");
    scenario_chain(s, 2, "L");
    wait_for(3, "E");
    complete(2, "E");
    scenario_expect_cycle(s, EVENT, POTENTIAL, "E>L L>E");
}
END_TEST

START_TEST(a_new_wait_begins_anew)
{
    begin();
    write_lock(1, "L");
    wait_for(1, "E");
    scenario_chain(s, 2, "M");
    unlock(1, "L");
    lv_event_end_wait(&state);
    write_lock(1, "M");
    wait_for(1, "E");
    complete(2, "E");
}
END_TEST

START_TEST(trylocks_and_recursive_readers_do_not_count)
{
    begin();
    write_lock(1, "L");
    wait_for(1, "E");
    scenario_lock(s, 2, "L", LV_WRITE, LV_TRY);
    unlock(2, "L");
    read_lock(2, "L");
    unlock(2, "L");
    scenario_lock(s, 2, "L", LV_WRITE, LV_UNCHECKED);
    unlock(2, "L");
    complete(2, "E");
}
END_TEST

/* Several locks of a class under a nest lock are one entry of the held stack; each was waited for all the same. */
START_TEST(a_merged_lock_counts)
{
    begin();
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    write_lock(2, "N");
    scenario_lock_nest(s, 2, "A", "N");
    write_lock(1, "A1");
    wait_for(1, "E");
    scenario_lock_nest(s, 2, "A2", "N");
    complete(2, "E");
    scenario_expect_cycle(s, EVENT, POTENTIAL, "E>A2 A1>E");
}
END_TEST

START_TEST(cut_history)
{
    begin();
    write_lock(1, "L");
    wait_for(1, "E");
    scenario_chain(s, 2, "L");
    lv_history_cut(scenario_thread(s, 2));
    complete(2, "E");
    scenario_expect_clean(s);
    scenario_chain(s, 2, "L");
    complete(2, "E");
    scenario_expect(s, EVENT, POTENTIAL);
}
END_TEST

START_TEST(history_is_bounded)
{
    begin();
    write_lock(1, "L");
    wait_for(1, "E");
    scenario_chain(s, 2, "L");
    for (unsigned i = 0; i < LV_HISTORY; i++)
        scenario_chain(s, 2, "M");
    complete(2, "E");
    scenario_expect_clean(s);
    scenario_chain(s, 2, "L");
    for (unsigned i = 0; i < LV_HISTORY - 1; i++)
        scenario_chain(s, 2, "M");
    complete(2, "E");
    scenario_expect(s, EVENT, POTENTIAL);
}
END_TEST

START_TEST(a_timed_acquisition_of_the_completer_is_guarded)
{
    begin();
    write_lock(1, "L");
    wait_for(1, "E");
    scenario_lock(s, 2, "L", LV_WRITE, LV_TIMED);
    unlock(2, "L");
    complete(2, "E");
    scenario_expect(s, EVENT, LV_VERDICT_GUARDED);
}
END_TEST

START_TEST(an_event_is_never_held)
{
    begin();
    wait_for(1, "E");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 0);
    write_lock(1, "A");
    scenario_chain(s, 2, "A");
    complete(2, "E");
}
END_TEST

/* Completing the same event over and over from one place leaves no more evidence. */
START_TEST(completion_is_cached)
{
    begin();
    wait_for(1, "E");
    for (unsigned i = 0; i < 100; i++) {
        scenario_chain(s, 2, "A B");
        complete(2, "E");
    }
    ck_assert_uint_le(s->ctx.witnesses.count, 7);
}
END_TEST

START_TEST(many_waiters)
{
    begin();
    for (unsigned i = 0; i < 70000; i++)
        wait_for(1, "E");
    for (unsigned i = 0; i < 70000; i++)
        lv_event_end_wait(&state);
    ck_assert_uint_eq(state & 0xffff, 0);
    lv_event_end_wait(&state);
    ck_assert_uint_eq(state & 0xffff, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_completer_needs_what_the_waiter_holds,
        the_wait_closes_the_cycle,
        through_another_lock,
        what_came_before_the_wait_does_not_count,
        what_is_still_held_from_before_does_not_count,
        nobody_waits,
        the_wait_is_over,
        the_second_waiter_does_not_move_the_beginning,
        a_new_wait_begins_anew,
        trylocks_and_recursive_readers_do_not_count,
        a_merged_lock_counts,
        cut_history,
        history_is_bounded,
        a_timed_acquisition_of_the_completer_is_guarded,
        an_event_is_never_held,
        completion_is_cached,
        many_waiters,
    };

    return engine_run("event", tests, LV_ARRAY_SIZE(tests));
}
