/* SPDX-License-Identifier: MIT */
/* Every way for a process to end: status, handlers and their order, destructors, what of stdio is written. Each check is
 * a program of its own, started anew, whose output comes through a pipe. */
/* status: 0 */
#include "conform.h"

#include <spawn.h>

static void say(const char *text)
{
    /* Not by stdio: what it has not written is one of the things that are looked at. */
    MUST(write(1, text, strlen(text)) == (ssize_t)strlen(text));
}

static void first(void)
{
    say(" first");
}

static void second(void)
{
    say(" second");
}

static void see_status(int status, void *name)
{
    char text[64];

    snprintf(text, sizeof(text), " %s(%d)", (char *)name, status);
    say(text);
}

static void quick_first(void)
{
    say(" quick-first");
}

static void quick_second(void)
{
    say(" quick-second");
}

static bool is_child;

__attribute__((constructor)) static void construct(void)
{
    is_child = getenv("CONFORM_EXIT") != NULL;
}

__attribute__((destructor)) static void destroy(void)
{
    if (is_child)
        say(" destructor");
}

static void prepare(void)
{
    static char name[] = "on_exit";

    MUST(atexit(first) == 0 && on_exit(see_status, name) == 0 && atexit(second) == 0);
    MUST(at_quick_exit(quick_first) == 0 && at_quick_exit(quick_second) == 0);
    MUST(setvbuf(stdout, NULL, _IOFBF, BUFSIZ) == 0);
    printf(" [in the buffer]");
}

/* ---- the ways ---- */

static int by_return(void)
{
    return 3;
}

static int by_big_return(void)
{
    return 256 + 7;
}

static int by_exit(void)
{
    exit(4);
}

static int by_negative_exit(void)
{
    exit(-1);
}

static int by__exit(void)
{
    _exit(5);
}

static int by__Exit(void)
{
    _Exit(6);
}

static int by_quick_exit(void)
{
    quick_exit(7);
}

static int by_abort(void)
{
    abort();
}

static int by_signal(void)
{
    raise(SIGTERM);
    return 99;
}

static int by_kill(void)
{
    raise(SIGKILL);
    return 99;
}

static int by_fault(void)
{
    volatile int *volatile nowhere = NULL;

    *nowhere = 1;
    return 99;
}

static int by_syscall(void)
{
    syscall(SYS_exit_group, 8);
    return 99;
}

static pthread_t main_thread;

static void *exit_from_thread(void *unused)
{
    (void)unused;
    exit(9);
}

static int by_thread(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, exit_from_thread, NULL) == 0);
    for (;;)
        pause();
}

static void *return_last(void *unused)
{
    MUST(pthread_join(main_thread, NULL) == 0);
    say(" last");
    return unused;
}

static int by_last_thread(void)
{
    pthread_t thread;

    main_thread = pthread_self();
    MUST(pthread_create(&thread, NULL, return_last, NULL) == 0);
    pthread_exit(NULL);
}

static void *exit_last(void *unused)
{
    (void)unused;
    MUST(pthread_join(main_thread, NULL) == 0);
    exit(10);
}

static int by_exit_of_last_thread(void)
{
    pthread_t thread;

    main_thread = pthread_self();
    MUST(pthread_create(&thread, NULL, exit_last, NULL) == 0);
    pthread_exit(NULL);
}

static int by_cancel_of_main(void)
{
    pthread_t thread;

    main_thread = pthread_self();
    MUST(pthread_create(&thread, NULL, exit_last, NULL) == 0);
    MUST(pthread_cancel(pthread_self()) == 0);
    pthread_testcancel();
    return 99;
}

static int by_lone_pthread_exit(void)
{
    pthread_exit(NULL);
}

static void exit_again(void)
{
    say(" again");
    exit(11);
}

static int by_exit_in_handler(void)
{
    MUST(atexit(exit_again) == 0);
    return 3;
}

static void leave_at_once(void)
{
    say(" at once");
    _exit(12);
}

static int by__exit_in_handler(void)
{
    MUST(atexit(leave_at_once) == 0);
    return 3;
}

static void register_more(void)
{
    say(" more:");
    MUST(atexit(second) == 0);
}

static int by_handler_in_handler(void)
{
    MUST(atexit(register_more) == 0);
    return 3;
}

static int by_quick_in_handler(void)
{
    MUST(at_quick_exit(leave_at_once) == 0);
    quick_exit(3);
}

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void lock_in_handler(void)
{
    nest(&a, &b);
    say(" locked");
}

