/* SPDX-License-Identifier: MIT */
/* Circles over runs: which merged records have findings, and which verdict those get. */

#include <stdio.h>
#include <string.h>

#include "../unit/unit.h"
#include "unions.h"

static bool says(const struct rec_finding *finding, const char *reason)
{
    for (size_t i = 0; i < finding->reason_count; i++)
        if (strstr(finding->reasons[i], reason) != NULL)
            return true;
    return false;
}

/* The record ends here, and has this one finding. */
static const struct rec_finding *expect(const char *kind, enum rec_verdict verdict, size_t edges)
{
    look();
    ck_assert_uint_eq(result.count, 1);
    ck_assert_str_eq(result.findings[0]->kind, kind);
    ck_assert_str_eq(result.findings[0]->verdict_name, rec_verdict_name(verdict));
    ck_assert_uint_eq(result.findings[0]->edge_count, edges);
    ck_assert_int_eq(result.findings[0]->counts, verdict >= REC_POTENTIAL);
    return result.findings[0];
}

static void expect_nothing(void)
{
    look();
    ck_assert_uint_eq(result.count, 0);
    end();
}

START_TEST(two_runs)
{
    const struct rec_finding *finding;

    begin();
    takes(1, "A B");
    takes(2, "B A");
    finding = expect("circular", REC_POTENTIAL, 2);
    ck_assert(says(finding, "different runs: 2 acquisitions in 2 runs"));
    for (size_t i = 0; i < 2; i++) {
        bool a = strcmp(rec_lock_name(&finding->edges[i].held), "A") == 0;

        ck_assert_uint_eq(finding->edges[i].run->id, a ? 1 : 2);
        ck_assert_str_eq(finding->edges[i].run->test, a ? "t1" : "t2");
    }
    ck_assert_ptr_nonnull(strstr(finding->text, "is p 2 (test t2), commit c2, on h"));
    end();

    begin();
    takes(1, "A B");
    takes(2, "A B");
    takes(3, "B C");
    expect_nothing();
}
END_TEST

START_TEST(longer_circles)
{
    begin();
    takes(1, "A B");
    takes(2, "B C");
    takes(3, "C A");
    ck_assert(says(expect("circular", REC_POTENTIAL, 3), "3 acquisitions in 3 runs"));
    end();

    /* What two edges close by themselves does not hide behind a longer one. */
    begin();
    takes(1, "A B");
    takes(1, "B C");
    takes(2, "C A");
    takes(3, "B A");
    look();
    ck_assert_uint_eq(result.count, 2);
    ck_assert_uint_eq(result.findings[0]->edge_count + result.findings[1]->edge_count, 5);
    end();

    /* Two parts that have nothing to do with each other. */
    begin();
    takes(1, "A B");
    takes(2, "B A");
    takes(1, "B C");
    takes(1, "C D");
    takes(2, "D C");
    look();
    ck_assert_uint_eq(result.count, 2);
    end();
}
END_TEST

START_TEST(gates_of_one_run)
{
    const struct rec_finding *finding;

    /* The run saw it whole, and others saw what it saw. */
    begin();
    takes(1, "G A B");
    takes(2, "G B A");
    finds(1, "guarded", "A B");
    finding = expect("circular", REC_GUARDED, 2);
    ck_assert_str_eq(finding->fingerprint, "0000000000001001");
    ck_assert_uint_eq(finding->run->id, 1);
    end();

    /* With more locks around it. */
    begin();
    takes(1, "G A B");
    takes(1, "G B A");
    takes(2, "H G A B");
    finds(1, "guarded", "A B");
    (void)expect("circular", REC_GUARDED, 2);
    end();

    /* Another run does without the gate: the finding is still the same one. */
    begin();
    takes(1, "G A B");
    takes(1, "G B A");
    takes(2, "A B");
    finds(1, "guarded", "A B");
    finding = expect("circular", REC_POTENTIAL, 2);
    ck_assert(says(finding, "judged it guarded"));
    ck_assert_str_eq(finding->fingerprint, "0000000000001001");
    ck_assert_ptr_null(finding->run);
    end();

    /* Readers of the gate do not keep each other out. */
    begin();
    takes(1, "G A B");
    takes(1, "G B A");
    takes(2, "G:r A B");
    takes(3, "G:r B A");
    finds(1, "guarded", "A B");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();

    /* No run saw the whole, so nobody knows whether the gate is one lock. */
    begin();
    takes(1, "G A B");
    takes(2, "G B A");
    finding = expect("circular", REC_POTENTIAL, 2);
    ck_assert(says(finding, "gate lock of another run"));
    end();

    /* Two gates, each in its run, and none in both. */
    begin();
    takes(1, "G A B");
    takes(1, "G B A");
    takes(2, "H A B");
    takes(2, "H B A");
    finds(1, "guarded", "A B");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();
}
END_TEST

