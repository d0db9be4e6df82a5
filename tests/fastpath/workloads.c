/* SPDX-License-Identifier: MIT */
/* The loops, and the locks that they take. */

#include "workloads.h"

#include <lockval.h>
#include <string.h>

#define LOOP(name) static __attribute__((noinline)) void loop_##name(struct locks *l, unsigned long rounds)

LOOP(mutex)
{
    while (rounds-- != 0) {
        pthread_mutex_lock(&l->mutex[0]);
        pthread_mutex_unlock(&l->mutex[0]);
    }
}

static inline __attribute__((always_inline)) void nest(struct locks *l, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        pthread_mutex_lock(&l->mutex[i]);
    for (unsigned i = depth; i-- > 0;)
        pthread_mutex_unlock(&l->mutex[i]);
}

LOOP(nest_4)
{
    while (rounds-- != 0)
        nest(l, 4);
}

LOOP(nest_16)
{
    while (rounds-- != 0)
        nest(l, DEEPEST);
}

LOOP(trylock)
{
    while (rounds-- != 0)
        if (pthread_mutex_trylock(&l->mutex[0]) == 0)
            pthread_mutex_unlock(&l->mutex[0]);
}

LOOP(recursive)
{
    while (rounds-- != 0) {
        pthread_mutex_lock(&l->recursive);
        pthread_mutex_lock(&l->recursive);
        pthread_mutex_unlock(&l->recursive);
        pthread_mutex_unlock(&l->recursive);
    }
}

LOOP(read)
{
    while (rounds-- != 0) {
        pthread_rwlock_rdlock(&l->rwlock);
        pthread_rwlock_unlock(&l->rwlock);
    }
}

LOOP(read_strict)
{
    while (rounds-- != 0) {
        pthread_rwlock_rdlock(&l->strict);
        pthread_rwlock_unlock(&l->strict);
    }
}

LOOP(write)
{
    while (rounds-- != 0) {
        pthread_rwlock_wrlock(&l->rwlock);
        pthread_rwlock_unlock(&l->rwlock);
    }
}

LOOP(spin)
{
    while (rounds-- != 0) {
        pthread_spin_lock(&l->spin);
        pthread_spin_unlock(&l->spin);
    }
}

LOOP(errorcheck)
{
    while (rounds-- != 0) {
        pthread_mutex_lock(&l->errorcheck);
        pthread_mutex_unlock(&l->errorcheck);
    }
}

LOOP(timed)
{
    const struct timespec later = { 4000000000, 0 };

    while (rounds-- != 0)
        if (pthread_mutex_timedlock(&l->mutex[0], &later) == 0)
            pthread_mutex_unlock(&l->mutex[0]);
}

LOOP(semaphore)
{
    while (rounds-- != 0) {
        sem_wait(&l->semaphore);
        sem_post(&l->semaphore);
    }
}

/* A reader again, under another lock in between. */
LOOP(read_again)
{
    while (rounds-- != 0) {
        pthread_rwlock_rdlock(&l->rwlock);
        pthread_rwlock_rdlock(&l->rwlock);
        pthread_rwlock_unlock(&l->rwlock);
        pthread_rwlock_unlock(&l->rwlock);
    }
}

/* Releases that are not the youngest lock first. */
LOOP(crossed)
{
    while (rounds-- != 0) {
        pthread_mutex_lock(&l->mutex[0]);
        pthread_mutex_lock(&l->mutex[1]);
        pthread_mutex_unlock(&l->mutex[0]);
        pthread_mutex_unlock(&l->mutex[1]);
    }
}

LOOP(pairs)
{
    while (rounds-- != 0) {
        pthread_mutex_t *pair = l->pair[rounds % MOST_PAIRS];

        pthread_mutex_lock(&pair[0]);
        pthread_mutex_lock(&pair[1]);
        pthread_mutex_unlock(&pair[1]);
        pthread_mutex_unlock(&pair[0]);
    }
}

static inline unsigned long next_random(unsigned long x)
{
    return x * 6364136223846793005UL + 1442695040888963407UL;
}

