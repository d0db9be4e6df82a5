/* SPDX-License-Identifier: MIT */
/*
 * Waits on condition variables without the mutex, and with two mutexes at once. What looks like it and is legal: one mutex
 * after the other, a waiter that was woken and has not come back yet, a mutex that was locked where no hook sees it.
 */
#include "program.h"

#include <lockval.h>

#include <dlfcn.h>
#include <sys/wait.h>
#include <threads.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER, another = PTHREAD_COND_INITIALIZER;
static int waiting, ready;

/* ---- without the mutex --------------------------------------------------------------------------------------------- */

/* libc does not look: it releases what is free, waits, and takes it. */
static void wait_without(pthread_mutex_t *with, int unheld)
{
    struct timespec past = long_ago();

    if (!unheld)
        MUST(pthread_mutex_lock(with) == 0);
    MUST(pthread_cond_timedwait(&cond, with, &past) == ETIMEDOUT);
    MUST(pthread_mutex_unlock(with) == 0);
}

/* case: held */
static void held(void)
{
    wait_without(&mutex, 0);
    wait_without(&adaptive, 0);
}

/* case: free */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: bad wait on a condition variable!$ */
/* expect: ^0x[0-9a-f]+ \(mutex\)\{....\}-\{4:4\}\nis waited with, but this thread does not hold it$ */
/* expect: ^verdict: misuse$ */
/* reject: which is held by */
static void free_mutex(void)
{
    nest(&mutex, &second);
    wait_without(&mutex, 1);
}

/* case: free-adaptive */
/* status: 66 */
/* findings: 1 */
/* expect: \(adaptive\).*\nis waited with, but this thread does not hold it$ */
static void free_adaptive(void)
{
    nest(&adaptive, &second);
    wait_without(&adaptive, 1);
}

/* case: free-clockwait */
/* status: 66 */
/* findings: 1 */
/* expect: is waited with, but this thread does not hold it$ */
static void free_clockwait(void)
{
    struct timespec past = long_ago();

    MUST(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &past) == ETIMEDOUT);
}

/* case: free-c11 */
/* status: 66 */
/* findings: 1 */
/* expect: is waited with, but this thread does not hold it$ */
static void free_c11(void)
{
    struct timespec past = long_ago();
    mtx_t c11;
    cnd_t cnd;

    MUST(mtx_init(&c11, mtx_plain) == thrd_success && cnd_init(&cnd) == thrd_success);
    MUST(mtx_lock(&c11) == thrd_success);
    MUST(cnd_timedwait(&cnd, &c11, &past) == thrd_timedout);
    MUST(mtx_unlock(&c11) == thrd_success);
    MUST(cnd_timedwait(&cnd, &c11, &past) == thrd_timedout);
}

static int said[2], told[2];

static void *hold(void *unused)
{
    char byte = 's';

    MUST(pthread_mutex_lock(&mutex) == 0);
    MUST(write(said[1], &byte, 1) == 1 && read(told[0], &byte, 1) == 1);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    return unused;
}

/* case: of-another */
/* status: 66 */
/* findings: 1 */
/* expect: ^is waited with, but this thread does not hold it\n\nwhich is held by hold/\d+, taken at:\n  hold\+ */
/* expect: ^stack backtrace:\n wait_without\+.*\n of_another\+ */
static void of_another(void)
{
    pthread_t thread;
    char byte;

    MUST(pipe(said) == 0 && pipe(told) == 0);
    MUST(pthread_create(&thread, NULL, hold, NULL) == 0);
    MUST(read(said[0], &byte, 1) == 1);
    wait_without(&mutex, 1);
    MUST(write(told[1], "g", 1) == 1 && pthread_join(thread, NULL) == 0);
}

/* case: unseen */
static void unseen(void)
{
    void *libc = dlopen("libc.so.6", RTLD_NOW);
    int (*lock)(pthread_mutex_t *);

    MUST(libc != NULL);
    *(void **)&lock = dlsym(libc, "pthread_mutex_lock");
    MUST(lock != NULL && lock(&mutex) == 0);
    wait_without(&mutex, 1);
}

/* case: not-watched */
static void not_watched(void)
{
    lockval_set_notrack(&mutex, LOCKVAL_MUTEX);
    wait_without(&mutex, 1);
    lockval_off();
    wait_without(&second, 1);
    lockval_on();
}

/* ---- with two mutexes ---------------------------------------------------------------------------------------------- */

static void unlock(void *unused)
{
    (void)unused;
    MUST(pthread_mutex_unlock(&mutex) == 0);
}

static void *wait_here(void *unused)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    pthread_cleanup_push(unlock, NULL);
    waiting++;
    while (!ready)
        MUST(pthread_cond_wait(&cond, &mutex) == 0);
    pthread_cleanup_pop(1);
    return unused;
}

/* @count threads that wait; the mutex is held on return. */
static void start_waiters(pthread_t *thread, int count)
{
    int there = 0;

    for (int i = 0; i < count; i++)
        MUST(pthread_create(&thread[i], NULL, wait_here, NULL) == 0);
    while (there < count) {
        /* Got, with that many counted, only while they wait. */
        MUST(pthread_mutex_lock(&mutex) == 0);
        there = waiting;
        if (there < count)
            MUST(pthread_mutex_unlock(&mutex) == 0);
    }
}

static void wake(void)
{
    ready = 1;
    MUST(pthread_cond_broadcast(&cond) == 0);
}

