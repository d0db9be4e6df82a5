/* SPDX-License-Identifier: MIT */
/*
 * Handlers that take locks, and come and go, keep each other out, or end otherwise than by returning: what is known of one
 * is not held against another, or against what comes after it. Nothing is reported.
 */
/* status: 0 */
/* stdout: ^done$ */
#include "masks.h"

#include <setjmp.h>
#include <sys/wait.h>
#include <ucontext.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static volatile sig_atomic_t runs;
static sigjmp_buf out;

static void take_a(int number)
{
    (void)number;
    runs++;
    take(&a);
}

/* The handler runs while the signal is open, and nothing is held. */
static void handle(int number)
{
    mask(SIG_UNBLOCK, number);
    MUST(raise(number) == 0);
    mask(SIG_BLOCK, number);
}

/* What a thread does that ends in the handler. */
static void clean_up(void *unused)
{
    sigset_t now;

    (void)unused;
    MUST(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0);
    if (sigismember(&now, SIGUSR1))
        take(&a);
    mask(SIG_BLOCK, SIGUSR1);
    take(&a);
}

/* No handler any more, when the lock is taken with the signal open. */
static void once(int number)
{
    take_a(number);
}

static void removed(void)
{
    extern int sigignore(int);

    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    MUST(signal(SIGUSR1, SIG_DFL) == take_a);
    take(&a);
    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    MUST(sigignore(SIGUSR1) == 0);
    take(&a);
    MUST(raise(SIGUSR1) == 0 && runs == 2);
    install_with(SIGUSR2, once, (int)SA_RESETHAND, 0);
    MUST(raise(SIGUSR2) == 0);
    take(&a);
    MUST(sysv_signal(SIGUSR2, once) == SIG_DFL && raise(SIGUSR2) == 0);
    take(&a);
}

/* One handler of a signal takes the lock, another leaves it alone. */
static void count(int number)
{
    (void)number;
    runs++;
}

static void other_handler(void)
{
    install(SIGUSR1, count);
    take(&a);
    MUST(raise(SIGUSR1) == 0);
    mask(SIG_BLOCK, SIGUSR1);
    install(SIGUSR1, take_a);
    handle(SIGUSR1);
    take(&a);
    install(SIGUSR1, count);
    mask(SIG_UNBLOCK, SIGUSR1);
    take(&a);
    MUST(raise(SIGUSR1) == 0);
}

/* A signal that gets another handler again and again is not judged. */
static void changing(void)
{
    for (int i = 0; i < 10; i++) {
        install(SIGUSR1, count);
        install(SIGUSR1, take_a);
    }
    MUST(raise(SIGUSR1) == 0);
    take(&a);
}

/* What goes on in a handler for good: a child that was forked there, and code that installed another one. */
static void live_on(int number)
{
    if (runs == 0) {
        pid_t pid = fork();
        int status;

        if (pid != 0) {
            MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
            return;
        }
    }
    if (runs == 1)
        MUST(signal(number, count) == live_on);
    mask(SIG_UNBLOCK, number);
    take(&a);
    nest(&a, &b);
    if (runs == 0)
        _exit(7);
}

static void lives_on(void)
{
    for (runs = 0; runs < 2; runs++) {
        install(SIGUSR1, live_on);
        MUST(raise(SIGUSR1) == 0);
        MUST(signal(SIGUSR1, SIG_DFL) != SIG_ERR);
    }
}

/* Handlers that keep each other out. */
static void two_handlers(void)
{
    install_with(SIGUSR1, take_a, 0, SIGUSR2);
    install_with(SIGUSR2, take_a, 0, SIGUSR1);
    for (int i = 0; i < 3; i++)
        MUST(raise(SIGUSR1) == 0 && raise(SIGUSR2) == 0);
}

/* The handler blocks the signal for the code that it interrupted. */
static void block_outside(int number, siginfo_t *info, void *context)
{
    (void)info;
    take_a(number);
    MUST(sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGUSR1) == 0);
}

static void blocked_from_inside(void)
{
    struct sigaction action = { .sa_sigaction = block_outside, .sa_flags = SA_SIGINFO };

    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    MUST(raise(SIGUSR1) == 0);
    take(&a);
    MUST(raise(SIGUSR1) == 0 && runs == 1);
}

/* After a jump out of the handler it does not run any more; without a saved mask its signal stays blocked. */
static void jump(int number)
{
    (void)number;
    siglongjmp(out, 1);
}

static void after_jump(void)
{
    install(SIGUSR1, jump);
    for (volatile int i = 0; i < 3; i++) {
        if (sigsetjmp(out, 1) == 0)
            raise(SIGUSR1);
        take(&a);
        take(&b);
    }
    install(SIGUSR1, take_a);
    install(SIGUSR2, jump);
    MUST(raise(SIGUSR1) == 0);
    mask(SIG_BLOCK, SIGUSR1);
    for (volatile int i = 0; i < 3; i++) {
        if (sigsetjmp(out, 0) == 0)
            raise(SIGUSR2);
        take(&a);
        mask(SIG_UNBLOCK, SIGUSR2);
    }
}

/* A handler that ends its thread: what the thread cleans up is not done in the handler any more. */
static void end_thread(int number)
{
    (void)number;
    pthread_exit(&a);
}

static void *end_in_handler(void *unused)
{
    pthread_cleanup_push(clean_up, NULL);
    raise(SIGUSR1);
    pthread_cleanup_pop(0);
    return unused;
}

static void ended_in_handler(void)
{
    pthread_t thread;
    void *value;

    install(SIGUSR1, end_thread);
    MUST(pthread_create(&thread, NULL, end_in_handler, NULL) == 0 && pthread_join(thread, &value) == 0 && value == &a);
    take(&a);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        /* case: removed */
        { "removed", removed },
        /* case: other-handler */
        { "other-handler", other_handler },
        /* case: changing */
        /* options: stats=1 */
        /* expect: ^  handlers-changing +1$ */
        { "changing", changing },
        /* case: lives-on */
        { "lives-on", lives_on },
        /* case: two-handlers */
        { "two-handlers", two_handlers },
        /* case: blocked-from-inside */
        { "blocked-from-inside", blocked_from_inside },
        /* case: after-jump */
        { "after-jump", after_jump },
        /* case: ended-in-handler */
        { "ended-in-handler", ended_in_handler },
    };

    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
