/* SPDX-License-Identifier: MIT */
/* Joins that wait for joins, and the lives of threads: their ends, and who comes after them. */
#include "join_order.h"

/* A thread that is joined by one that is joined under the lock. Which of the two joins closes the circle is open. */
/* case: nested */
/* status: 66 */
/* findings: 1 */
/* expect: ^  (join of joins --> join of take --> lock|join of take --> lock --> join of joins|lock --> join of joins --> join of take) --> (join of joins|join of take|lock)$ */
static void *joins(void *mutex)
{
    run_thread(take, mutex);
    return NULL;
}

static void nested(void)
{
    pthread_t thread = run(joins, &lock);

    join_under(&lock, thread);
}

/* The same when both joins wait already. */
/* case: nested-later */
/* plain: no */
/* options: halt_on_error=1 */
/* status: 66 */
/* findings: 1 */
static pid_t joining; /* atomic */
static pthread_t joiner_itself;

static void *take_last(void *mutex)
{
    pid_t tid;

    while ((tid = __atomic_load_n(&joining, __ATOMIC_ACQUIRE)) == 0 || !sleeps_in_join(tid, pthread_self()) ||
           !sleeps_in_join(main_thread, joiner_itself))
        sched_yield();
    return take(mutex);
}

static void *joins_last(void *mutex)
{
    joiner_itself = pthread_self();
    __atomic_store_n(&joining, gettid(), __ATOMIC_RELEASE);
    run_thread(take_last, mutex);
    return NULL;
}

