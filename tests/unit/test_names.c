/* SPDX-License-Identifier: MIT */
/* The words that reports are made of: kinds, verdicts, signals. */

#include "report/report.h"

#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static void expect_signal_name(int number, const char *name)
{
    char buf[32];
    struct lv_text out;

    lv_text_init(&out, buf, sizeof(buf));
    lv_signal_name(number, &out);
    ck_assert_str_eq(buf, name);
}

/* As libc names them, and numbers that have no name. */
START_TEST(signal_names)
{
    for (int i = 1; i < 32; i++) {
        char name[32];

        snprintf(name, sizeof(name), "SIG%s", sigabbrev_np(i) != NULL ? sigabbrev_np(i) : "?");
        expect_signal_name(i, strcmp(name, "SIGPOLL") == 0 ? "SIGIO" : name);
    }
    ck_assert_int_eq(SIGRTMIN, 34);
    expect_signal_name(SIGRTMIN, "SIGRTMIN");
    expect_signal_name(SIGRTMIN + 3, "SIGRTMIN+3");
    expect_signal_name(SIGRTMAX, "SIGRTMIN+30");
    expect_signal_name(0, "0");
    expect_signal_name(33, "33");
    expect_signal_name(65, "65");
    expect_signal_name(-1, "-1");
}
END_TEST

START_TEST(words)
{
    ck_assert_str_eq(lv_finding_kind_name(LV_FINDING_CIRCULAR), "circular");
    ck_assert_str_eq(lv_finding_kind_name(LV_FINDING_ASSERT), "assert");
    ck_assert_str_eq(lv_finding_kind_name(LV_FINDING__COUNT), "?");
    ck_assert_str_eq(lv_verdict_name(LV_VERDICT_GUARDED), "guarded");
    ck_assert_str_eq(lv_verdict_name(LV_VERDICT_NEVER), "never");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("names");
    TCase *all = tcase_create("names");

    tcase_add_test(all, signal_names);
    tcase_add_test(all, words);
    suite_add_tcase(suite, all);
    return unit_run(suite);
}
