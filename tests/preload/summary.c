/* SPDX-License-Identifier: MIT */
/*
 * The summary at the end of a process, whichever way it ends; none where nothing was found or where there is no log. Its
 * lines are no findings of their own.
 */
#include "program.h"

#include <stdbool.h>
#include <sys/wait.h>

static pthread_mutex_t often = PTHREAD_MUTEX_INITIALIZER, seldom = PTHREAD_MUTEX_INITIALIZER;

static __attribute__((noinline)) void wrong_way(void)
{
    nest(&seldom, &often);
    __asm__ volatile("");
}

static void find(void)
{
    for (unsigned i = 0; i < 1000; i++)
        nest(&often, &seldom);
    wrong_way();
}

/* case: return */
/* status: 66 */
/* findings: 1 */
/* expect: ^advice: seldom -> often was seen 1 time from 1 site \(\w+\+0x\w+\),\n        the other way 1000 times from 1 site */
/* expect: \n\nlockval: 1 finding: 1 potential\n  potential circular  .* -> .*  \[[0-9a-f]{16}\]\n    seldom -> often was seen 1 time from 1 site .*, the other way 1000 times: the odd one\n\Z */

/* case: exit */
/* status: 66 */
/* findings: 1 */
/* expect: \n\nlockval: 1 finding: 1 potential\n  potential circular */
/* reject: (?s)lockval: 1 finding.*lockval: 1 finding */

/* case: _exit */
/* status: 66 */
/* findings: 1 */
/* expect: \n\nlockval: 1 finding: 1 potential\n  potential circular */

/* case: quick_exit */
/* status: 66 */
/* findings: 1 */
/* expect: \n\nlockval: 1 finding: 1 potential\n  potential circular */
/* reject: (?s)lockval: 1 finding.*lockval: 1 finding */

/* case: halt */
/* options: halt_on_error=1 */
/* status: 66 */
/* findings: 1 */
/* plain: no */
/* expect: \n\nlockval: 1 finding: 1 potential\n  potential circular */

/* Nothing is found: stderr stays as it is. */
/* case: nothing */
/* status: 5 */

/* case: no-log */
/* options: log=none */
/* status: 66 */

/* The summary goes where the findings go. */
/* case: file */
/* options: log=found.%p */
/* status: 66 */
/* file: found\.[0-9]+: \n\nlockval: 1 finding: 1 potential\n */

/* Parent and child each have their own: the child makes the finding, and only the child says so. */
/* case: child */
/* status: 5 */
/* findings: 1 */
/* expect: lockval: 1 finding: 1 potential */
/* reject: (?s)lockval: 1 finding.*lockval: 1 finding */

/* The child of a parent that found something found nothing itself. */
/* case: parent */
/* status: 66 */
/* findings: 1 */
/* expect: lockval: 1 finding: 1 potential */
/* reject: (?s)lockval: 1 finding.*lockval: 1 finding */

/* A child of vfork ends with _exit and says nothing. */
/* case: vfork */
/* status: 66 */
/* findings: 1 */
/* reject: (?s)lockval: 1 finding.*lockval: 1 finding */
static void in_child(bool child_finds)
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    MUST(child >= 0);
    if (child == 0) {
        if (child_finds)
            find();
        exit(0);
    }
    MUST(waitpid(child, &status, 0) == child && WIFEXITED(status));
}

static void in_vfork(void)
{
    int status;
    pid_t child = vfork();

    if (child == 0)
        _exit(3);
    MUST(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

int main(int argc, char **argv)
{
    (void)argc;
    setvbuf(stdout, NULL, _IONBF, 0);
    puts("begin");
    if (is_case(argv, "nothing"))
        return 5;
    if (is_case(argv, "child")) {
        in_child(true);
        return 5;
    }
    find();
    if (is_case(argv, "parent"))
        in_child(false);
    if (is_case(argv, "vfork"))
        in_vfork();
    if (is_case(argv, "_exit"))
        _exit(0);
    if (is_case(argv, "quick_exit"))
        quick_exit(0);
    if (is_case(argv, "exit"))
        exit(0);
    return 0;
}
