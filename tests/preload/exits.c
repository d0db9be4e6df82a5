/* SPDX-License-Identifier: MIT */
/* However a program ends: its handlers and destructors run once and in order, its output is flushed, handlers see the
 * program's own status, and the process ends with the status that the finding asks for. */
/* status: 66 */
/* findings: 1 */
/* with: exit_lib */
#include "program.h"

#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>

static void first_handler(void)
{
    puts("atexit: registered first");
}

static void second_handler(void)
{
    puts("atexit: registered second");
}

static void quick_handler(void)
{
    puts("at_quick_exit");
    fflush(stdout);
}

static void see_status(int status, void *unused)
{
    (void)unused;
    printf("on_exit: status %d\n", status);
}

static void register_handlers(void)
{
    MUST(atexit(first_handler) == 0);
    MUST(atexit(second_handler) == 0);
    MUST(on_exit(see_status, NULL) == 0);
    MUST(at_quick_exit(quick_handler) == 0);
}

__attribute__((destructor)) static void destroy(void)
{
    puts("destructor of the program");
}

/* case: return */

/* case: exit */
static void *exit_here(void *status)
{
    exit((int)(intptr_t)status);
}

/* case: exit-elsewhere */
static void exit_elsewhere(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, exit_here, (void *)(intptr_t)3) == 0);
    for (;;)
        pause();
}

/* case: pthread-exit */
static void *last_thread(void *main_thread)
{
    MUST(pthread_join(*(pthread_t *)main_thread, NULL) == 0);
    puts("the last thread ends");
    return NULL;
}

static void leave_it_to_the_last(void)
{
    static pthread_t self;
    pthread_t thread;

    self = pthread_self();
    MUST(pthread_create(&thread, NULL, last_thread, &self) == 0);
    pthread_exit(NULL);
}

/* case: _exit */
/* case: _Exit */
/* case: quick_exit */

/* A death by a signal stays one. */
/* case: abort */
/* status: -6 */
/* case: kill */
/* status: -15 */

/* Found when all but the handlers is over. */
/* case: in-handler */
/* case: in-destructor */
__attribute__((destructor)) static void find_late(void)
{
    if (getenv("FIND_LATE") != NULL)
        make_finding();
}

/* case: exit-in-handler */
static void exit_again(void)
{
    puts("a handler exits");
    exit(4);
}

/* A status of our own choice; the program's own. */
/* case: exitcode-5 */
/* options: exitcode=5 */
/* status: 5 */
/* case: exitcode-0 */
/* options: exitcode=0 */
/* status: 3 */
/* case: quick-exitcode-0 */
/* options: exitcode=0 */
/* status: 3 */
/* case: never */
/* options: fail_on=never */
/* status: 3 */
/* case: fail-on-deadlock */
/* options: fail_on=deadlock */
/* status: 3 */

/* case: stats */
/* options: stats=1 */
/* expect: ^lockval: stats of exits */
/* expect: ^  findings +1$ */

/* case: quick-stats */
/* options: stats=1 */
/* expect: ^lockval: stats of exits */
/* expect: ^  findings +1$ */

/* A child of vfork ends with its own status; its parent's findings are not its own. */
/* case: vfork */
static void vfork_child(void)
{
    int status;
    pid_t pid = vfork();

    if (pid == 0)
        _exit(7);
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    printf("child: %d\n", WEXITSTATUS(status));
    pid = vfork();
    if (pid == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    printf("child: %d\n", WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    (void)argc;
    register_handlers();
    printf("not flushed by the program; ");
    if (is_case(argv, "in-handler")) {
        MUST(atexit(make_finding) == 0);
        return 3;
    }
    if (is_case(argv, "in-destructor")) {
        MUST(setenv("FIND_LATE", "1", 1) == 0);
        return 3;
    }
    make_finding();
    if (is_case(argv, "exit") || strncmp(argv[1], "exitcode", 8) == 0)
        exit(3);
    else if (is_case(argv, "exit-elsewhere"))
        exit_elsewhere();
    else if (is_case(argv, "pthread-exit"))
        leave_it_to_the_last();
    else if (is_case(argv, "_exit"))
        _exit(3);
    else if (is_case(argv, "_Exit"))
        _Exit(3);
    else if (is_case(argv, "quick_exit") || is_case(argv, "quick-exitcode-0") || is_case(argv, "quick-stats"))
        quick_exit(3);
    else if (is_case(argv, "abort"))
        abort();
    else if (is_case(argv, "kill"))
        raise(SIGTERM);
    else if (is_case(argv, "exit-in-handler"))
        MUST(atexit(exit_again) == 0);
    else if (is_case(argv, "vfork"))
        vfork_child();
    return 3;
}
