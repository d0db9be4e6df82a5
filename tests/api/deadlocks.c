/* SPDX-License-Identifier: MIT */
/*
 * Deadlocks through locks that a program builds itself. Without the library nothing waits, so that the program ends; with
 * it, option on_deadlock=exit ends it.
 *
 * expect by-spinning [on_deadlock=exit]: circular feasible, deadlock deadlock
 * expect by-condition [on_deadlock=exit]: circular feasible, deadlock deadlock
 * expect of-one [on_deadlock=exit]: recursive deadlock
 * expect with-a-mutex [on_deadlock=exit]: circular feasible, deadlock deadlock
 * expect readers: clean
 * expect given-up: circular guarded
 * expect event [on_deadlock=exit]: deadlock deadlock
 */

#define _GNU_SOURCE
#include "api.h"

#include <pthread.h>
#include <sched.h>

/* A lock that is made of a flag, a mutex and a condition. */
struct lock {
    pthread_mutex_t inside;
    pthread_cond_t changed;
    int taken;
    struct lockval_map map;
};

static struct lockval_key key_a, key_b, key_done;
static struct lock a = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, LOCKVAL_MAP_INIT("a", &key_a) };
static struct lock b = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, LOCKVAL_MAP_INIT("b", &key_b) };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int here;

static int take_now(struct lock *lock)
{
    return __atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) == 0;
}

static void lock_spinning(struct lock *lock)
{
    lockval_acquire_map(&lock->map, LOCKVAL_WRITE, 0, 0, 0);
    if (!take_now(lock)) {
        lockval_contended_map(&lock->map);
        while (!take_now(lock))
            sched_yield();
    }
    lockval_acquired_map(&lock->map);
}

/* Waits in a condition variable, which looks by itself. */
static void lock_sleeping(struct lock *lock)
{
    lockval_acquire_map(&lock->map, LOCKVAL_WRITE, 0, 0, 0);
    pthread_mutex_lock(&lock->inside);
    while (lock->taken)
        pthread_cond_wait(&lock->changed, &lock->inside);
    lock->taken = 1;
    pthread_mutex_unlock(&lock->inside);
    lockval_acquired_map(&lock->map);
}

static void meet(void)
{
    __atomic_fetch_add(&here, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&here, __ATOMIC_SEQ_CST) < 2)
        sched_yield();
}

static void (*lock)(struct lock *);

static void *other_way(void *arg)
{
    lock(&b);
    meet();
    lock(&a);
    return arg;
}

static void both_ways(void (*way)(struct lock *))
{
    pthread_t other;

    if (!api_is_watched())
        return;
    lock = way;
    pthread_create(&other, 0, other_way, 0);
    lock(&a);
    meet();
    lock(&b);
}

static void by_spinning(void)
{
    both_ways(lock_spinning);
}

static void by_condition(void)
{
    lockval_set_notrack(&a.inside, LOCKVAL_MUTEX);
    lockval_set_notrack(&b.inside, LOCKVAL_MUTEX);
    both_ways(lock_sleeping);
}

static void of_one(void)
{
    if (!api_is_watched())
        return;
    lock_spinning(&a);
    lock_spinning(&a);
}

static void *mutex_first(void *arg)
{
    pthread_mutex_lock(&mutex);
    meet();
    lock_spinning(&a);
    return arg;
}

static void with_a_mutex(void)
{
    pthread_t other;

    if (!api_is_watched())
        return;
    pthread_create(&other, 0, mutex_first, 0);
    lock_spinning(&a);
    meet();
    pthread_mutex_lock(&mutex);
}

/* Each waits for a reader, as a reader: it will not wait. */
static void *read_other_way(void *arg)
{
    take_as(&b.map, LOCKVAL_READ_RECURSIVE);
    meet();
    lockval_acquire_map(&a.map, LOCKVAL_READ_RECURSIVE, 0, 0, 0);
    lockval_contended_map(&a.map);
    lockval_acquired_map(&a.map);
    drop(&a.map);
    drop(&b.map);
    return arg;
}

static void readers(void)
{
    pthread_t other;

    pthread_create(&other, 0, read_other_way, 0);
    take_as(&a.map, LOCKVAL_READ_RECURSIVE);
    meet();
    lockval_acquire_map(&b.map, LOCKVAL_READ_RECURSIVE, 0, 0, 0);
    lockval_contended_map(&b.map);
    lockval_acquired_map(&b.map);
    drop(&b.map);
    drop(&a.map);
    pthread_join(other, 0);
}

/* It waits for itself, as far as maps go, but not for long. */
static void given_up(void)
{
    take(&a.map);
    lockval_acquire_map(&b.map, LOCKVAL_WRITE, 0, LOCKVAL_TIMED, 0);
    lockval_contended_map(&b.map);
    lockval_abandon_map(&b.map);
    drop(&a.map);
    nest(&b.map, &a.map);
}

/* Nobody is left who could complete it. */
static void event(void)
{
    static struct lockval_event done = LOCKVAL_EVENT_INIT("done", &key_done);

    if (!api_is_watched())
        return;
    lockval_set_notrack(&mutex, LOCKVAL_MUTEX);
    pthread_mutex_lock(&mutex);
    lockval_begin_wait(&done);
    while (!here)
        pthread_cond_wait(&a.changed, &mutex);
    lockval_end_wait(&done);
    pthread_mutex_unlock(&mutex);
    (void)key_done;
    (void)done;
}

static const struct api_case cases[] = {
    { "by-spinning", by_spinning },
    { "by-condition", by_condition },
    { "of-one", of_one },
    { "with-a-mutex", with_a_mutex },
    { "readers", readers },
    { "given-up", given_up },
    { "event", event },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
