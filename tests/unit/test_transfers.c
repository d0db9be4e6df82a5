/* SPDX-License-Identifier: MIT */
/* Verdicts on cycles of instances within one class: the same rules as for classes. */

#include "engine.h"

#define FEASIBLE LV_VERDICT_FEASIBLE
#define POTENTIAL LV_VERDICT_POTENTIAL
#define GUARDED LV_VERDICT_GUARDED

#define MEET_2                                                              \
    "2 acquisitions by 2 threads, the same two locks, no lock in common,\n" \
    "not ordered by thread create or join\n"

#define GATE "gate lock: both acquisitions hold (G), so they cannot meet\n"

static void expect_instances(enum lv_verdict verdict, const char *reasons)
{
    const struct scenario_report *report = scenario_expect(s, LV_FINDING_RECURSIVE, verdict);

    ck_assert_str_eq(report->reasons, reasons);
}

#define CIRCLE_2 "2 locks of one class were taken in a circle\n"

START_TEST(transfers_in_two_orders)
{
    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 2, "A2 A1");
    expect_instances(FEASIBLE, CIRCLE_2 MEET_2);
}
END_TEST

START_TEST(transfers_in_one_order)
{
    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 2, "A1 A2");
    scenario_chain(s, 2, "A2 A3");
    scenario_chain(s, 1, "A1 A3");
}
END_TEST

START_TEST(transfers_by_one_thread)
{
    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 1, "A2 A1");
    expect_instances(POTENTIAL, CIRCLE_2 "one thread made all 2 acquisitions\n");
}
END_TEST

START_TEST(transfers_under_a_gate)
{
    scenario_class(s, "G", SCENARIO_EXPLICIT);
    scenario_chain(s, 1, "G A1 A2");
    scenario_chain(s, 2, "G A2 A1");
    expect_instances(GUARDED, CIRCLE_2 GATE);
}
END_TEST

/* The pair is known already when the gate is not held. */
START_TEST(transfers_under_a_gate_but_once)
{
    scenario_class(s, "G", SCENARIO_EXPLICIT);
    scenario_chain(s, 1, "G A1 A2");
    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 2, "G A2 A1");
    expect_instances(FEASIBLE, CIRCLE_2 MEET_2);
}
END_TEST

START_TEST(transfers_before_and_after_a_join)
{
    const struct scenario_report *report;

    scenario_create(s, 1, 2);
    scenario_chain(s, 2, "A1 A2");
    scenario_join(s, 1, 2);
    scenario_chain(s, 1, "A2 A1");
    report = scenario_expect(s, LV_FINDING_RECURSIVE, GUARDED);
    ck_assert_ptr_nonnull(strstr(report->reasons, "ordered by thread join: "));
}
END_TEST

START_TEST(forks_of_one_class)
{
    const char *const forks[] = { "A1 A2", "A2 A3", "A3 A4", "A4 A5", "A5 A1" };

    for (unsigned i = 0; i < 5; i++)
        scenario_chain(s, i + 1, forks[i]);
    expect_instances(FEASIBLE, "5 locks of one class were taken in a circle\n"
                               "5 acquisitions by 5 threads, the same 5 locks, no lock in common,\n"
                               "not ordered by thread create or join\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        transfers_in_two_orders, transfers_in_one_order,          transfers_by_one_thread,
        transfers_under_a_gate,  transfers_under_a_gate_but_once, transfers_before_and_after_a_join,
        forks_of_one_class,
    };

    return engine_run("transfers", tests, LV_ARRAY_SIZE(tests));
}
