/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_UNIT_ENGINE_H
#define LV_TESTS_UNIT_ENGINE_H

/*
 * For tests of the engine: every test has a validator, in s, and runs twice, with the identities of locks inside the
 * objects and in the table. When it ends, every finding must have been expected.
 */

#include "scenario.h"
#include "unit.h"

#include <string.h>

static struct scenario *s; /* of the test that runs */

static void engine_begin_inside(void)
{
    s = scenario_new("identity=auto");
}

static void engine_begin_table(void)
{
    s = scenario_new("identity=table");
}

static void engine_end(void)
{
    scenario_expect_clean(s);
    scenario_free(s);
}

/* Run @count tests. Returns what main returns. */
static inline int engine_run(const char *name, const TTest *const tests[], size_t count)
{
    Suite *suite = suite_create(name);
    TCase *inside = tcase_create("identity inside");
    TCase *table = tcase_create("identity in the table");

    tcase_add_checked_fixture(inside, engine_begin_inside, engine_end);
    tcase_add_checked_fixture(table, engine_begin_table, engine_end);
    tcase_set_timeout(inside, 60);
    tcase_set_timeout(table, 60);
    for (size_t i = 0; i < count; i++) {
        tcase_add_test(inside, tests[i]);
        tcase_add_test(table, tests[i]);
    }
    suite_add_tcase(suite, inside);
    suite_add_tcase(suite, table);
    return unit_run(suite);
}

static inline void write_lock(unsigned thread, const char *name)
{
    scenario_lock(s, thread, name, LV_WRITE, 0);
}

/* A recursive reader. */
static inline void read_lock(unsigned thread, const char *name)
{
    scenario_lock(s, thread, name, LV_READ_RECURSIVE, 0);
}

static inline void unlock(unsigned thread, const char *name)
{
    scenario_unlock(s, thread, name);
}

#endif
