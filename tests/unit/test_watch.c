/* SPDX-License-Identifier: MIT */
/* Watch mode: evidence that comes after a finding was made, and what becomes of its verdict. */

#include <stdio.h>

#include "engine.h"
#include "engine/watch.h"

#define CIRCULAR LV_FINDING_CIRCULAR
#define GUARDED LV_VERDICT_GUARDED
#define POTENTIAL LV_VERDICT_POTENTIAL
#define FEASIBLE LV_VERDICT_FEASIBLE

static void expect_in(const char *wanted, const char *text)
{
    ck_assert_msg(strstr(text, wanted) != NULL, "no '%s' in:\n%s", wanted, text);
}

static const struct lv_made *made(uint32_t i)
{
    ck_assert_uint_lt(i, s->ctx.made.count);
    return lv_vec_at(&s->ctx.made, i);
}

static uint32_t watched(void)
{
    return s->ctx.watch.classes;
}

/* ---- upgrades ------------------------------------------------------------------------------------------------------ */

START_TEST(one_thread_first_then_two)
{
    const char *text;
    char fingerprint[20], line[64];

    scenario_chain(s, 1, "A B");
    scenario_chain(s, 1, "B A");
    memcpy(fingerprint, scenario_expect(s, CIRCULAR, POTENTIAL)->fingerprint, sizeof(fingerprint));
    ck_assert_uint_eq(watched(), 2);
    scenario_chain(s, 2, "A B");
    text = scenario_expect_upgrade(s, FEASIBLE);
    (void)snprintf(line, sizeof(line), "\nlockval: finding %s is upgraded: potential -> feasible\n", fingerprint);
    expect_in(line, text);
    expect_in("2 acquisitions by 2 threads", text);
    ck_assert_ptr_null(strstr(text, "\nverdict: "));
    ck_assert_ptr_null(strstr(text, "\nWARNING"));
    ck_assert_int_eq(made(0)->finding.verdict, FEASIBLE);
    ck_assert_uint_eq(s->ctx.findings, 1);
    ck_assert_uint_eq(s->ctx.counted, 1);
    ck_assert_uint_eq(s->ctx.watch.open, 0);
}
END_TEST

/* The chains are the same, and in the threads' caches: only the watch sees that the locks are others. */
START_TEST(different_instances_first_then_the_same)
{
    scenario_chain(s, 1, "A1 B1");
    scenario_chain(s, 2, "B2 A2");
    (void)scenario_expect(s, CIRCULAR, POTENTIAL);
    scenario_expect_no_upgrade(s);
    s->site = 0x1000; /* all from one site from now on, whatever the lock */
    scenario_chain(s, 1, "A1 B1");
    scenario_chain(s, 1, "A3 B3");
    scenario_expect_no_upgrade(s);
    scenario_chain(s, 1, "A2 B2");
    expect_in("2 acquisitions by 2 threads", scenario_expect_upgrade(s, FEASIBLE));
}
END_TEST

/* So it is when every thread had its chains in the cache before there was a suspect. */
START_TEST(caches_are_emptied_when_the_watch_begins)
{
    s->site = 0x1000;
    for (unsigned i = 0; i < 3; i++)
        scenario_chain(s, 1, "A1 B1");
    scenario_chain(s, 2, "B2 A2");
    (void)scenario_expect(s, CIRCULAR, POTENTIAL);
    scenario_chain(s, 1, "A2 B2");
    (void)scenario_expect_upgrade(s, FEASIBLE);
}
END_TEST

START_TEST(guarded_becomes_feasible)
{
    s->site = 0x1000;
    scenario_chain(s, 1, "G1 A B");
    scenario_chain(s, 2, "G1 B A");
    (void)scenario_expect(s, CIRCULAR, GUARDED);
    ck_assert_int_eq(lv_exit_status(&s->ctx, 3), 3);
    scenario_chain(s, 1, "G1 A B");
    scenario_chain(s, 2, "G1 B A");
    scenario_expect_no_upgrade(s);
    /* Another lock of the gate's class keeps nobody out. */
    scenario_chain(s, 2, "G2 B A");
    expect_in("guarded -> feasible", scenario_expect_upgrade(s, FEASIBLE));
    ck_assert_int_eq(lv_exit_status(&s->ctx, 3), 66);
    ck_assert_uint_eq(s->ctx.counted, 1);
}
END_TEST

/* A verdict is counted for the exit status once, however often it is upgraded. */
START_TEST(counted_once)
{
    scenario_chain(s, 1, "G A B");
    scenario_chain(s, 1, "G B A");
    (void)scenario_expect(s, CIRCULAR, GUARDED);
    ck_assert_uint_eq(s->ctx.counted, 0);
    scenario_chain(s, 1, "B A");
    (void)scenario_expect_upgrade(s, POTENTIAL);
    ck_assert_uint_eq(s->ctx.counted, 1);
    scenario_chain(s, 2, "A B");
    (void)scenario_expect_upgrade(s, FEASIBLE);
    ck_assert_uint_eq(s->ctx.counted, 1);
    ck_assert_uint_eq(s->ctx.findings, 1);
}
END_TEST

