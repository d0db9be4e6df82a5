/* SPDX-License-Identifier: MIT */
/*
 * The lab without a page, for tests: programs on stdin, each followed by a zero byte; for each a line of JSON on stdout, with what was
 * seen after its first run and after all ways of it were tried. A first argument: options as in LOCKVAL_OPTIONS.
 */

#include <stdio.h>
#include <string.h>

#include "core/first.h"
#include "core/lab.h"

int main(int argc, char **argv)
{
    size_t len = 0;
    int c;

    if (argc > 1)
        (void)snprintf(lab_options(), 1024, "%s", argv[1]);
    while ((c = getchar()) != EOF) {
        if (c != '\0' && len + 1 < LAB_TEXT) {
            lab_text()[len++] = (char)c;
            continue;
        }
        lab_text()[len] = '\0';
        len = 0;
        (void)printf("{\"first\":%s,", lab_first_run());
        (void)printf("\"all\":%s}\n", lab_explore_all());
    }
    return ferror(stdin) != 0 || fflush(stdout) != 0;
}