static void nested_later(void)
{
    pthread_t thread;

    MUST(pthread_mutex_lock(&lock) == 0);
    MUST(pthread_create(&thread, NULL, joins_last, &lock) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

/* case: nested-clean */
static void *make_others(void *level)
{
    intptr_t left = (intptr_t)level;

    nest(&other, &third);
    if (left > 0) {
        run_thread(make_others, (void *)(left - 1));
        run_thread(make_others, (void *)(left - 1));
    }
    return NULL;
}

static void nested_clean(void)
{
    MUST(pthread_mutex_lock(&lock) == 0);
    run_thread(make_others, (void *)4);
    MUST(pthread_mutex_unlock(&lock) == 0);
    nest(&lock, &other);
}

/* The next thread has the handle of the last, and nothing of its life. */
/* case: next */
static void *nothing(void *unused)
{
    return unused;
}

static void next(void)
{
    for (int i = 0; i < 100; i++) {
        run_thread(take, &lock);
        MUST(pthread_mutex_lock(&lock) == 0);
        run_thread(nothing, NULL);
        MUST(pthread_mutex_unlock(&lock) == 0);
    }
}

/* Detached in three ways; the next threads have their handles. */
/* case: detached */
static void detached(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    thrd_t thread_c11;

    MUST(pthread_attr_init(&attr) == 0 && pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0);
    for (int i = 0; i < 100; i++) {
        done = 0;
        MUST(pthread_create(&thread, &attr, take, &lock) == 0);
        wait_until_done();
        MUST(pthread_detach(run(take, &lock)) == 0);
        done = 0;
        MUST(thrd_create(&thread_c11, take_c11, &lock) == thrd_success && thrd_detach(thread_c11) == thrd_success);
        wait_until_done();
        MUST(pthread_mutex_lock(&lock) == 0);
        run_thread(nothing, NULL);
        MUST(pthread_mutex_unlock(&lock) == 0);
    }
}

/* A join that is cancelled, and then done by another. */
/* case: cancelled */
/* status: 66 */
/* findings: 1 */
/* expect: while holding \(other\) */
static pthread_t to_join;
static int told; /* atomic */

static void unlock_third(void *unused)
{
    (void)unused;
    MUST(pthread_mutex_unlock(&third) == 0);
}

static void *join_it(void *unused)
{
    MUST(pthread_mutex_lock(&third) == 0);
    pthread_cleanup_push(unlock_third, NULL);
    __atomic_store_n(&joining, gettid(), __ATOMIC_RELEASE);
    MUST(pthread_join(to_join, NULL) == 0);
    pthread_cleanup_pop(1);
    return unused;
}

static void *take_when_told(void *unused)
{
    while (!__atomic_load_n(&told, __ATOMIC_ACQUIRE))
        sched_yield();
    nest(&third, &other);
    say_done();
    return unused;
}

static void cancelled(void)
{
    pthread_t joiner;
    void *result;
    pid_t tid;

    MUST(pthread_create(&to_join, NULL, take_when_told, NULL) == 0);
    MUST(pthread_create(&joiner, NULL, join_it, NULL) == 0);
    while ((tid = __atomic_load_n(&joining, __ATOMIC_ACQUIRE)) == 0 || !sleeps_in_join(tid, to_join))
        sched_yield();
    MUST(pthread_cancel(joiner) == 0);
    MUST(pthread_join(joiner, &result) == 0 && result == PTHREAD_CANCELED);
    __atomic_store_n(&told, 1, __ATOMIC_RELEASE);
    wait_until_done();
    join_under(&other, to_join);
}

/* The thread's last word under the lock, for which the joiner waits with it: it will not be late. */
/* case: waited-for */
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int finished;

static void *finish(void *unused)
{
    MUST(pthread_mutex_lock(&lock) == 0);
    finished = 1;
    MUST(pthread_cond_signal(&cond) == 0);
    MUST(pthread_mutex_unlock(&lock) == 0);
    return unused;
}

static void waited_for(void)
{
    pthread_t thread;

    MUST(pthread_mutex_lock(&lock) == 0);
    MUST(pthread_create(&thread, NULL, finish, NULL) == 0);
    while (!finished)
        MUST(pthread_cond_wait(&cond, &lock) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(pthread_mutex_unlock(&lock) == 0);
}

/* The same when it was written down before the joiner came to wait for it. */
/* case: told */
static void told_before(void)
{
    pthread_t thread;
    int there = 0;

    MUST(pthread_create(&thread, NULL, finish, NULL) == 0);
    while (!there) {
        MUST(pthread_mutex_lock(&lock) == 0);
        there = finished;
        MUST(pthread_mutex_unlock(&lock) == 0);
    }
    join_under(&lock, thread);
}

/* The thread waits with the lock for what the joiner should say, and cannot get it back: a deadlock. */
/* case: waits-with-it */
/* plain: no */
/* options: halt_on_error=1 */
/* status: 66 */
/* findings: 1 */
static int stop, waiting_thread;

static void *wait_for_stop(void *unused)
{
    MUST(pthread_mutex_lock(&lock) == 0);
    waiting_thread = 1;
    MUST(pthread_cond_broadcast(&cond) == 0);
    while (!stop)
        MUST(pthread_cond_wait(&cond, &lock) == 0);
    MUST(pthread_mutex_unlock(&lock) == 0);
    return unused;
}

static void waits_with_it(void)
{
    pthread_t thread;
    int there = 0;

    MUST(pthread_create(&thread, NULL, wait_for_stop, NULL) == 0);
    while (!there) {
        MUST(pthread_mutex_lock(&lock) == 0);
        there = waiting_thread;
        MUST(pthread_mutex_unlock(&lock) == 0);
    }
    MUST(pthread_mutex_lock(&lock) == 0);
    stop = 1;
    MUST(pthread_cond_broadcast(&cond) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

/* A child of fork has no other threads, and joins those that it makes. */
/* case: forked */
/* expect: ^WARNING: possible circular */
/* findings: 1 */
static void forked(void)
{
    pthread_t thread = run(take, &lock);
    pid_t child = fork();

    MUST(child >= 0);
    if (child == 0) {
        join_under(&lock, run(take, &lock));
        _exit(0);
    }
    MUST(waitpid(child, NULL, 0) == child);
    MUST(pthread_join(thread, NULL) == 0);
}

static const struct join_case cases[] = {
    { "nested", nested },
    { "nested-later", nested_later },
    { "nested-clean", nested_clean },
    { "next", next },
    { "detached", detached },
    { "cancelled", cancelled },
    { "waited-for", waited_for },
    { "told", told_before },
    { "waits-with-it", waits_with_it },
    { "forked", forked },
};

int main(int argc, char **argv)
{
    (void)argc;
    return run_cases(cases, sizeof(cases) / sizeof(cases[0]), argv);
}
