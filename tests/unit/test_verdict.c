/* SPDX-License-Identifier: MIT */
/* Verdicts on cycles of classes: what makes one feasible, guarded, or neither, and the reasons that are given. */

#include "check/verdict.h"
#include "engine.h"

#include <stdio.h>

#define CIRCULAR LV_FINDING_CIRCULAR
#define FEASIBLE LV_VERDICT_FEASIBLE
#define POTENTIAL LV_VERDICT_POTENTIAL
#define GUARDED LV_VERDICT_GUARDED

/* The next finding is circular and of this verdict, and these are its reasons. */
static const struct scenario_report *expect(enum lv_verdict verdict, const char *reasons)
{
    const struct scenario_report *report = scenario_expect(s, CIRCULAR, verdict);

    ck_assert_str_eq(report->reasons, reasons);
    return report;
}

/* The same where a reason names threads, whose numbers differ from run to run: it has this text in it. */
static const struct scenario_report *expect_like(enum lv_verdict verdict, const char *text)
{
    const struct scenario_report *report = scenario_expect(s, CIRCULAR, verdict);

    ck_assert_msg(strstr(report->reasons, text) != NULL, "no \"%s\" in %s", text, report->reasons);
    return report;
}

#define MEET_2                                                              \
    "2 acquisitions by 2 threads, the same two locks, no lock in common,\n" \
    "not ordered by thread create or join\n"

/* ---- threads ------------------------------------------------------------------------------------------------------- */

START_TEST(two_threads)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    expect(FEASIBLE, MEET_2);
}
END_TEST

START_TEST(one_thread)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 1, "B A");
    expect(POTENTIAL, "one thread made all 2 acquisitions\nthe same locks in every class\n");
}
END_TEST

/* The same thread made one half, too, before another made it. */
START_TEST(a_second_thread_is_found_among_witnesses)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "A B");
    scenario_chain(s, 1, "B A");
    expect(FEASIBLE, MEET_2);
}
END_TEST

START_TEST(three_threads)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B C");
    scenario_chain(s, 3, "C A");
    expect(FEASIBLE, "3 acquisitions by 3 threads, the same 3 locks, no lock in common,\n"
                     "not ordered by thread create or join\n");
}
END_TEST

/* T1 lets A go before it takes C: it cannot be in both places. */
START_TEST(two_threads_for_three_acquisitions)
{
    write_lock(1, "A");
    write_lock(1, "B");
    unlock(1, "A");
    write_lock(1, "C");
    unlock(1, "C");
    unlock(1, "B");
    scenario_chain(s, 2, "C A");
    expect(POTENTIAL, "2 threads for 3 acquisitions\nthe same locks in every class\n");
}
END_TEST

/* T1 holds A while it wants C, though the edges lead through B. */
START_TEST(one_acquisition_for_two_edges)
{
    const struct scenario_report *report;

    scenario_chain(s, 1, "A B C");
    scenario_chain(s, 2, "C A");
    report = expect(FEASIBLE, MEET_2);
    ck_assert_uint_eq(report->edge_count, 3);
}
END_TEST

/* ... and where the edge that closes the cycle is one that it stands for. */
START_TEST(one_acquisition_for_the_new_edge_and_more)
{
    scenario_chain(s, 2, "C A");
    scenario_chain(s, 1, "A B C");
    expect(FEASIBLE, MEET_2);
}
END_TEST

START_TEST(five_philosophers)
{
    const char *const left_first[] = { "A B", "B C", "C D", "D E", "E A" };

    for (unsigned i = 0; i < 5; i++)
        scenario_chain(s, i + 1, left_first[i]);
    expect(FEASIBLE, "5 acquisitions by 5 threads, the same 5 locks, no lock in common,\n"
                     "not ordered by thread create or join\n");
}
END_TEST

START_TEST(one_philosopher_is_left_handed)
{
    const char *const forks[] = { "A B", "B C", "C D", "D E", "A E" };

    for (unsigned i = 0; i < 5; i++)
        scenario_chain(s, i + 1, forks[i]);
}
END_TEST

