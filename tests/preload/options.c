/* SPDX-License-Identifier: MIT */
/* Options, from the environment to what they do. */
#include "program.h"

/* case: unknown */
/* args: clean */
/* options: colour=red:stats=maybe */
/* expect: ^lockval: option 'colour': */
/* expect: ^lockval: option 'stats': .*'maybe' */

/* case: help */
/* args: clean */
/* options: help=1 */
/* expect: exitcode */
/* expect: potential */

/* case: log-none */
/* args: abba */
/* options: log=none */
/* status: 66 */

/* case: log-file */
/* args: abba */
/* options: log=report.%e.%p.txt */
/* status: 66 */
/* file: report\.options\.[0-9]+\.txt: ^verdict: potential$ */

/* A log that cannot be written goes to stderr. */
/* case: log-nowhere */
/* args: abba */
/* options: log=no/such/folder/report */
/* status: 66 */
/* findings: 1 */

/* case: stack-depth */
/* args: abba */
/* options: stack_depth=1 */
/* status: 66 */
/* findings: 1 */
/* reject: __libc_start_main */

/* case: halt */
/* args: halt */
/* options: halt_on_error=1 */
/* status: 66 */
/* findings: 1 */
/* plain: no */
/* reject: it went on */

/* case: quiet */
/* args: clean */

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "clean"))
        make_no_finding();
    else
        make_finding();
    if (is_case(argv, "halt"))
        fputs("it went on\n", stderr);
    puts("done");
    return 0;
}