static void end_waiters(pthread_t *thread, int count)
{
    MUST(pthread_mutex_unlock(&mutex) == 0);
    for (int i = 0; i < count; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

static void wait_with_second(void)
{
    struct timespec past = long_ago();

    MUST(pthread_mutex_lock(&second) == 0);
    MUST(pthread_cond_timedwait(&cond, &second, &past) == ETIMEDOUT);
    MUST(pthread_mutex_unlock(&second) == 0);
}

/* case: two */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: bad wait on a condition variable!$ */
/* expect: \(second\).*, at: wait_with_second.*\nis waited with, while another thread waits on the same condition variable */
/* expect: ^where wait_here/\d+ waits with lock\n0x[0-9a-f]+ \(mutex\)\{....\}-\{4:4\}, at:\n  wait_here\+ */
/* expect: ^classes: second .*\n +mutex  */
/* expect: ^stack backtrace:\n wait_with_second\+ */
static void two(void)
{
    pthread_t thread;

    start_waiters(&thread, 1);
    wait_with_second();
    wait_with_second();
    wake();
    end_waiters(&thread, 1);
}

/* Found by whichever comes second, and once. */
/* case: two-many */
/* status: 66 */
/* findings: 1 */
/* expect: \(second\).*, at: wait_with_second */
static void two_many(void)
{
    pthread_t thread[50];

    start_waiters(thread, 50);
    for (int i = 0; i < 10; i++)
        wait_with_second();
    wake();
    end_waiters(thread, 50);
}

/* A pool of threads that all wait with the same mutex, and two condition variables of one mutex. */
/* case: pool */
static void pool(void)
{
    struct timespec past = long_ago();
    pthread_t thread[50];

    start_waiters(thread, 50);
    MUST(pthread_cond_timedwait(&another, &mutex, &past) == ETIMEDOUT);
    MUST(pthread_cond_timedwait(&cond, &mutex, &past) == ETIMEDOUT);
    wake();
    end_waiters(thread, 50);
}

/* One mutex after the other. */
/* case: in-turn */
static void in_turn(void)
{
    pthread_t thread[4];

    start_waiters(thread, 4);
    wake();
    end_waiters(thread, 4);
    wait_with_second();
    wait_without(&mutex, 0);
}

/* Woken waiters are not bound any more, although they are still inside the call: they wait for the mutex. */
/* case: woken */
static void woken(void)
{
    pthread_t thread[4];

    start_waiters(thread, 4);
    wake();
    wait_with_second();
    end_waiters(thread, 4);
}

/* By each function that wakes; C11's are POSIX's under other names. */
/* case: woken-each */
static int signal_c11(pthread_cond_t *woken_on)
{
    return cnd_signal((cnd_t *)(void *)woken_on);
}

static int broadcast_c11(pthread_cond_t *woken_on)
{
    return cnd_broadcast((cnd_t *)(void *)woken_on);
}

static void woken_each(void)
{
    int (*const functions[])(pthread_cond_t *) = { pthread_cond_signal, pthread_cond_broadcast, signal_c11,
                                                   broadcast_c11 };
    pthread_t thread;

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        waiting = ready = 0;
        start_waiters(&thread, 1);
        ready = 1;
        MUST(functions[i](&cond) == 0);
        wait_with_second();
        end_waiters(&thread, 1);
    }
}

static void *wait_then_second(void *unused)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    waiting++;
    while (!ready)
        MUST(pthread_cond_wait(&cond, &mutex) == 0);
    wait_with_second();
    MUST(pthread_mutex_unlock(&mutex) == 0);
    return unused;
}

/* The first of them waits with the second mutex, and so keeps the other one inside its call, before the call that woke them
 * is back. */
/* case: woken-early */
/* with: slow_wake */
static void woken_early(void)
{
    pthread_t thread[2];
    int there = 0;

    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&thread[i], NULL, wait_then_second, NULL) == 0);
    while (there < 2) {
        MUST(pthread_mutex_lock(&mutex) == 0);
        there = waiting;
        ready = there == 2;
        MUST(pthread_mutex_unlock(&mutex) == 0);
    }
    MUST(pthread_cond_broadcast(&cond) == 0);
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

/* case: cancelled */
static void cancelled(void)
{
    pthread_t thread[2];

    start_waiters(thread, 2);
    MUST(pthread_cancel(thread[0]) == 0 && pthread_cancel(thread[1]) == 0);
    end_waiters(thread, 2);
    wait_with_second();
}

/* A child has no other waiters. */
/* case: forked */
static void forked(void)
{
    pthread_t thread;
    pid_t pid;
    int status;

    start_waiters(&thread, 1);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        wait_with_second();
        exit(0);
    }
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    printf("child: %d\n", status);
    wake();
    end_waiters(&thread, 1);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "held", held },
    { "free", free_mutex },
    { "free-adaptive", free_adaptive },
    { "free-clockwait", free_clockwait },
    { "free-c11", free_c11 },
    { "of-another", of_another },
    { "unseen", unseen },
    { "not-watched", not_watched },
    { "two", two },
    { "two-many", two_many },
    { "pool", pool },
    { "in-turn", in_turn },
    { "woken", woken },
    { "woken-each", woken_each },
    { "woken-early", woken_early },
    { "cancelled", cancelled },
    { "forked", forked },
};

int main(int argc, char **argv)
{
    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
