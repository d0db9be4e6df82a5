/* SPDX-License-Identifier: MIT */
/*
 * spinlock.c: the kernel's spinlock over pthread_spinlock_t. Owns no data.
 *
 * Like the mutex it is seen through the pthread hooks. The holder does not sleep, by the rule of
 * spinlock.h, but the host may take its processor away; then others spin until it is back, so hold
 * times must stay short.
 */
#include "kernel/spinlock.h"

#include <errno.h>

#include "kernel/check.h"

void spin_lock_init_key(spinlock_t *spin, const char *name, const struct lockval_key *key)
{
    int err = pthread_spin_init(&spin->lock, PTHREAD_PROCESS_PRIVATE);

    SIM_CHECK(!err, "%s: pthread_spin_init: error %d", name, err);
    lockval_set_class((void *)&spin->lock, LOCKVAL_SPIN, key, name);
}

void spin_lock_destroy(spinlock_t *spin)
{
    int err = pthread_spin_destroy(&spin->lock);

    SIM_CHECK(!err, "pthread_spin_destroy: error %d", err);
}

void spin_lock(spinlock_t *spin)
{
    int err = pthread_spin_lock(&spin->lock);

    SIM_CHECK(!err, "pthread_spin_lock: error %d", err);
}

bool spin_trylock(spinlock_t *spin)
{
    int err = pthread_spin_trylock(&spin->lock);

    SIM_CHECK(!err || err == EBUSY, "pthread_spin_trylock: error %d", err);
    return !err;
}

void spin_unlock(spinlock_t *spin)
{
    int err = pthread_spin_unlock(&spin->lock);

    SIM_CHECK(!err, "pthread_spin_unlock: error %d", err);
}