/* ---- instances ----------------------------------------------------------------------------------------------------- */

START_TEST(other_instances)
{
    scenario_chain(s, 1, "A1 B1");
    scenario_chain(s, 2, "B2 A2");
    expect(POTENTIAL, "2 acquisitions by 2 threads\ndifferent instances: 2 of 2 classes met in different locks\n");
}
END_TEST

/* A and A2 are one entry of the held stack under their nest lock; when A was released, it is A2 that is held. */
START_TEST(the_first_of_merged_locks_is_released)
{
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    write_lock(1, "N");
    scenario_lock_nest(s, 1, "A", "N");
    scenario_lock_nest(s, 1, "A2", "N");
    unlock(1, "A");
    write_lock(1, "B");
    unlock(1, "B");
    scenario_chain(s, 2, "B A");
    expect_like(POTENTIAL, "different instances");
}
END_TEST

START_TEST(one_other_instance)
{
    scenario_chain(s, 1, "A1 B1");
    scenario_chain(s, 2, "B1 A2");
    expect(POTENTIAL, "2 acquisitions by 2 threads\ndifferent instances: 1 of 2 classes met in different locks\n");
}
END_TEST

/* Another thread did the same with the locks that meet. */
START_TEST(the_right_instances_are_found_among_witnesses)
{
    scenario_chain(s, 1, "A1 B1");
    scenario_chain(s, 3, "A2 B2");
    scenario_chain(s, 2, "B2 A2");
    expect(FEASIBLE, MEET_2);
}
END_TEST

/* ---- gates --------------------------------------------------------------------------------------------------------- */

/* "A B" and "B A" by two threads, with more in front. */
static void cross_under(const char *gate_1, const char *gate_2, enum lv_mode mode)
{
    scenario_class(s, "G", SCENARIO_EXPLICIT);
    scenario_lock(s, 1, gate_1, mode, 0);
    scenario_chain(s, 1, "A B");
    unlock(1, gate_1);
    scenario_lock(s, 2, gate_2, mode, 0);
    scenario_chain(s, 2, "B A");
    unlock(2, gate_2);
}

#define GATE "gate lock: both acquisitions hold (G), so they cannot meet\n"

START_TEST(a_gate)
{
    cross_under("G", "G", LV_WRITE);
    expect(GUARDED, GATE);
}
END_TEST

START_TEST(a_gate_that_is_read)
{
    cross_under("G", "G", LV_READ);
    expect(FEASIBLE, MEET_2);
}
END_TEST

START_TEST(a_gate_that_one_side_reads)
{
    scenario_class(s, "G", SCENARIO_EXPLICIT);
    read_lock(1, "G");
    scenario_chain(s, 1, "A B");
    unlock(1, "G");
    scenario_chain(s, 2, "G B A");
    expect(GUARDED, GATE);
}
END_TEST

START_TEST(a_gate_each)
{
    cross_under("G1", "G2", LV_WRITE);
    expect(FEASIBLE, MEET_2);
}
END_TEST

/* The caches know classes: another time, G2 may have been held. */
START_TEST(a_gate_whose_class_has_more_locks)
{
    scenario_class(s, "G", SCENARIO_EXPLICIT);
    (void)scenario_object(s, "G2", LV_KIND_MUTEX);
    cross_under("G", "G", LV_WRITE);
    expect(POTENTIAL, GATE "witnesses incomplete: there are more locks of the gate's class, and another may have been "
                           "held\n");
}
END_TEST

START_TEST(a_gate_of_one_thread)
{
    scenario_class(s, "G", SCENARIO_EXPLICIT);
    scenario_chain(s, 1, "G A B");
    scenario_chain(s, 1, "G B A");
    expect(GUARDED, GATE);
}
END_TEST

START_TEST(a_gate_that_is_not_always_held)
{
    scenario_class(s, "G", SCENARIO_EXPLICIT);
    scenario_chain(s, 1, "G A B");
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "G B A");
    expect(FEASIBLE, MEET_2);
}
END_TEST

