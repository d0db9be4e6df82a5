/* SPDX-License-Identifier: MIT */
/* The plan that a run is steered by: what is read, and what is refused. */

#include "unit.h"

#include <string.h>

#include "engine/plan.h"

static struct lv_arena arena;
static struct lv_plan plan;
static uint32_t line;

static const char *parse(const char *text)
{
    return lv_plan_parse(&plan, text, strlen(text), &arena, &line);
}

static void refused(const char *text, uint32_t at, const char *why)
{
    const char *wrong = parse(text);

    ck_assert_ptr_nonnull(wrong);
    ck_assert_msg(strstr(wrong, why) != NULL, "'%s' is not about '%s'", wrong, why);
    ck_assert_uint_eq(line, at);
}

#define TWO_ROLES "role\nheld a\nwanted b\nrole\nheld b\nwanted a\n"

START_TEST(defaults)
{
    ck_assert_ptr_null(parse("lockval-plan 1\n" TWO_ROLES));
    ck_assert_ptr_null(plan.report);
    ck_assert_uint_eq(plan.pause_ms, 100);
    ck_assert_uint_eq(plan.tries, 10);
    ck_assert_uint_eq(plan.odds, 100);
    ck_assert_uint_eq(plan.delay_us, 0);
    ck_assert_uint_eq(plan.seed, 0);
    ck_assert_uint_eq(plan.role_count, 2);
    ck_assert_str_eq(plan.roles[0].held, "a");
    ck_assert_str_eq(plan.roles[0].wanted, "b");
    ck_assert_ptr_null(plan.roles[0].held_at);
    ck_assert_ptr_null(plan.roles[0].wanted_at);
    ck_assert(!plan.roles[0].early);
    ck_assert_str_eq(plan.roles[1].held, "b");
}
END_TEST

START_TEST(everything)
{
    ck_assert_ptr_null(parse("# by hand\n"
                             "lockval-plan 1\n"
                             "report /tmp/a b/report\n"
                             "pause 250\n"
                             "tries 3\n"
                             "odds 50\n"
                             "seed 18446744073709551615\n"
                             "delay 2000\n"
                             "\n"
                             "role\n"
                             "held name:a lock\n"
                             "wanted name:(complete)&req.done\n"
                             "held-at 0a0b+0x1234\n"
                             "wanted-at transfer+0x10\n"
                             "early\n"
                             "role\n"
                             "wanted name:a lock"));
    ck_assert_str_eq(plan.report, "/tmp/a b/report");
    ck_assert_uint_eq(plan.pause_ms, 250);
    ck_assert_uint_eq(plan.tries, 3);
    ck_assert_uint_eq(plan.odds, 50);
    ck_assert_uint_eq(plan.seed, UINT64_MAX);
    ck_assert_uint_eq(plan.delay_us, 2000);
    ck_assert_str_eq(plan.roles[0].held, "name:a lock");
    ck_assert_str_eq(plan.roles[0].wanted, "name:(complete)&req.done");
    ck_assert_str_eq(plan.roles[0].held_at, "0a0b+0x1234");
    ck_assert_str_eq(plan.roles[0].wanted_at, "transfer+0x10");
    ck_assert(plan.roles[0].early);
    ck_assert_ptr_null(plan.roles[1].held);
    ck_assert_str_eq(plan.roles[1].wanted, "name:a lock");
}
END_TEST

START_TEST(lines_that_are_refused)
{
    refused("", 0, "there is no role");
    refused("pause 1\n", 1, "should be: lockval-plan 1");
    refused("lockval-plan 2\n" TWO_ROLES, 1, "should be: lockval-plan 1");
    refused("lockval-plan 1\nhaste 1\n" TWO_ROLES, 2, "unknown word");
    refused("lockval-plan 1\npause\n" TWO_ROLES, 2, "is no number");
    refused("lockval-plan 1\npause -1\n" TWO_ROLES, 2, "is no number");
    refused("lockval-plan 1\npause 1x\n" TWO_ROLES, 2, "is no number");
    refused("lockval-plan 1\npause 60001\n" TWO_ROLES, 2, "too large");
    refused("lockval-plan 1\nodds 101\n" TWO_ROLES, 2, "too large");
    refused("lockval-plan 1\nseed 18446744073709551616\n" TWO_ROLES, 2, "too large");
    refused("lockval-plan 1\nreport\n" TWO_ROLES, 2, "has no value");
    refused("lockval-plan 1\n" TWO_ROLES "pause 1\n", 8, "unknown word");
    refused("lockval-plan 1\nrole\nheld a\nheld b\n", 4, "said twice");
    refused("lockval-plan 1\nrole\nheld \n", 3, "has no value");
}
END_TEST

START_TEST(cycles_that_are_refused)
{
    refused("lockval-plan 1\npause 5\n", 0, "there is no role");
    refused("lockval-plan 1\nrole\nheld a\nwanted b\nrole\nheld b\n", 0, "wants nothing");
    refused("lockval-plan 1\nrole\nwanted b\nrole\nwanted a\n", 0, "no role holds anything");
    refused("lockval-plan 1\nrole\nheld a\nwanted b\nrole\nwanted a\nearly\n", 0, "cannot be early");
}
END_TEST

START_TEST(sizes)
{
    static char text[LV_PLAN_SIZE + 2];
    char roles[1024] = "lockval-plan 1\n";

    for (uint32_t i = 0; i < LV_PLAN_ROLES; i++)
        strcat(roles, "role\nheld a\nwanted a\n");
    ck_assert_ptr_null(parse(roles));
    ck_assert_uint_eq(plan.role_count, LV_PLAN_ROLES);
    strcat(roles, "role\nheld a\nwanted a\n");
    refused(roles, 2 + 3 * LV_PLAN_ROLES, "a role too many");
    memset(text, '#', sizeof(text) - 1);
    refused(text, 0, "no plan");
    ck_assert_str_eq(lv_plan_parse(&plan, "lockval-plan 1\0\n", 16, &arena, &line), "this is no plan");
    arena.limit = arena.total;
    arena.at = arena.end;
    refused("lockval-plan 1\n" TWO_ROLES, 0, "no memory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan");
    TCase *all = tcase_create("all");

    tcase_add_test(all, defaults);
    tcase_add_test(all, everything);
    tcase_add_test(all, lines_that_are_refused);
    tcase_add_test(all, cycles_that_are_refused);
    tcase_add_test(all, sizes);
    suite_add_tcase(suite, all);
    return unit_run(suite);
}
