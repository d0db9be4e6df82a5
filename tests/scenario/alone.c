/* SPDX-License-Identifier: MIT */
/*
 * For programs that speak the vocabulary of scenario.h and are no tests of Check: what its assertions call. In a test they
 * talk to the runner; without one, the first that fails ends the program.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

CK_DLL_EXP void CK_EXPORT _mark_point(const char *file, int line)
{
    (void)file;
    (void)line;
}

CK_DLL_EXP void CK_EXPORT _ck_assert_failed(const char *file, int line, const char *expr, const char *msg, ...)
{
    (void)msg;
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s:%d: %s\n", file, line, expr);
    abort();
}