/* Thread 3 holds A and wants C without the gate, but over B, which links A to C: it is no witness of A -> C. */
START_TEST(a_gate_that_is_avoided_over_another_lock)
{
    scenario_chain(s, 3, "A D B C");
    write_lock(1, "E");
    write_lock(1, "A");
    write_lock(1, "C");
    unlock(1, "A");
    write_lock(1, "F");
    unlock(1, "F");
    unlock(1, "C");
    unlock(1, "E");
    scenario_chain(s, 2, "F A");
    expect_like(POTENTIAL, "witnesses incomplete: more acquisitions made this order than are kept");
}
END_TEST

/* The same with the gate: nothing is missing. */
START_TEST(a_gate_that_is_held_over_another_lock)
{
    scenario_chain(s, 1, "G A X B");
    scenario_chain(s, 1, "G A B");
    scenario_chain(s, 2, "G B A");
    expect_like(GUARDED, "gate lock: both acquisitions hold");
}
END_TEST

START_TEST(a_gate_of_two_among_three)
{
    scenario_class(s, "G", SCENARIO_EXPLICIT);
    scenario_chain(s, 1, "G A B");
    scenario_chain(s, 2, "B C");
    scenario_chain(s, 3, "G C A");
    expect(GUARDED, "gate lock: two of the acquisitions hold (G), so they cannot meet\n");
}
END_TEST

/* ---- the order of threads ------------------------------------------------------------------------------------------ */

START_TEST(before_create)
{
    scenario_chain(s, 1, "A B");
    scenario_create(s, 1, 2);
    scenario_chain(s, 2, "B A");
    expect_like(GUARDED, "ordered by thread create: what ");
}
END_TEST

START_TEST(after_create)
{
    scenario_create(s, 1, 2);
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    expect(FEASIBLE, MEET_2);
}
END_TEST

START_TEST(after_join)
{
    scenario_create(s, 1, 2);
    scenario_chain(s, 2, "A B");
    scenario_join(s, 1, 2);
    scenario_chain(s, 1, "B A");
    expect_like(GUARDED, "ordered by thread join: ");
}
END_TEST

START_TEST(joined_before_the_other_was_created)
{
    scenario_create(s, 1, 2);
    scenario_chain(s, 2, "A B");
    scenario_join(s, 1, 2);
    scenario_create(s, 1, 3);
    scenario_chain(s, 3, "B A");
    expect_like(GUARDED, "ordered by thread join and create: ");
}
END_TEST

START_TEST(created_another_that_was_joined)
{
    scenario_create(s, 1, 2);
    scenario_chain(s, 2, "A B");
    scenario_create(s, 2, 3);
    scenario_join(s, 1, 3);
    scenario_chain(s, 1, "B A");
    expect_like(GUARDED, "ordered by thread create and join: ");
}
END_TEST

START_TEST(not_joined_yet)
{
    scenario_create(s, 1, 2);
    scenario_create(s, 1, 3);
    scenario_chain(s, 2, "A B");
    scenario_join(s, 1, 3);
    scenario_chain(s, 1, "B A");
    expect(FEASIBLE, MEET_2);
}
END_TEST

/* The main thread does again what it did before it made the worker. The caches must not hide it. */
START_TEST(again_after_create)
{
    scenario_chain(s, 1, "A B");
    scenario_create(s, 1, 2);
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    expect(FEASIBLE, MEET_2);
}
END_TEST

/* Order within a thread is no order of threads: another one could do either. */
START_TEST(one_thread_before_and_after_a_join)
{
    scenario_chain(s, 1, "A B");
    scenario_create(s, 1, 2);
    scenario_join(s, 1, 2);
    scenario_chain(s, 1, "B A");
    expect(POTENTIAL, "one thread made all 2 acquisitions\nthe same locks in every class\n");
}
END_TEST

