/* SPDX-License-Identifier: MIT */
/*
 * spinlock.c: the beginning and the end of a spinlock; what lies between is inline. Owns no data.
 */
#include "kernel/spinlock.h"

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
