/* SPDX-License-Identifier: MIT */
/* The order of lock classes: which acquisitions make edges, and which edges make findings. */

#include "engine.h"

#define CIRCULAR LV_FINDING_CIRCULAR
#define POTENTIAL LV_VERDICT_POTENTIAL
#define FEASIBLE LV_VERDICT_FEASIBLE
#define GUARDED LV_VERDICT_GUARDED

START_TEST(one_order_is_clean)
{
    for (unsigned thread = 1; thread < 4; thread++) {
        scenario_chain(s, thread, "A B C");
        scenario_chain(s, thread, "A C");
        scenario_chain(s, thread, "B C");
    }
}
END_TEST

START_TEST(opposite_orders_are_reported_before_the_lock_is_got)
{
    scenario_chain(s, 1, "A B");
    scenario_expect_clean(s);
    write_lock(2, "B");
    (void)scenario_begin(s, 2, "A", LV_WRITE, 0);
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "B>A A>B");
}
END_TEST

START_TEST(one_thread_is_enough)
{
    const struct scenario_report *report;

    scenario_chain(s, 1, "A B");
    scenario_chain(s, 1, "B A");
    report = scenario_expect(s, CIRCULAR, POTENTIAL);
    ck_assert_ptr_nonnull(strstr(report->reasons, "one thread"));
}
END_TEST

START_TEST(two_threads_and_the_same_locks_are_said)
{
    const struct scenario_report *report;

    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    report = scenario_expect(s, CIRCULAR, FEASIBLE);
    ck_assert_str_eq(report->reasons, "2 acquisitions by 2 threads, the same two locks, no lock in common,\n"
                                      "not ordered by thread create or join\n");
}
END_TEST

START_TEST(instances_do_not_matter_but_are_said)
{
    const struct scenario_report *report;

    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B2 A2");
    report = scenario_expect(s, CIRCULAR, POTENTIAL);
    ck_assert_ptr_nonnull(strstr(report->reasons, "different instances"));
}
END_TEST

START_TEST(cycle_of_three)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B C");
    scenario_chain(s, 3, "C A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "C>A A>B B>C");
}
END_TEST

START_TEST(the_shortest_cycle_is_shown)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 1, "B C");
    scenario_chain(s, 1, "C D");
    scenario_chain(s, 1, "A D");
    scenario_chain(s, 2, "D A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "D>A A>D");
}
END_TEST

/* Several held locks: only the youngest gets an edge, and the rest follows from it. */
START_TEST(edges_are_direct)
{
    scenario_chain(s, 1, "A B C");
    scenario_chain(s, 2, "C A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "C>A A>B B>C");
}
END_TEST

/* lockdep's class rule: the cycle goes through B although no thread held A while it took C. */
START_TEST(middle_lock_released)
{
    write_lock(1, "A");
    write_lock(1, "B");
    unlock(1, "A");
    write_lock(1, "C");
    scenario_expect_clean(s);
    scenario_chain(s, 2, "C A");
    scenario_expect_cycle(s, CIRCULAR, POTENTIAL, "C>A A>B B>C");
}
END_TEST

START_TEST(a_second_cycle_is_found_too)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    scenario_expect(s, CIRCULAR, FEASIBLE);
    scenario_chain(s, 1, "C D");
    scenario_chain(s, 2, "D C");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "D>C C>D");
}
END_TEST

START_TEST(a_finding_is_made_once)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    scenario_expect(s, CIRCULAR, FEASIBLE);
    for (unsigned thread = 1; thread < 6; thread++) {
        scenario_chain(s, thread, "A B");
        scenario_chain(s, thread, "B A");
        scenario_chain(s, thread, "B2 A3");
    }
    /* The same classes by another kind of dependency. */
    scenario_lock(s, 1, "A", LV_READ, 0);
    write_lock(1, "B");
    ck_assert_uint_eq(s->ctx.findings, 1);
    ck_assert_uint_ne(s->ctx.counters.suppressed_dups, 0);
}
END_TEST

/* ---- trylocks, timeouts, unchecked locks --------------------------------------------------------------------------- */

START_TEST(no_edge_leads_to_a_trylock)
{
    scenario_chain(s, 1, "A B");
    write_lock(2, "B");
    scenario_lock(s, 2, "A", LV_WRITE, LV_TRY);
}
END_TEST