START_TEST(three_threads_in_a_ring)
{
    s->site = 0x1000;
    scenario_chain(s, 1, "A1 B1");
    scenario_chain(s, 2, "B2 C2");
    scenario_chain(s, 3, "C3 A3");
    (void)scenario_expect(s, CIRCULAR, POTENTIAL);
    scenario_chain(s, 1, "A3 B2");
    scenario_expect_no_upgrade(s);
    scenario_chain(s, 3, "C2 A3");
    (void)scenario_expect_upgrade(s, FEASIBLE);
}
END_TEST

/* ---- locks of one class -------------------------------------------------------------------------------------------- */

START_TEST(instances_one_thread_first_then_two)
{
    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 1, "A2 A1");
    (void)scenario_expect(s, LV_FINDING_RECURSIVE, POTENTIAL);
    ck_assert_uint_eq(watched(), 1);
    scenario_chain(s, 2, "A1 A3");
    scenario_expect_no_upgrade(s);
    scenario_chain(s, 2, "A1 A2");
    expect_in("potential -> feasible\n  recursive ", scenario_expect_upgrade(s, FEASIBLE));
    ck_assert_uint_eq(s->ctx.findings, 1);
}
END_TEST

/* The pair is in the cache, under whatever lock of the gate's class: only the watch sees which. */
START_TEST(instances_under_another_gate)
{
    s->site = 0x1000;
    scenario_chain(s, 1, "G1 A1 A2");
    scenario_chain(s, 2, "G1 A2 A1");
    (void)scenario_expect(s, LV_FINDING_RECURSIVE, GUARDED);
    for (unsigned i = 0; i < 10; i++)
        scenario_chain(s, 1, "G1 A1 A2");
    scenario_expect_no_upgrade(s);
    scenario_chain(s, 1, "G2 A1 A2");
    (void)scenario_expect_upgrade(s, FEASIBLE);
}
END_TEST

/* A pair that is gone upgrades nothing, nor does another one that has its number now. */
START_TEST(instances_that_are_gone)
{
    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 1, "A2 A1");
    (void)scenario_expect(s, LV_FINDING_RECURSIVE, POTENTIAL);
    lv_identity_forget(&s->ctx, scenario_thread(s, 1), scenario_object(s, "A2", LV_KIND_MUTEX));
    ck_assert_uint_eq(s->ctx.pairs.order.live, 0);
    scenario_chain(s, 2, "A3 A4");
    scenario_chain(s, 3, "A4 A3");
    scenario_expect_no_upgrade(s);
    ck_assert_uint_eq(s->ctx.watch.open, 0);
}
END_TEST

/* ---- no upgrade ---------------------------------------------------------------------------------------------------- */

START_TEST(evidence_that_never_comes)
{
    char names[32];

    s->site = 0x1000;
    scenario_chain(s, 1, "A1 B1");
    scenario_chain(s, 1, "B1 A1");
    (void)scenario_expect(s, CIRCULAR, POTENTIAL);
    for (unsigned i = 0; i < 300; i++) {
        scenario_chain(s, 1, "A1 B1");
        scenario_chain(s, 1, "B1 A1");
        (void)snprintf(names, sizeof(names), "A%u B%u", i % 7 + 2, i % 7 + 2);
        scenario_chain(s, 2, names);
    }
    scenario_expect_no_upgrade(s);
    ck_assert_int_eq(made(0)->finding.verdict, POTENTIAL);
}
END_TEST

/* What holds always stays: a gate, however many locks are behind it. */
START_TEST(guarded_stays_guarded)
{
    char names[32];

    s->site = 0x1000;
    scenario_chain(s, 1, "G A1 B1");
    scenario_chain(s, 2, "G B1 A1");
    (void)scenario_expect(s, CIRCULAR, GUARDED);
    for (unsigned i = 0; i < 300; i++) {
        (void)snprintf(names, sizeof(names), i % 2 != 0 ? "G A%u B%u" : "G B%u A%u", i % 40, i % 40);
        scenario_chain(s, 1 + i % 5, names);
    }
    scenario_expect_no_upgrade(s);
    ck_assert_int_eq(made(0)->finding.verdict, GUARDED);
    ck_assert_uint_lt(s->ctx.witnesses.count, 60);
}
END_TEST

/* Feasible from the start, or not to be judged by witnesses: nothing is watched. */
START_TEST(nothing_to_watch)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    (void)scenario_expect(s, CIRCULAR, FEASIBLE);
    write_lock(1, "C");
    write_lock(1, "C");
    (void)scenario_expect(s, LV_FINDING_RECURSIVE, LV_VERDICT_DEADLOCK);
    ck_assert_uint_eq(watched(), 0);
    scenario_restart(s, "strict=1");
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 1, "B A");
    (void)scenario_expect(s, CIRCULAR, POTENTIAL);
    ck_assert_uint_eq(watched(), 0);
}
END_TEST

