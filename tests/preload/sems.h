/* SPDX-License-Identifier: MIT */
#ifndef SEMS_H
#define SEMS_H

/* What the programs about semaphores share: a semaphore, a mutex, and the two orders of them. */

#include "program.h"

#include <semaphore.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static sem_t s;

static inline void begin(unsigned value)
{
    MUST(sem_init(&s, 0, value) == 0);
}

static inline void down(sem_t *sem)
{
    MUST(sem_wait(sem) == 0);
}

static inline void up(sem_t *sem)
{
    MUST(sem_post(sem) == 0);
}

static inline void lock(pthread_mutex_t *mutex)
{
    MUST(pthread_mutex_lock(mutex) == 0);
}

static inline void unlock(pthread_mutex_t *mutex)
{
    MUST(pthread_mutex_unlock(mutex) == 0);
}

static inline void sem_then_mutex(sem_t *sem)
{
    down(sem);
    lock(&m);
    unlock(&m);
    up(sem);
}

static inline void mutex_then_sem(sem_t *sem)
{
    lock(&m);
    down(sem);
    up(sem);
    unlock(&m);
}

/* A circle, if @sem counts as a lock. */
static inline void both_orders(sem_t *sem)
{
    sem_then_mutex(sem);
    mutex_then_sem(sem);
}

static inline void *post_it(void *sem)
{
    up(sem);
    return NULL;
}

/* Run the case of the first argument. */
struct sem_case {
    const char *name;
    void (*run)(void);
};

static inline int run_case(int argc, char **argv, const struct sem_case *cases, size_t count)
{
    size_t i = 0;

    MUST(argc == 2);
    while (i < count && !is_case(argv, cases[i].name))
        i++;
    MUST(i < count);
    cases[i].run();
    puts("done");
    return 0;
}

#endif