START_TEST(an_edge_leads_from_a_trylock)
{
    scenario_chain(s, 1, "A B");
    scenario_lock(s, 2, "B", LV_WRITE, LV_TRY);
    write_lock(2, "A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "B>A A>B");
}
END_TEST

/* No edge A -> T exists, so A -> B is needed. */
START_TEST(a_trylock_between_does_not_hide_the_lock_before)
{
    write_lock(1, "A");
    scenario_lock(s, 1, "T", LV_WRITE, LV_TRY);
    write_lock(1, "B");
    scenario_chain(s, 2, "B A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "B>A A>B");
}
END_TEST

START_TEST(timed_is_guarded)
{
    const struct scenario_report *report;

    scenario_chain(s, 1, "A B");
    write_lock(2, "B");
    scenario_lock(s, 2, "A", LV_WRITE, LV_TIMED);
    report = scenario_expect_cycle(s, CIRCULAR, GUARDED, "B>A A>B");
    ck_assert_ptr_nonnull(strstr(report->reasons, "timed"));
}
END_TEST

START_TEST(an_older_timed_edge_is_guarded_too)
{
    write_lock(1, "A");
    scenario_lock(s, 1, "B", LV_WRITE, LV_TIMED);
    scenario_chain(s, 2, "B A");
    scenario_expect_cycle(s, CIRCULAR, GUARDED, "B>A A>B");
}
END_TEST

START_TEST(untimed_upgrades_guarded_to_feasible)
{
    const struct scenario_report *report;

    scenario_chain(s, 1, "A B");
    write_lock(2, "B");
    scenario_lock(s, 2, "A", LV_WRITE, LV_TIMED);
    scenario_expect(s, CIRCULAR, GUARDED);
    unlock(2, "A");
    write_lock(2, "A");
    report = scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "B>A A>B");
    ck_assert_uint_eq(report->edges[0].wanted_flags & LV_TIMED, 0);
}
END_TEST

/* The witness that is shown is one of the untimed acquisition, although a timed one came first. */
START_TEST(evidence_is_of_the_kind_that_closes_the_cycle)
{
    const struct scenario_report *report;

    write_lock(1, "A");
    scenario_lock(s, 1, "B", LV_WRITE, LV_TIMED);
    unlock(1, "B");
    write_lock(1, "B");
    scenario_chain(s, 2, "B A");
    report = scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "B>A A>B");
    ck_assert_uint_eq(report->edges[1].wanted_flags & LV_TIMED, 0);
}
END_TEST

