/* SPDX-License-Identifier: MIT */
/* Jumps: out of locked regions, out of signal handlers, between stacks. What is held stays held. */
#include "program.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;
static jmp_buf back;
static sigjmp_buf signal_back;

static __attribute__((noinline, noreturn)) void lock_and_jump(int depth, pthread_mutex_t *mutex)
{
    char frame[200];

    memset(frame, depth, sizeof(frame));
    __asm__ volatile("" : : "r"(frame) : "memory");
    if (depth > 0)
        lock_and_jump(depth - 1, mutex);
    MUST(pthread_mutex_lock(mutex) == 0);
    longjmp(back, 1);
}

/* Jumped out of with the lock held, released afterwards: all is well. */
/* case: out-and-release */
static void out_and_release(void)
{
    for (volatile int i = 0; i < 100; i++) {
        if (setjmp(back) == 0)
            lock_and_jump(10, &a);
        MUST(pthread_mutex_lock(&b) == 0);
        MUST(pthread_mutex_unlock(&a) == 0);
        MUST(pthread_mutex_unlock(&b) == 0);
    }
    nest(&a, &b);
}

/* It stays held: what is taken next depends on it. */
/* case: out-and-order */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular */
static void out_and_order(void)
{
    nest(&b, &a);
    if (setjmp(back) == 0)
        lock_and_jump(10, &a);
    MUST(pthread_mutex_lock(&b) == 0);
    MUST(pthread_mutex_unlock(&b) == 0);
    MUST(pthread_mutex_unlock(&a) == 0);
}

/* It stays held: to take it again is to wait for oneself. */
/* case: out-and-again */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking */
static void out_and_again(void)
{
    pthread_rwlock_t w = PTHREAD_RWLOCK_INITIALIZER;

    if (setjmp(back) == 0) {
        MUST(pthread_rwlock_wrlock(&w) == 0);
        longjmp(back, 1);
    }
    MUST(pthread_rwlock_wrlock(&w) == EDEADLK);
    MUST(pthread_rwlock_unlock(&w) == 0);
}

/* A handler that takes a lock and jumps out, wherever it interrupted the thread, takes the lock with it. Its signal stays
 * blocked meanwhile, or the handler could come upon its own lock. */
static pthread_mutex_t of_handler = PTHREAD_MUTEX_INITIALIZER;

static void jump_out(int number)
{
    (void)number;
    MUST(pthread_mutex_lock(&of_handler) == 0);
    siglongjmp(signal_back, 1);
}

/* case: out-of-handler */
/* case: out-of-handler-finds */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular */
static void out_of_handler(void)
{
    struct sigaction action = { .sa_handler = jump_out };
    sigset_t usr1;

    MUST(sigemptyset(&usr1) == 0 && sigaddset(&usr1, SIGUSR1) == 0);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    for (volatile int i = 0; i < 100; i++) {
        if (sigsetjmp(signal_back, 0) == 0) {
            MUST(pthread_mutex_lock(&a) == 0);
            raise(SIGUSR1);
        }
        MUST(pthread_mutex_lock(&b) == 0);
        MUST(pthread_mutex_unlock(&b) == 0);
        MUST(pthread_mutex_unlock(&of_handler) == 0);
        MUST(pthread_mutex_unlock(&a) == 0);
        MUST(sigprocmask(SIG_UNBLOCK, &usr1, NULL) == 0);
    }
}

/* A handler that comes while locks are met for the first time, and jumps: the thread can be cancelled as before. */
/* case: out-of-library */
static volatile sig_atomic_t armed;

static void jump_if_armed(int number)
{
    (void)number;
    if (!armed)
        return;
    armed = 0;
    siglongjmp(signal_back, 1);
}

static void out_of_library(void)
{
    const struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
    struct sigaction action = { .sa_handler = jump_if_armed };
    volatile int jumps = 0;

    MUST(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    while (jumps < 500) {
        int state = -1, type = -1;

        if (sigsetjmp(signal_back, 1) != 0) {
            jumps++;
        } else {
            armed = 1;
            for (int i = 0; i < 20; i++) {
                pthread_spinlock_t spin;

                MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
                MUST(pthread_spin_destroy(&spin) == 0);
            }
            armed = 0;
        }
        MUST(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state) == 0 && state == PTHREAD_CANCEL_ENABLE);
        MUST(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type) == 0 && type == PTHREAD_CANCEL_DEFERRED);
    }
    MUST(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

/* Two coroutines on stacks of their own, in one thread: each takes locks and lets the other run meanwhile. The locks are
 * the thread's, and are released in an order that is not that of a stack. */
/* case: coroutines */
/* case: coroutines-find */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular */
static ucontext_t of_main, of_first, of_second;
static char first_stack[65536], second_stack[65536];
static int rounds;

static void first(void)
{
    for (int i = 0; i < 100; i++) {
        MUST(pthread_mutex_lock(&a) == 0);
        MUST(swapcontext(&of_first, &of_second) == 0);
        MUST(pthread_mutex_unlock(&a) == 0);
        MUST(swapcontext(&of_first, &of_second) == 0);
        rounds++;
    }
}

static void second(void)
{
    for (;;) {
        MUST(pthread_mutex_lock(&b) == 0);
        MUST(swapcontext(&of_second, &of_first) == 0);
        MUST(pthread_mutex_unlock(&b) == 0);
        MUST(swapcontext(&of_second, &of_first) == 0);
    }
}

static void make(ucontext_t *context, char *stack, void (*run)(void))
{
    MUST(getcontext(context) == 0);
    context->uc_link = &of_main;
    context->uc_stack.ss_sp = stack;
    context->uc_stack.ss_size = sizeof(first_stack);
    makecontext(context, run, 0);
}

static void coroutines(void)
{
    make(&of_first, first_stack, first);
    make(&of_second, second_stack, second);
    MUST(swapcontext(&of_main, &of_first) == 0);
    printf("%d rounds\n", rounds);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "out-and-release"))
        out_and_release();
    else if (is_case(argv, "out-and-order"))
        out_and_order();
    else if (is_case(argv, "out-and-again"))
        out_and_again();
    else if (strncmp(argv[1], "out-of-handler", 14) == 0)
        out_of_handler();
    else if (is_case(argv, "out-of-library"))
        out_of_library();
    else
        coroutines();
    if (is_case(argv, "out-of-handler-finds")) {
        MUST(signal(SIGUSR1, SIG_DFL) == jump_out);
        nest(&b, &of_handler);
    }
    if (is_case(argv, "coroutines-find"))
        nest(&b, &a);
    nest(&a, &c);
    puts("done");
    return 0;
}
