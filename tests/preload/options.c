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

/* Every counter, and what each kind of thing takes of the memory. */
/* case: stats */
/* args: abba */
/* options: stats=1 */
/* status: 66 */
/* findings: 1 */
/* expect: ^lockval: stats of options\[[0-9]+\]\n  classes +2\n  edges +2\n  chains +4\n  pairs +0\n  pairs-forgotten +0\n  pairs-retired +0\n */
/* expect: ^  stacks +4\n  stacks-short +0\n  witnesses +2\n  instances-made +2\n  instances-in-table +[02]\n */
/* expect: ^  instances-retired +0\n  frees-looked-at +[0-9]+\n  threads-at-once +1\n  slow-walks +4\n  locked-walks +4\n */
/* expect: ^  dropped +0\n  findings +1\n  suppressed +0\n  findings-again +0\n  looks-asked +0\n  looks-paused +0\n  handlers-unwatched +0\n  handlers-unknown +0\n  handlers-changing +0\n */
/* expect: ^  memory-classes-kib +[1-9][0-9]*\n  memory-edges-kib +[1-9][0-9]*\n  memory-chains-kib +[1-9][0-9]*\n */
/* expect: ^  memory-pairs-kib +[0-9]+\n  memory-stacks-kib +[1-9][0-9]*\n  memory-witnesses-kib +[1-9][0-9]*\n */
/* expect: ^  memory-instances-kib +[0-9]+\n  memory-threads-kib +[1-9][0-9]*\n  memory-kib +[1-9][0-9]*$ */

/* A thread with the smallest stack there is ends the program. */
/* case: small-stack */
/* args: small */
/* options: stats=1 */
/* expect: ^  memory-kib +[1-9][0-9]*$ */

/* case: quiet */
/* args: clean */

static void *end_program(void *unused)
{
    puts("done");
    exit(0);
    return unused;
}

static void exit_from_small_stack(void)
{
    pthread_attr_t small;
    pthread_t thread;

    MUST(pthread_attr_init(&small) == 0);
    MUST(pthread_attr_setstacksize(&small, (size_t)PTHREAD_STACK_MIN) == 0);
    MUST(pthread_create(&thread, &small, end_program, NULL) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "small"))
        exit_from_small_stack();
    else if (is_case(argv, "clean"))
        make_no_finding();
    else
        make_finding();
    if (is_case(argv, "halt"))
        fputs("it went on\n", stderr);
    puts("done");
    return 0;
}
