/* SPDX-License-Identifier: MIT */
/* Forked children: they go on with what is known, start with no finding, and work. */
#include "program.h"

#include <sys/wait.h>

static int status_of(pid_t pid)
{
    int status;

    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void *use_locks(void *unused)
{
    make_no_finding();
    return unused;
}

static void work(void)
{
    make_no_finding();
    for (int i = 0; i < 3; i++)
        run_thread(use_locks, NULL);
}

/* The parent has a finding, the child has none. The exit status is part of stdout here, so it is the same without. */
/* case: clean-child */
/* status: 66 */
/* findings: 1 */
/* stdout: ^child: 7$ */
static int clean_child(void)
{
    static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
    pid_t pid;

    make_finding();
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        MUST(pthread_mutex_lock(&other) == 0 && pthread_mutex_unlock(&other) == 0);
        nest(&finding_a, &other);
        exit(7);
    }
    printf("child: %d\n", status_of(pid));
    return 3;
}

/* The child's finding is the child's; the parent stays clean. Each finds its own. */
/* case: child-finds */
/* options: exitcode=9 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
static int child_finds(void)
{
    pid_t pid;
    int status;

    make_no_finding();
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        work();
        make_finding();
        exit(0);
    }
    status = status_of(pid);
    printf("child: %s\n", status == 9 || getenv("LOCKVAL_OPTIONS") == NULL ? "as it should be" : "wrong");
    return 0;
}

/* A lock that is held across fork is held by both. */
/* case: held-across */
static int held_across(void)
{
    pid_t pid;

    MUST(pthread_mutex_lock(&finding_a) == 0);
    fflush(stdout);
    pid = fork();
    MUST(pthread_mutex_lock(&finding_b) == 0);
    MUST(pthread_mutex_unlock(&finding_b) == 0);
    MUST(pthread_mutex_unlock(&finding_a) == 0);
    if (pid == 0) {
        work();
        exit(0);
    }
    printf("child: %d\n", status_of(pid));
    return 0;
}

/* A child makes locks anew that its thread held at the fork, as allocators do in their handlers; they are free then. What it
 * took itself is another matter. */
/* case: made-anew */
/* options: exitcode=9 */
/* findings: 1 */
/* expect: is initialised anew while it is held */
/* expect: \(finding_b\) */
static int made_anew(void)
{
    pid_t pid;
    int status;

    MUST(pthread_mutex_lock(&finding_a) == 0);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        MUST(pthread_mutex_init(&finding_a, NULL) == 0);
        nest(&finding_a, &finding_b);
        MUST(pthread_mutex_lock(&finding_b) == 0);
        MUST(pthread_mutex_init(&finding_b, NULL) == 0);
        exit(0);
    }
    MUST(pthread_mutex_unlock(&finding_a) == 0);
    status = status_of(pid);
    printf("child: %s\n", status == 9 || getenv("LOCKVAL_OPTIONS") == NULL ? "as it should be" : "wrong");
    return 0;
}

/* Handlers of the program take their locks around fork. */
static pthread_mutex_t handled = PTHREAD_MUTEX_INITIALIZER;

static void prepare(void)
{
    MUST(pthread_mutex_lock(&handled) == 0);
}

static void after(void)
{
    MUST(pthread_mutex_unlock(&handled) == 0);
}

/* case: atfork */
static int atfork(void)
{
    pid_t pid;

    MUST(pthread_atfork(prepare, after, after) == 0);
    fflush(stdout);
    pid = fork();
    nest(&handled, &finding_a);
    if (pid == 0) {
        work();
        exit(0);
    }
    printf("child: %d\n", status_of(pid));
    return 0;
}

/* A child that is not followed finds nothing. */
/* case: not-followed */
/* options: follow_children=0 */
static int not_followed(void)
{
    pid_t pid;

    make_no_finding();
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        make_finding();
        run_thread(use_locks, NULL);
        exit(0);
    }
    printf("child: %d\n", status_of(pid));
    return 0;
}

/* case: generations */
/* options: log=%p.txt:exitcode=0 */
static int generations(void)
{
    for (int depth = 0; depth < 5; depth++) {
        pid_t pid;

        fflush(stdout);
        pid = fork();
        if (pid != 0) {
            printf("child %d: %d\n", depth, status_of(pid));
            work();
            return 0;
        }
        work();
    }
    make_finding();
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "clean-child"))
        return clean_child();
    if (is_case(argv, "child-finds"))
        return child_finds();
    if (is_case(argv, "held-across"))
        return held_across();
    if (is_case(argv, "made-anew"))
        return made_anew();
    if (is_case(argv, "atfork"))
        return atfork();
    if (is_case(argv, "not-followed"))
        return not_followed();
    return generations();
}
