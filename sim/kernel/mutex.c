/* SPDX-License-Identifier: MIT */
/*
 * mutex.c: the beginning and the end of a mutex; what lies between is inline. Owns no data.
 */
#include "kernel/mutex.h"

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