START_TEST(order_of_threads_of_one_run)
{
    /* Only the run knows what kept the two apart. */
    begin();
    takes(1, "A B");
    takes(1, "B A");
    finds(1, "guarded", "A B");
    (void)expect("circular", REC_GUARDED, 2);
    end();

    /* The same in another run, in another way; and in one that did not see the whole. */
    begin();
    takes(1, "A B");
    takes(1, "B A");
    takes(2, "C A B");
    find_all(1, 2, "guarded", "A B");
    (void)expect("circular", REC_GUARDED, 2);
    end();

    begin();
    takes(1, "A B");
    takes(1, "B A");
    takes(3, "C A B");
    find_all(1, 2, "guarded", "A B");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();

    /* One acquisition may stand for several edges: without the gate at its end, two are enough. */
    begin();
    takes(1, "G A B");
    takes(1, "G C A");
    takes(2, "A B C");
    finds(1, "guarded", "A B C");
    (void)expect("circular", REC_POTENTIAL, 3);
    end();

    begin();
    takes(1, "A B");
    takes(1, "B A");
    takes(2, "C B A");
    finds(1, "guarded", "A B");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();
}
END_TEST

START_TEST(findings_of_runs)
{
    const struct rec_finding *finding;

    begin();
    takes(1, "A B");
    takes(1, "B A");
    finds(1, "potential", "A B");
    finds(2, "feasible", "B A");
    finding = expect("circular", REC_FEASIBLE, 2);
    ck_assert_uint_eq(finding->run->id, 2);
    ck_assert_uint_eq(finding->also_count, 1);
    ck_assert_uint_eq(finding->also[0]->id, 1);
    end();

    /* Not of one run: the other has one more circle. */
    begin();
    takes(1, "A B");
    takes(1, "B A");
    takes(2, "B C");
    takes(3, "C B");
    finds(1, "feasible", "A B");
    look();
    ck_assert_uint_eq(result.count, 2);
    ck_assert_uint_eq(result.made, 1);
    end();

    /* A run says one circle for an edge that closes several; what only another run did is no part of that. */
    begin();
    takes(1, "A B");
    takes(1, "B C");
    takes(1, "C A");
    takes(1, "B A");
    finds(1, "potential", "A B");
    ck_assert_uint_eq(expect("circular", REC_POTENTIAL, 2)->run->id, 1);
    end();

    begin();
    takes(1, "A B");
    takes(1, "B C");
    takes(2, "C A");
    takes(1, "B A");
    finds(1, "potential", "A B");
    look();
    ck_assert_uint_eq(result.count, 2);
    end();

    /* A run that did not judge, as its memory ran out. */
    begin();
    takes(1, "A B");
    takes(1, "B A");
    ck_assert(says(expect("circular", REC_POTENTIAL, 2), "one run made all 2 acquisitions"));
    end();
}
END_TEST

START_TEST(modes)
{
    /* A recursive reader passes what is only held shared. */
    begin();
    takes(1, "A:r B:R");
    takes(2, "B:r A:R");
    expect_nothing();

    begin();
    takes(1, "A:r B");
    takes(2, "B A:R");
    expect_nothing();

    begin();
    takes(1, "A B");
    takes(2, "B A:R");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();

    /* Blocking readers wait behind a writer. */
    begin();
    takes(1, "A:r B:r");
    takes(2, "B:r A:r");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();

    /* Each way by itself closes nothing, both together do not either; a third run does. */
    begin();
    takes(1, "A:r B");
    takes(1, "B A:R");
    takes(2, "A C");
    expect_nothing();

    begin();
    takes(1, "A:r B");
    takes(1, "B A:R");
    takes(2, "A B");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();
}
END_TEST

START_TEST(trylocks_and_timeouts)
{
    const struct rec_finding *finding;

    begin();
    takes(1, "A B!timed");
    takes(2, "B A");
    finding = expect("circular", REC_GUARDED, 2);
    ck_assert(says(finding, "timed: "));
    end();

    /* And without a timeout in a third run. */
    begin();
    takes(1, "A B!timed");
    takes(2, "B A");
    takes(3, "A B");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();

    /* A lock that was tried is held. */
    begin();
    takes(1, "A B!try C");
    takes(2, "C A");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();
}
END_TEST