/* One of many threads was not joined. */
START_TEST(one_of_many_is_enough)
{
    for (unsigned i = 2; i < 8; i++)
        scenario_create(s, 1, i);
    for (unsigned i = 2; i < 8; i++)
        scenario_chain(s, i, "A B");
    for (unsigned i = 2; i < 7; i++)
        scenario_join(s, 1, i);
    scenario_chain(s, 1, "B A");
    expect(FEASIBLE, MEET_2);
}
END_TEST

/* More threads than are kept: one of them may not have been joined. */
START_TEST(too_many_threads_to_be_sure)
{
    for (unsigned i = 2; i < LV_CHAIN_FINISHED + 3; i++) {
        scenario_create(s, 1, i);
        scenario_chain(s, i, "A B");
        scenario_join(s, 1, i);
    }
    scenario_chain(s, 1, "B A");
    expect_like(POTENTIAL, "witnesses incomplete: more acquisitions made this order than are kept\n");
}
END_TEST

/* ... and as many as are kept. */
START_TEST(many_threads_to_be_sure_of)
{
    for (unsigned i = 2; i < LV_CHAIN_EVIDENCE + 2; i++) {
        scenario_create(s, 1, i);
        scenario_chain(s, i, "A B");
        scenario_join(s, 1, i);
    }
    scenario_chain(s, 1, "B A");
    expect_like(GUARDED, "ordered by thread join: ");
}
END_TEST

START_TEST(before_a_fork)
{
    struct lv_thread *t;

    scenario_chain(s, 1, "A B");
    t = scenario_thread(s, 1);
    lv_thread_after_fork(&s->ctx, t);
    scenario_chain(s, 1, "B A");
    expect(POTENTIAL, "2 acquisitions by 2 threads\nthe same locks in every class\n"
                      "different processes: one side was taken before the fork, in the parent\n");
}
END_TEST

/* ---- timeouts, readers, what is left out --------------------------------------------------------------------------- */

START_TEST(every_choice_is_timed_or_has_a_gate)
{
    scenario_class(s, "G", SCENARIO_EXPLICIT);
    scenario_chain(s, 1, "G A B");
    write_lock(1, "A");
    scenario_lock(s, 1, "B", LV_WRITE, LV_TIMED);
    unlock(1, "B");
    unlock(1, "A");
    scenario_chain(s, 2, "G B A");
    expect_like(GUARDED, "(G)");
}
END_TEST

START_TEST(timed_or_not)
{
    write_lock(1, "A");
    scenario_lock(s, 1, "B", LV_WRITE, LV_TIMED);
    unlock(1, "B");
    unlock(1, "A");
    scenario_chain(s, 3, "A B");
    scenario_chain(s, 2, "B A");
    expect(FEASIBLE, MEET_2);
}
END_TEST

/* A holds back a writer, and who reads it behind that writer: but no writer was seen. */
START_TEST(readers_wait_for_each_other_only_behind_a_writer)
{
    scenario_lock(s, 1, "A", LV_READ, 0);
    write_lock(1, "B");
    unlock(1, "B");
    unlock(1, "A");
    write_lock(2, "B");
    scenario_lock(s, 2, "A", LV_READ, 0);
    expect(POTENTIAL, "2 acquisitions by 2 threads\nthe same locks in every class\n"
                      "no writer seen: a reader waits for another only behind a writer that waits\n");
}
END_TEST

START_TEST(a_writer_was_seen)
{
    scenario_lock(s, 1, "A", LV_READ, 0);
    write_lock(1, "B");
    write_lock(2, "B");
    write_lock(2, "A");
    expect(FEASIBLE, MEET_2);
}
END_TEST

START_TEST(too_many_locks_to_be_sure)
{
    char name[4] = "X0";

    scenario_chain(s, 2, "B A");
    for (unsigned i = 0; i < LV_WITNESS_HELD + 1; i++) {
        (void)snprintf(name, sizeof(name), "%c%c", 'H' + (char)(i / 16), 'a' + (char)(i % 16));
        write_lock(1, name);
    }
    scenario_chain(s, 1, "A B");
    expect(POTENTIAL, "2 acquisitions by 2 threads\nthe same locks in every class\n"
                      "witnesses incomplete: more than 32 locks were held at once\n");
}
END_TEST