static inline __attribute__((always_inline)) void at_random(pthread_mutex_t *mutexes, unsigned long count,
                                                            unsigned long rounds)
{
    unsigned long x = 1;

    while (rounds-- != 0) {
        pthread_mutex_t *mutex = &mutexes[(x >> 33) % count];

        pthread_mutex_lock(mutex);
        pthread_mutex_unlock(mutex);
        x = next_random(x);
    }
}

LOOP(random_64)
{
    at_random(l->some, SOME, rounds);
}

LOOP(random_64k)
{
    at_random(l->many, MANY, rounds);
}

/* One lock under each of many others: two chains for each of them. */
LOOP(chains)
{
    while (rounds-- != 0) {
        pthread_mutex_t *outer = &l->outer[rounds % OUTER];

        pthread_mutex_lock(outer);
        pthread_mutex_lock(&l->mutex[DEEPEST - 1]);
        pthread_mutex_unlock(&l->mutex[DEEPEST - 1]);
        pthread_mutex_unlock(outer);
    }
}

static void enter(struct locks *l)
{
    lockval_enter_context(l->context);
}

static void leave(struct locks *l)
{
    lockval_exit_context(l->context);
}

LOOP(context)
{
    while (rounds-- != 0) {
        pthread_mutex_lock(&l->inside[0]);
        pthread_mutex_lock(&l->inside[1]);
        pthread_mutex_unlock(&l->inside[1]);
        pthread_mutex_unlock(&l->inside[0]);
    }
}

const struct workload workloads[] = {
    { "mutex", 1, loop_mutex, NULL, NULL },
    { "nest-4", 4, loop_nest_4, NULL, NULL },
    { "nest-16", 16, loop_nest_16, NULL, NULL },
    { "trylock", 1, loop_trylock, NULL, NULL },
    { "recursive", 2, loop_recursive, NULL, NULL },
    { "read", 1, loop_read, NULL, NULL },
    { "read-strict", 1, loop_read_strict, NULL, NULL },
    { "write", 1, loop_write, NULL, NULL },
    { "errorcheck", 1, loop_errorcheck, NULL, NULL },
    { "timed", 1, loop_timed, NULL, NULL },
    { "semaphore", 1, loop_semaphore, NULL, NULL },
    { "read-again", 2, loop_read_again, NULL, NULL },
    { "spin", 1, loop_spin, NULL, NULL },
    { "crossed", 2, loop_crossed, NULL, NULL },
    { "pairs", 2, loop_pairs, NULL, NULL },
    { "context", 2, loop_context, enter, leave },
    { "chains-512", 2, loop_chains, NULL, NULL },
    { "random-64", 1, loop_random_64, NULL, NULL },
    { "random-64k", 1, loop_random_64k, NULL, NULL },
};

const size_t workload_count = sizeof(workloads) / sizeof(workloads[0]);

const struct workload *workload_find(const char *name)
{
    for (size_t i = 0; i < workload_count; i++)
        if (strcmp(workloads[i].name, name) == 0)
            return &workloads[i];
    return NULL;
}

static void make_mutexes(pthread_mutex_t *mutexes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pthread_mutex_init(&mutexes[i], NULL);
}

static void make_kinds(struct locks *l)
{
    pthread_mutexattr_t attr;
    pthread_rwlockattr_t rwlock_attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&l->recursive, &attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&l->errorcheck, &attr);
    pthread_mutexattr_destroy(&attr);
    pthread_rwlock_init(&l->rwlock, NULL);
    pthread_rwlockattr_init(&rwlock_attr);
    pthread_rwlockattr_setkind_np(&rwlock_attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&l->strict, &rwlock_attr);
    pthread_rwlockattr_destroy(&rwlock_attr);
    sem_init(&l->semaphore, 0, 1);
    pthread_spin_init(&l->spin, PTHREAD_PROCESS_PRIVATE);
}

void locks_make(struct locks *l)
{
    /* Those that nest are not made by a call: each is a class by its static address. */
    memset(l, 0, sizeof(*l));
    make_kinds(l);
    make_mutexes(l->pair[0], MOST_PAIRS * 2);
    make_mutexes(l->some, SOME);
    make_mutexes(l->many, MANY);
    l->context = lockval_declare_context("interrupt", LOCKVAL_CONTEXT_HARD);
}
