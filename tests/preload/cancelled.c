/* SPDX-License-Identifier: MIT */
/* Threads that are cancelled: while they wait, while they hold locks that their cleanup handlers release, and at any
 * instruction of a loop of locks. Nothing wrong is said of what they leave, and a real finding is still made. */
/* case: waits */
/* case: holders */
/* case: anywhere */
/* case: waits-finds */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular */
/* case: holders-finds */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular */
/* case: anywhere-finds */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular */
#include "program.h"

#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

enum {
    THREADS = 60,
    DEPTH = 4
};

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static atomic_int arrived;

static void release(void *mutex)
{
    MUST(pthread_mutex_unlock(mutex) == 0);
}

static void cancel_all(pthread_t *thread, int count)
{
    for (int i = 0; i < count; i++)
        MUST(pthread_cancel(thread[i]) == 0);
    for (int i = 0; i < count; i++) {
        void *ret;

        MUST(pthread_join(thread[i], &ret) == 0);
        MUST(ret == PTHREAD_CANCELED);
    }
}

static void run_and_cancel(void *(*run)(void *), int count)
{
    pthread_t thread[THREADS];

    atomic_store(&arrived, 0);
    for (int i = 0; i < count; i++)
        MUST(pthread_create(&thread[i], NULL, run, NULL) == 0);
    while (atomic_load(&arrived) < count)
        sched_yield();
    cancel_all(thread, count);
    /* Whatever they held is free, and is taken in the same order as ever. */
    nest(&outer, &inner);
}

/* The wait gives the inner lock back; the outer one stays held. */
static void *wait_under(void *unused)
{
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;

    MUST(pthread_mutex_lock(&own) == 0);
    pthread_cleanup_push(release, &own);
    MUST(pthread_mutex_lock(&inner) == 0);
    pthread_cleanup_push(release, &inner);
    atomic_fetch_add(&arrived, 1);
    for (;;)
        pthread_cond_wait(&cond, &inner);
    pthread_cleanup_pop(1);
    pthread_cleanup_pop(1);
    return unused;
}

/* A handler that takes a lock itself before it releases one. */
static void take_and_release(void *mutex)
{
    pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    nest(&fresh, &inner);
    MUST(pthread_mutex_unlock(mutex) == 0);
}

static void *hold(void *unused)
{
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;

    MUST(pthread_mutex_lock(&own) == 0);
    pthread_cleanup_push(take_and_release, &own);
    nest(&outer, &inner);
    atomic_fetch_add(&arrived, 1);
    for (;;)
        pause();
    pthread_cleanup_pop(1);
    return unused;
}

/* Locks of the thread's own, since one may be left in any state. They know their owner, so the handler may try. */
static pthread_mutex_t own_lock[THREADS][DEPTH];

static void release_what_is_held(void *locks)
{
    pthread_mutex_t *lock = locks;

    for (int i = DEPTH; i-- > 0;)
        (void)pthread_mutex_unlock(&lock[i]);
}

static void *loop_anywhere(void *unused)
{
    pthread_mutex_t *lock = own_lock[atomic_fetch_add(&arrived, 1)];
    int last;

    pthread_cleanup_push(release_what_is_held, lock);
    MUST(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &last) == 0);
    for (;;) {
        for (int i = 0; i < DEPTH; i++)
            (void)pthread_mutex_lock(&lock[i]);
        for (int i = DEPTH; i-- > 0;)
            (void)pthread_mutex_unlock(&lock[i]);
    }
    pthread_cleanup_pop(1);
    return unused;
}

static void cancel_anywhere(void)
{
    pthread_mutexattr_t attr;

    MUST(pthread_mutexattr_init(&attr) == 0);
    MUST(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK) == 0);
    for (int round = 0; round < 8; round++) {
        for (int i = 0; i < THREADS; i++)
            for (int j = 0; j < DEPTH; j++)
                MUST(pthread_mutex_init(&own_lock[i][j], &attr) == 0);
        run_and_cancel(loop_anywhere, THREADS / 4);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    if (strncmp(argv[1], "waits", 5) == 0)
        run_and_cancel(wait_under, THREADS);
    else if (strncmp(argv[1], "holders", 7) == 0)
        run_and_cancel(hold, THREADS);
    else
        cancel_anywhere();
    if (strstr(argv[1], "finds") != NULL)
        make_finding();
    puts("done");
    return 0;
}
