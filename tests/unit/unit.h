/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_UNIT_UNIT_H
#define LV_TESTS_UNIT_UNIT_H

/*
 * What every unit test program ends with: run the suite, print TAP, and say with the exit status whether all went well.
 * meson reads the TAP, ctest reads the status.
 */

#include <check.h>
#include <stdlib.h>

/* Takes the suite. Returns what main returns. */
static inline int unit_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