START_TEST(semaphores_and_events)
{
    const struct rec_finding *finding;

    begin();
    takes(1, "A S");
    takes(2, "S A");
    finding = expect("circular", REC_POTENTIAL, 2);
    ck_assert(says(finding, "a semaphore counts as a lock here"));
    end();

    begin();
    takes(1, "A Q");
    takes(2, "Q A");
    expect_nothing();

    begin();
    takes(1, "A V");
    takes(2, "V A");
    expect_nothing();

    /* Through a candidate no path leads. */
    begin();
    takes(1, "A Q");
    takes(2, "Q B");
    takes(3, "B A");
    expect_nothing();

    begin();
    takes(1, "A E");
    takes(2, "E A");
    finding = expect("event", REC_POTENTIAL, 2);
    ck_assert(says(finding, "wait for an event"));
    end();

    begin();
    takes(1, "A J");
    takes(2, "J A");
    ck_assert(says(expect("event", REC_POTENTIAL, 2), "through a join"));
    end();
}
END_TEST

START_TEST(subclasses)
{
    begin();
    takes(1, "A A/1");
    takes(2, "A A/1");
    expect_nothing();

    begin();
    takes(1, "A A/1");
    takes(2, "A/1 A");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();

    begin();
    takes(1, "A/1 B");
    takes(2, "B A/2");
    expect_nothing();
}
END_TEST

START_TEST(contexts)
{
    const struct rec_finding *finding;

    /* One class, in a handler here, and where it can come there. */
    begin();
    uses(1, "inside", "A", "SIGALRM", "aa+0x1");
    uses(2, "open", "A", "SIGALRM", "aa+0x1");
    finding = expect("signal", REC_POTENTIAL, 1);
    ck_assert_str_eq(finding->usage_state, "SIGALRM");
    ck_assert_uint_eq(finding->usage_inside.run->id, 1);
    ck_assert_uint_eq(finding->usage_open.run->id, 2);
    ck_assert(says(finding, "different runs: one ran the context"));
    end();

    /* Another signal, another handler, only one side. */
    begin();
    uses(1, "inside", "A", "SIGALRM", "aa+0x1");
    uses(2, "open", "A", "SIGUSR1", "aa+0x1");
    uses(2, "open", "A", "SIGALRM", "aa+0x2");
    uses(3, "inside", "B", "irq", "");
    expect_nothing();

    /* Readers that do each other no harm. */
    begin();
    uses(1, "inside", "A:R", "irq", "");
    uses(2, "open", "A:r", "irq", "");
    expect_nothing();

    /* Over locks that a third run took. */
    begin();
    uses(1, "inside", "A", "irq", "");
    takes(2, "A B");
    takes(3, "B C");
    uses(3, "open", "C", "irq", "");
    finding = expect("signal", REC_POTENTIAL, 3);
    ck_assert_str_eq(rec_lock_name(&finding->usage_open.lock), "C");
    ck_assert_uint_eq(finding->edges[1].run->id, 2);
    end();

    /* The other way round, and by an acquisition that gives up. */
    begin();
    uses(1, "inside", "A", "irq", "");
    uses(3, "open", "C", "irq", "");
    takes(2, "C A");
    expect_nothing();

    begin();
    uses(1, "inside", "A", "irq", "");
    uses(3, "open", "C", "irq", "");
    takes(2, "A C!timed");
    expect_nothing();

    /* Of a semaphore that may be none nothing is said. */
    begin();
    uses(1, "inside", "Q", "irq", "");
    uses(2, "open", "Q", "irq", "");
    expect_nothing();
}
END_TEST

/* More contexts than one process can have. */
START_TEST(many_contexts)
{
    begin();
    for (unsigned i = 0; i < 200; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "context %u", i);
        uses(1, "inside", "A", name, "");
        if (i % 100 == 7)
            uses(2, "open", "A", name, "");
    }
    look();
    ck_assert_uint_eq(result.count, 2);
    end();
}
END_TEST

START_TEST(a_part_with_many_circles)
{
    const struct cy_options options = { .most = 3, .fail_on = REC_FEASIBLE };
    char text[16];

    begin();
    for (unsigned i = 0; i < 12; i++) {
        for (unsigned j = 0; j < 12; j++) {
            (void)snprintf(text, sizeof(text), "C%u C%u", i, j);
            if (i != j)
                takes(1 + i % 3, text);
        }
    }
    ck_assert(cy_look(set->processes[0], &options, &result));
    ck_assert_uint_eq(result.count, 3);
    ck_assert_uint_gt(result.left_out, 100);
    ck_assert(!result.findings[0]->counts);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cycles");
    TCase *tcase = tcase_create("runs");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, two_runs);
    tcase_add_test(tcase, longer_circles);
    tcase_add_test(tcase, gates_of_one_run);
    tcase_add_test(tcase, order_of_threads_of_one_run);
    tcase_add_test(tcase, findings_of_runs);
    tcase_add_test(tcase, modes);
    tcase_add_test(tcase, trylocks_and_timeouts);
    tcase_add_test(tcase, semaphores_and_events);
    tcase_add_test(tcase, subclasses);
    tcase_add_test(tcase, contexts);
    tcase_add_test(tcase, many_contexts);
    tcase_add_test(tcase, a_part_with_many_circles);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
