/* SPDX-License-Identifier: MIT */
/* The order of lock classes: which acquisitions make edges, and which edges make findings. */

#include "scenario.h"
#include "unit.h"

START_TEST(abba)
{
    struct scenario *s = scenario_new(NULL);
    const struct scenario_report *report;

    scenario_chain(s, 1, "A B");
    scenario_expect_clean(s);
    scenario_chain(s, 2, "B A");
    report = scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_POTENTIAL);
    ck_assert_uint_eq(report->edge_count, 2);
    ck_assert_str_eq(report->edges[0].held, "B");
    ck_assert_str_eq(report->edges[0].wanted, "A");
    ck_assert_str_eq(report->edges[1].held, "A");
    ck_assert_str_eq(report->edges[1].wanted, "B");
    scenario_expect_clean(s);
    scenario_free(s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("acquire");
    TCase *tcase = tcase_create("order");

    tcase_add_test(tcase, abba);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