/* ---- bounds -------------------------------------------------------------------------------------------------------- */

START_TEST(a_threads_budget_ends)
{
    uint64_t walks;

    s->site = 0x1000;
    scenario_chain(s, 1, "A1 B1");
    scenario_chain(s, 2, "B2 A2");
    (void)scenario_expect(s, CIRCULAR, POTENTIAL);
    walks = s->ctx.counters.locked_walks;
    for (unsigned i = 0; i < 1000; i++)
        scenario_chain(s, 1, "A1 B1");
    ck_assert_uint_ge(s->ctx.counters.locked_walks, walks + LV_WATCH_THREAD);
    ck_assert_uint_le(s->ctx.counters.locked_walks, walks + LV_WATCH_THREAD + 4);
    /* Its acquisitions are in the cache again; another thread has a budget of its own. */
    walks = s->ctx.counters.slow_walks;
    scenario_chain(s, 1, "A2 B2");
    ck_assert_uint_eq(s->ctx.counters.slow_walks, walks);
    scenario_expect_no_upgrade(s);
    scenario_chain(s, 3, "A2 B2");
    (void)scenario_expect_upgrade(s, FEASIBLE);
}
END_TEST

START_TEST(a_class_leaves_the_watch)
{
    uint64_t walks;

    s->site = 0x1000;
    scenario_chain(s, 1, "A1 B1");
    scenario_chain(s, 2, "B2 A2");
    (void)scenario_expect(s, CIRCULAR, POTENTIAL);
    ck_assert_uint_eq(watched(), 2);
    for (uint32_t i = 0; i < 2; i++)
        lv_classes_get(&s->ctx.classes, made(0)->finding.edges[i].held.class)->watch_left = 20;
    for (unsigned i = 0; i < 40; i++) {
        scenario_chain(s, 3 + i % 10, "A1 B1");
        scenario_chain(s, 3 + i % 10, "B2 A2");
    }
    ck_assert_uint_lt(watched(), 2);
    walks = s->ctx.counters.locked_walks;
    for (unsigned i = 0; i < 100; i++)
        scenario_chain(s, 1, "A1 B1");
    ck_assert_uint_le(s->ctx.counters.locked_walks, walks + 2);
}
END_TEST

/* Locks of other classes are no slower, nor is a watched class without another one held. */
START_TEST(only_suspects_are_watched)
{
    uint64_t walks;

    scenario_chain(s, 1, "C D");
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 1, "B A");
    (void)scenario_expect(s, CIRCULAR, POTENTIAL);
    scenario_chain(s, 1, "C D");
    scenario_chain(s, 1, "C A");
    scenario_chain(s, 1, "B");
    walks = s->ctx.counters.slow_walks;
    for (unsigned i = 0; i < 50; i++) {
        scenario_chain(s, 1, "C D");
        scenario_chain(s, 1, "C A");
        scenario_chain(s, 1, "B");
    }
    ck_assert_uint_eq(s->ctx.counters.slow_walks, walks);
}
END_TEST

/* A watched acquisition has its own stack, not that of the first from its site. */
START_TEST(stacks_are_exact)
{
    struct lv_acquisition a;

    scenario_chain(s, 1, "A B");
    scenario_chain(s, 1, "B A");
    (void)scenario_expect(s, CIRCULAR, POTENTIAL);
    write_lock(1, "A");
    for (unsigned i = 0; i < 3; i++) {
        a = scenario_begin(s, 1, "B", LV_WRITE, 0);
        ck_assert(!a.earlier);
    }
}
END_TEST

/* A child begins with no suspects. */
START_TEST(a_forked_child_watches_nothing)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 1, "B A");
    (void)scenario_expect(s, CIRCULAR, POTENTIAL);
    lv_made_after_fork(&s->ctx);
    ck_assert_uint_eq(watched(), 0);
    scenario_chain(s, 2, "A B");
    scenario_expect_no_upgrade(s);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_thread_first_then_two,
        different_instances_first_then_the_same,
        caches_are_emptied_when_the_watch_begins,
        guarded_becomes_feasible,
        counted_once,
        three_threads_in_a_ring,
        instances_one_thread_first_then_two,
        instances_under_another_gate,
        instances_that_are_gone,
        evidence_that_never_comes,
        guarded_stays_guarded,
        nothing_to_watch,
        a_threads_budget_ends,
        a_class_leaves_the_watch,
        only_suspects_are_watched,
        stacks_are_exact,
        a_forked_child_watches_nothing,
    };

    return engine_run("watch", tests, LV_ARRAY_SIZE(tests));
}
