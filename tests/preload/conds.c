/* SPDX-License-Identifier: MIT */
/* Waits on condition variables: the mutex is let go and taken again. */
#include "program.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int waiting, ready;

static void *wake(void *unused)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    ready = 1;
    MUST(pthread_cond_broadcast(&cond) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    return unused;
}

static void wait_until_ready(void)
{
    while (!ready)
        MUST(pthread_cond_wait(&cond, &mutex) == 0);
}

/* Under another lock, in the order that is always kept: clean. */
/* case: clean */
static void clean(void)
{
    pthread_t thread;

    nest(&outer, &mutex);
    MUST(pthread_mutex_lock(&outer) == 0);
    MUST(pthread_mutex_lock(&mutex) == 0);
    MUST(pthread_create(&thread, NULL, wake, NULL) == 0);
    wait_until_ready();
    MUST(pthread_mutex_unlock(&mutex) == 0);
    MUST(pthread_mutex_unlock(&outer) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    nest(&outer, &mutex);
}

/* A lock taken after the mutex is held through the wait, and the mutex is taken again under it. */
/* case: held-through */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^-> #0 \(mutex\) */
static void held_through(void)
{
    pthread_t thread;

    MUST(pthread_mutex_lock(&mutex) == 0);
    MUST(pthread_mutex_lock(&inner) == 0);
    MUST(pthread_create(&thread, NULL, wake, NULL) == 0);
    wait_until_ready();
    MUST(pthread_mutex_unlock(&inner) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

/* The wait for the signal ends by itself; the mutex is waited for without limit after it. */
/* case: timed */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
/* case: clocked */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
static void timed(int clocked)
{
    struct timespec past = long_ago();

    MUST(pthread_mutex_lock(&mutex) == 0);
    MUST(pthread_mutex_lock(&inner) == 0);
    if (clocked)
        MUST(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &past) == ETIMEDOUT);
    else
        MUST(pthread_cond_timedwait(&cond, &mutex, &past) == ETIMEDOUT);
    MUST(pthread_mutex_unlock(&inner) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
}

/* What is taken after the wait is taken under both, in the order in which they are held now. */
/* case: held-after */
/* status: 66 */
/* findings: 2 */
/* expect: ^  inner --> mutex --> outer --> inner$ */
static void held_after(void)
{
    struct timespec past = long_ago();

    MUST(pthread_mutex_lock(&mutex) == 0);
    MUST(pthread_mutex_lock(&inner) == 0);
    MUST(pthread_cond_timedwait(&cond, &mutex, &past) == ETIMEDOUT);
    MUST(pthread_mutex_lock(&outer) == 0);
    MUST(pthread_mutex_unlock(&outer) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    MUST(pthread_mutex_unlock(&inner) == 0);
    nest(&outer, &inner);
}

/* Nothing else held, many rounds, two condition variables and one mutex. */
/* case: plain */
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static int asked;

static void *answer(void *unused)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    for (int i = 0; i < 100; i++) {
        while (!asked)
            MUST(pthread_cond_wait(&cond, &mutex) == 0);
        asked = 0;
        MUST(pthread_cond_signal(&answered) == 0);
        nest(&outer, &inner);
    }
    MUST(pthread_mutex_unlock(&mutex) == 0);
    return unused;
}

static void plain(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, answer, NULL) == 0);
    MUST(pthread_mutex_lock(&mutex) == 0);
    for (int i = 0; i < 100; i++) {
        asked = 1;
        MUST(pthread_cond_signal(&cond) == 0);
        while (asked)
            MUST(pthread_cond_wait(&answered, &mutex) == 0);
        nest(&outer, &inner);
    }
    MUST(pthread_mutex_unlock(&mutex) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

static void unlock(void *unused)
{
    (void)unused;
    MUST(pthread_mutex_lock(&outer) == 0);
    MUST(pthread_mutex_unlock(&outer) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    nest(&outer, &inner);
}

/* Hooks see a thread's end after this. */
static void *wait_for_ever(void *unused)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    pthread_cleanup_push(unlock, NULL);
    waiting = 1;
    for (;;)
        MUST(pthread_cond_wait(&cond, &mutex) == 0);
    pthread_cleanup_pop(0);
    return unused;
}

/* A cancelled wait has taken the mutex again before the cleanup handlers run. */
/* case: cancelled */

/* What a cleanup handler takes is taken under it. */
/* case: cancelled-order */
/* options: fail_on=guarded */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
static void cancelled(int other_order)
{
    pthread_t thread;
    void *result;
    int there = 0;

    MUST(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
    while (!there) {
        /* Got, with waiting set, only while the other waits. */
        MUST(pthread_mutex_lock(&mutex) == 0);
        there = waiting;
        MUST(pthread_mutex_unlock(&mutex) == 0);
    }
    MUST(pthread_cancel(thread) == 0);
    MUST(pthread_join(thread, &result) == 0);
    MUST(result == PTHREAD_CANCELED);
    if (other_order)
        nest(&outer, &mutex);
    else
        nest(&mutex, &outer);
}

/* A recursive mutex that is held twice stays with its thread: the wait times out, and it is held twice. */
/* case: recursive */
static void recursive(void)
{
    pthread_mutex_t twice = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    struct timespec past = long_ago();

    MUST(pthread_mutex_lock(&twice) == 0);
    MUST(pthread_mutex_lock(&twice) == 0);
    MUST(pthread_cond_timedwait(&cond, &twice, &past) == ETIMEDOUT);
    MUST(pthread_mutex_unlock(&twice) == 0);
    MUST(pthread_mutex_unlock(&twice) == 0);
    MUST(pthread_mutex_destroy(&twice) == 0);
}

/* The holder of a robust mutex dies while another waits with it: the wait ends with EOWNERDEAD, and the mutex is held. */
static pthread_mutex_t robust;

static void *die_holding(void *unused)
{
    MUST(pthread_mutex_lock(&robust) == 0);
    MUST(pthread_cond_signal(&cond) == 0);
    return unused;
}

/* case: robust */
static void robust_wait(void)
{
    pthread_mutexattr_t attr;
    pthread_t thread;

    MUST(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
    MUST(pthread_mutex_init(&robust, &attr) == 0);
    MUST(pthread_mutex_lock(&robust) == 0);
    MUST(pthread_create(&thread, NULL, die_holding, NULL) == 0);
    MUST(pthread_cond_wait(&cond, &robust) == EOWNERDEAD);
    MUST(pthread_mutex_consistent(&robust) == 0);
    MUST(pthread_mutex_unlock(&robust) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(pthread_mutex_destroy(&robust) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "clean"))
        clean();
    else if (is_case(argv, "held-through"))
        held_through();
    else if (is_case(argv, "timed"))
        timed(0);
    else if (is_case(argv, "clocked"))
        timed(1);
    else if (is_case(argv, "held-after"))
        held_after();
    else if (is_case(argv, "plain"))
        plain();
    else if (is_case(argv, "cancelled"))
        cancelled(0);
    else if (is_case(argv, "cancelled-order"))
        cancelled(1);
    else if (is_case(argv, "recursive"))
        recursive();
    else
        robust_wait();
    puts("done");
    return 0;
}