/* A waits for C without limit while B, which was taken with a timeout, lies between them. */
START_TEST(a_timed_lock_between_does_not_hide_the_lock_before)
{
    write_lock(1, "A");
    scenario_lock(s, 1, "B", LV_WRITE, LV_TIMED);
    write_lock(1, "C");
    scenario_chain(s, 2, "C A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "C>A A>C");
}
END_TEST

START_TEST(unchecked_locks_have_no_edges)
{
    scenario_chain(s, 1, "A B");
    write_lock(2, "B");
    scenario_lock(s, 2, "A", LV_WRITE, LV_UNCHECKED);
    unlock(2, "A");
    unlock(2, "B");
    scenario_lock(s, 2, "B", LV_WRITE, LV_UNCHECKED);
    write_lock(2, "A");
    ck_assert_uint_eq(scenario_thread(s, 2)->depth, 2);
}
END_TEST

START_TEST(an_unchecked_lock_between_does_not_hide_the_lock_before)
{
    write_lock(1, "A");
    scenario_lock(s, 1, "U", LV_WRITE, LV_UNCHECKED);
    write_lock(1, "B");
    scenario_chain(s, 2, "B A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "B>A A>B");
}
END_TEST

/* The marks that lockval_set_novalidate() and lockval_set_notrack() put into an identity. */
START_TEST(identity_marks)
{
    const struct lv_class_key key = { .origin = LV_CLASS_NAME, .kind = LV_KIND_MUTEX, .name = "marked" };

    lv_identity_set(&s->ctx, scenario_thread(s, 0), scenario_object(s, "A", LV_KIND_MUTEX), &key,
                    LV_IDENTITY_UNCHECKED);
    lv_identity_set(&s->ctx, scenario_thread(s, 0), scenario_object(s, "N", LV_KIND_MUTEX), &key, LV_IDENTITY_NOTRACK);
    write_lock(1, "A");
    ck_assert_uint_eq(scenario_thread(s, 1)->held[0].flags, LV_UNCHECKED);
    write_lock(1, "N");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 1);
    write_lock(1, "B");
    scenario_chain(s, 2, "B A");
}
END_TEST

/* ---- readers ------------------------------------------------------------------------------------------------------- */

START_TEST(two_readers_wait_for_nobody)
{
    read_lock(1, "A");
    read_lock(1, "B");
    read_lock(2, "B");
    read_lock(2, "A");
}
END_TEST

START_TEST(blocking_readers_wait)
{
    scenario_lock(s, 1, "A", LV_READ, 0);
    scenario_lock(s, 1, "B", LV_READ, 0);
    scenario_lock(s, 2, "B", LV_READ, 0);
    scenario_lock(s, 2, "A", LV_READ, 0);
    scenario_expect_cycle(s, CIRCULAR, POTENTIAL, "B>A A>B");
}
END_TEST

/* The edge into the reader B does not lead on to C, so C needs its own from A. */
START_TEST(a_recursive_reader_between_does_not_hide_the_lock_before)
{
    write_lock(1, "A");
    read_lock(1, "B");
    write_lock(1, "C");
    scenario_chain(s, 2, "C A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "C>A A>C");
}
END_TEST

/* A legal program with a plain cycle through a recursive reader, and then a real cycle beside it. */
START_TEST(the_graph_may_be_cyclic_before_the_finding)
{
    read_lock(1, "R");
    write_lock(1, "A");
    unlock(1, "A");
    unlock(1, "R");
    write_lock(2, "A");
    read_lock(2, "R");
    unlock(2, "R");
    unlock(2, "A");
    scenario_expect_clean(s);
    write_lock(3, "R");
    write_lock(3, "A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "R>A A>R");
}
END_TEST

/* R is reached by a recursive reader first; the way on opens only for the blocking one. */
START_TEST(a_reader_does_not_hide_a_writer_in_the_search)
{
    const struct scenario_report *report;

    write_lock(1, "A");
    read_lock(1, "R");
    unlock(1, "R");
    write_lock(1, "R");
    unlock(1, "R");
    unlock(1, "A");
    read_lock(2, "R");
    write_lock(2, "C");
    unlock(2, "C");
    unlock(2, "R");
    scenario_chain(s, 3, "C A");
    report = scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "C>A A>R R>C");
    ck_assert_int_eq(report->edges[1].wanted_mode, LV_WRITE);
}
END_TEST

START_TEST(modes_of_two_locks_of_a_class_both_count)
{
    write_lock(1, "A");
    scenario_lock(s, 1, "A2", LV_READ, 0);
    write_lock(1, "B");
    write_lock(2, "B");
    read_lock(2, "A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "B>A A>B");
}
END_TEST

/* ---- the cache ----------------------------------------------------------------------------------------------------- */

START_TEST(a_known_chain_takes_no_lock)
{
    uint64_t walks;

    scenario_chain(s, 1, "A B C");
    walks = s->ctx.counters.slow_walks;
    for (unsigned i = 0; i < 100; i++)
        scenario_chain(s, 1, "A B C");
    ck_assert_uint_eq(s->ctx.counters.slow_walks, walks);
}
END_TEST

/* The first threads leave witnesses; later ones learn from the shared tables that there is nothing to learn. */
START_TEST(later_threads_walk_without_the_lock)
{
    uint64_t walks;

    for (unsigned thread = 1; thread <= LV_CHAIN_FINISHED; thread++)
        scenario_chain(s, thread, "A B");
    walks = s->ctx.counters.locked_walks;
    for (unsigned thread = LV_CHAIN_FINISHED + 1; thread < LV_CHAIN_FINISHED + 6; thread++)
        scenario_chain(s, thread, "A B");
    ck_assert_uint_eq(s->ctx.counters.locked_walks, walks);
}
END_TEST

/* A new site is a new stack of the same chain. */
START_TEST(sites_have_stacks_of_their_own)
{
    lv_stack_id first;

    s->site = 0x10000;
    write_lock(1, "A");
    first = scenario_thread(s, 1)->held[0].stack;
    unlock(1, "A");
    s->site = 0x20000;
    write_lock(1, "A");
    ck_assert_uint_ne(first.v, 0);
    ck_assert_uint_ne(scenario_thread(s, 1)->held[0].stack.v, first.v);
    ck_assert_uint_eq(lv_stacks_get(&s->ctx.stacks, first)->frames[0], 0x10000);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_order_is_clean,
        opposite_orders_are_reported_before_the_lock_is_got,
        one_thread_is_enough,
        two_threads_and_the_same_locks_are_said,
        instances_do_not_matter_but_are_said,
        cycle_of_three,
        the_shortest_cycle_is_shown,
        edges_are_direct,
        middle_lock_released,
        a_second_cycle_is_found_too,
        a_finding_is_made_once,
        no_edge_leads_to_a_trylock,
        an_edge_leads_from_a_trylock,
        a_trylock_between_does_not_hide_the_lock_before,
        timed_is_guarded,
        an_older_timed_edge_is_guarded_too,
        untimed_upgrades_guarded_to_feasible,
        evidence_is_of_the_kind_that_closes_the_cycle,
        a_timed_lock_between_does_not_hide_the_lock_before,
        unchecked_locks_have_no_edges,
        an_unchecked_lock_between_does_not_hide_the_lock_before,
        identity_marks,
        two_readers_wait_for_nobody,
        blocking_readers_wait,
        a_recursive_reader_between_does_not_hide_the_lock_before,
        the_graph_may_be_cyclic_before_the_finding,
        a_reader_does_not_hide_a_writer_in_the_search,
        modes_of_two_locks_of_a_class_both_count,
        a_known_chain_takes_no_lock,
        later_threads_walk_without_the_lock,
        sites_have_stacks_of_their_own,
    };

    return engine_run("acquire", tests, LV_ARRAY_SIZE(tests));
}
