/* SPDX-License-Identifier: MIT */
/*
 * mutex.c: the kernel's mutex over pthread_mutex_t. Owns no data.
 *
 * Nothing is announced to lockval but the class and the subclass: the acquisition itself is seen
 * through the hook of pthread_mutex_lock(), which is how an ordinary program is watched.
 */
#include "kernel/mutex.h"

#include <errno.h>

#include "kernel/check.h"
#include "kernel/percpu.h"

void mutex_init_key(struct mutex *mutex, const char *name, const struct lockval_key *key)
{
    int err = pthread_mutex_init(&mutex->lock, NULL);

    SIM_CHECK(!err, "%s: pthread_mutex_init: error %d", name, err);
    lockval_set_class(&mutex->lock, LOCKVAL_MUTEX, key, name);
}

void mutex_destroy(struct mutex *mutex)
{
    int err = pthread_mutex_destroy(&mutex->lock);

    SIM_CHECK(!err, "pthread_mutex_destroy: error %d", err);
}

void mutex_lock(struct mutex *mutex)
{
    int err;

    might_sleep("mutex_lock");
    err = pthread_mutex_lock(&mutex->lock);
    SIM_CHECK(!err, "pthread_mutex_lock: error %d", err);
}

void mutex_lock_nested(struct mutex *mutex, unsigned subclass)
{
    int err;

    might_sleep("mutex_lock_nested");
    lockval_next_subclass(&mutex->lock, subclass);
    err = pthread_mutex_lock(&mutex->lock);
    SIM_CHECK(!err, "pthread_mutex_lock: error %d", err);
}

bool mutex_trylock(struct mutex *mutex)
{
    int err = pthread_mutex_trylock(&mutex->lock);

    SIM_CHECK(!err || err == EBUSY, "pthread_mutex_trylock: error %d", err);
    return !err;
}

void mutex_unlock(struct mutex *mutex)
{
    int err = pthread_mutex_unlock(&mutex->lock);

    SIM_CHECK(!err, "pthread_mutex_unlock: error %d", err);
}

void mutex_assert_held(const struct mutex *mutex)
{
    lockval_assert_held(&mutex->lock, LOCKVAL_ANY);
}