static int by_return_with_locks(void)
{
    MUST(atexit(lock_in_handler) == 0 && at_quick_exit(lock_in_handler) == 0);
    nest(&a, &b);
    return 3;
}

static int take(void *unused)
{
    (void)unused;
    return pthread_mutex_lock(&a);
}

/* Threads wait for a lock, and one holds another, when the process ends. */
static int by_exit_with_waiters(void)
{
    static struct job job[3];

    MUST(pthread_mutex_lock(&a) == 0);
    for (int i = 0; i < 3; i++) {
        job_start(&job[i], take, NULL);
        MUST(SLEEPS_ON(&job[i], &a));
    }
    exit(13);
}

static int by__exit_with_waiters(void)
{
    static struct job job;

    MUST(pthread_mutex_lock(&a) == 0);
    job_start(&job, take, NULL);
    MUST(SLEEPS_ON(&job, &a));
    _exit(14);
}

static int spin_on(void *unused)
{
    for (;;)
        nest(&a, &b);
    (void)unused;
    return 0;
}

/* Threads take locks while the process ends. */
static int by_return_with_runners(void)
{
    static struct job job[3];

    for (int i = 0; i < 3; i++)
        job_start(&job[i], spin_on, NULL);
    return 15;
}

static int by_flush(void)
{
    fflush(stdout);
    _exit(16);
}

static int by_signal_handler_exit(void)
{
    struct sigaction action = { .sa_handler = exit };

    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    raise(SIGUSR1);
    return 99;
}

static int by_exec(void)
{
    execl("/bin/sh", "sh", "-c", "exit 17", (char *)NULL);
    return 99;
}

#define WAY(name)    \
    {                \
#name, name, \
    }
static const struct {
    const char *name;
    int (*run)(void);
} ways[] = {
    WAY(by_return),
    WAY(by_big_return),
    WAY(by_exit),
    WAY(by_negative_exit),
    WAY(by__exit),
    WAY(by__Exit),
    WAY(by_quick_exit),
    WAY(by_abort),
    WAY(by_signal),
    WAY(by_kill),
    WAY(by_fault),
    WAY(by_syscall),
    WAY(by_thread),
    WAY(by_last_thread),
    WAY(by_exit_of_last_thread),
    WAY(by_cancel_of_main),
    WAY(by_lone_pthread_exit),
    WAY(by_exit_in_handler),
    WAY(by__exit_in_handler),
    WAY(by_handler_in_handler),
    WAY(by_quick_in_handler),
    WAY(by_return_with_locks),
    WAY(by_exit_with_waiters),
    WAY(by__exit_with_waiters),
    WAY(by_return_with_runners),
    WAY(by_flush),
    WAY(by_signal_handler_exit),
    WAY(by_exec),
};

static void end_by(const char *name)
{
    char output[1024], self[] = "/proc/self/exe", way[64];
    char *argv[] = { self, way, NULL };
    posix_spawn_file_actions_t actions;
    size_t length = 0;
    ssize_t got;
    int ends[2];
    pid_t child;

    snprintf(way, sizeof(way), "%s", name);
    MUST(pipe(ends) == 0);
    MUST(posix_spawn_file_actions_init(&actions) == 0);
    MUST(posix_spawn_file_actions_adddup2(&actions, ends[1], 1) == 0);
    MUST(posix_spawn_file_actions_addclose(&actions, ends[0]) == 0);
    MUST(posix_spawn_file_actions_addclose(&actions, ends[1]) == 0);
    MUST(posix_spawn(&child, self, &actions, NULL, argv, environ) == 0);
    MUST(posix_spawn_file_actions_destroy(&actions) == 0);
    close(ends[1]);
    while ((got = read(ends[0], output + length, sizeof(output) - length - 1)) > 0)
        length += (size_t)got;
    close(ends[0]);
    output[length] = '\0';
    printf(" %s:%s\n", name, output);
    SAME(status_of(child));
}

static void every_way(void)
{
    MUST(setenv("CONFORM_EXIT", "1", 1) == 0);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        end_by(ways[i].name);
}

int main(int argc, char **argv)
{
    static const struct conform_part parts[] = { { "every way", every_way } };

    if (is_child) {
        prepare();
        for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
            if (strcmp(argv[1], ways[i].name) == 0)
                return ways[i].run();
        return 99;
    }
    return conform_main(parts, 1, argc, argv);
}