/* ---- the kernel's view --------------------------------------------------------------------------------------------- */

START_TEST(strict_judges_classes_only)
{
    scenario_restart(s, "strict=1");
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    expect_like(POTENTIAL, "strict: gate locks, threads and their order were not judged\n");
    cross_under("G", "G", LV_WRITE);
}
END_TEST

START_TEST(strict_knows_no_gate)
{
    scenario_restart(s, "strict=1");
    cross_under("G", "G", LV_WRITE);
    scenario_expect(s, CIRCULAR, POTENTIAL);
}
END_TEST

/* ---- again, when more is known ------------------------------------------------------------------------------------- */

static struct lv_finding found; /* of the test that runs */

static void find_again(const char *from, const char *to)
{
    const struct lv_check check = lv_context_check(&s->ctx);
    struct lv_thread *t = scenario_thread(s, 0);
    uint32_t from_class, to_class, edge;

    from_class = lv_identity_class(lv_identity_peek_guarded(&s->ctx, t, scenario_object(s, from, LV_KIND_MUTEX))).v;
    to_class = lv_identity_class(lv_identity_peek_guarded(&s->ctx, t, scenario_object(s, to, LV_KIND_MUTEX))).v;
    edge = lv_digraph_find(check.graph, from_class, to_class);
    ck_assert_uint_ne(edge, 0);
    ck_assert_int_eq(lv_check_kept_edge(&check, edge, &found), 1);
}

START_TEST(judged_again)
{
    const struct lv_edge_witness any = { 0 };
    struct lv_check check;

    scenario_chain(s, 1, "A B");
    scenario_create(s, 1, 2);
    scenario_chain(s, 2, "B A");
    expect_like(GUARDED, "ordered by thread create: what ");
    find_again("B", "A");
    ck_assert_int_eq(found.verdict, GUARDED);
    check = lv_context_check(&s->ctx);
    ck_assert(!lv_verdict_judge(&check, &found, any));
    scenario_chain(s, 1, "A B");
    ck_assert(lv_verdict_judge(&check, &found, any));
    ck_assert_int_eq(found.verdict, FEASIBLE);
    ck_assert(!lv_verdict_judge(&check, &found, any));
    ck_assert_int_eq(found.verdict, FEASIBLE);
    ck_assert_uint_eq(found.reason_count, 2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        two_threads,
        one_thread,
        a_second_thread_is_found_among_witnesses,
        three_threads,
        two_threads_for_three_acquisitions,
        one_acquisition_for_two_edges,
        one_acquisition_for_the_new_edge_and_more,
        five_philosophers,
        one_philosopher_is_left_handed,
        other_instances,
        the_first_of_merged_locks_is_released,
        one_other_instance,
        the_right_instances_are_found_among_witnesses,
        a_gate,
        a_gate_that_is_read,
        a_gate_that_one_side_reads,
        a_gate_each,
        a_gate_whose_class_has_more_locks,
        a_gate_of_one_thread,
        a_gate_that_is_not_always_held,
        a_gate_that_is_avoided_over_another_lock,
        a_gate_that_is_held_over_another_lock,
        a_gate_of_two_among_three,
        before_create,
        after_create,
        after_join,
        joined_before_the_other_was_created,
        created_another_that_was_joined,
        not_joined_yet,
        again_after_create,
        one_thread_before_and_after_a_join,
        one_of_many_is_enough,
        too_many_threads_to_be_sure,
        many_threads_to_be_sure_of,
        before_a_fork,
        every_choice_is_timed_or_has_a_gate,
        timed_or_not,
        readers_wait_for_each_other_only_behind_a_writer,
        a_writer_was_seen,
        too_many_locks_to_be_sure,
        strict_judges_classes_only,
        strict_knows_no_gate,
        judged_again,
    };

    return engine_run("verdict", tests, LV_ARRAY_SIZE(tests));
}
