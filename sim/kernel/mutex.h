/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_MUTEX_H
#define SIM_KERNEL_MUTEX_H

/*
 * mutex.h: the kernel's sleeping mutex: a pthread mutex with a class.
 *
 * Nothing is announced to lockval but the class and the subclass: the acquisition itself is seen
 * through the hook of pthread_mutex_lock(), which is how an ordinary program is watched. So the
 * pthread calls stand inline (lockdep.h).
 */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "kernel/check.h"
#include "kernel/lockdep.h"
#include "kernel/percpu.h"

struct mutex {
    pthread_mutex_t lock;
};

/* Make @mutex ready; its class is named by the text of the argument. */
#define mutex_init(mutex) LOCKDEP_INIT_HERE(mutex_init_key, mutex, #mutex)

/* The same with a class of the caller's choice. @name and @key must outlive the mutex. */
void mutex_init_key(struct mutex *mutex, const char *name, const struct lockval_key *key);

/* Nobody may hold or want @mutex. */
void mutex_destroy(struct mutex *mutex);

/* May sleep; not with preemption off (percpu.h). */
SIM_INLINE void mutex_lock(struct mutex *mutex)
{
    int err;

    might_sleep("mutex_lock");
    err = pthread_mutex_lock(&mutex->lock);
    SIM_CHECK(!err, "pthread_mutex_lock: error %d", err);
}

/* The same as level @subclass (0 to 7) of the class: needed where two mutexes of one class are held
 * at once. */
SIM_INLINE void mutex_lock_nested(struct mutex *mutex, unsigned subclass)
{
    int err;

    might_sleep("mutex_lock_nested");
    lockval_next_subclass(&mutex->lock, subclass);
    err = pthread_mutex_lock(&mutex->lock);
    SIM_CHECK(!err, "pthread_mutex_lock: error %d", err);
}

/* Returns: true when the mutex was taken. Never sleeps. */
SIM_INLINE bool mutex_trylock(struct mutex *mutex)
{
    int err = pthread_mutex_trylock(&mutex->lock);

    SIM_CHECK(!err || err == EBUSY, "pthread_mutex_trylock: error %d", err);
    return !err;
}

SIM_INLINE void mutex_unlock(struct mutex *mutex)
{
    int err = pthread_mutex_unlock(&mutex->lock);

    SIM_CHECK(!err, "pthread_mutex_unlock: error %d", err);
}

/* A finding of lockval, and nothing without it, unless the caller holds @mutex. */
SIM_INLINE void mutex_assert_held(const struct mutex *mutex)
{
    lockval_assert_held(&mutex->lock, LOCKVAL_ANY);
}

#endif
