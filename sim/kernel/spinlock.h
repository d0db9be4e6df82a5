/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_SPINLOCK_H
#define SIM_KERNEL_SPINLOCK_H

/*
 * spinlock.h: the kernel's spinlock: a pthread spinlock with a class. Held for a few instructions;
 * the holder must not sleep. The host may still take the holder's processor away; then others spin
 * until it is back, so hold times must stay short.
 *
 * Like the mutex it is seen through the pthread hooks, so those calls stand inline (lockdep.h).
 */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "kernel/check.h"
#include "kernel/lockdep.h"

typedef struct spinlock {
    pthread_spinlock_t lock;
} spinlock_t;

/* Make @spin ready; its class is named by the text of the argument. */
#define spin_lock_init(spin) LOCKDEP_INIT_HERE(spin_lock_init_key, spin, #spin)

void spin_lock_init_key(spinlock_t *spin, const char *name, const struct lockval_key *key);
void spin_lock_destroy(spinlock_t *spin);

SIM_INLINE void spin_lock(spinlock_t *spin)
{
    int err = pthread_spin_lock(&spin->lock);

    SIM_CHECK(!err, "pthread_spin_lock: error %d", err);
}

/* Returns: true when the lock was taken. */
SIM_INLINE bool spin_trylock(spinlock_t *spin)
{
    int err = pthread_spin_trylock(&spin->lock);

    SIM_CHECK(!err || err == EBUSY, "pthread_spin_trylock: error %d", err);
    return !err;
}

SIM_INLINE void spin_unlock(spinlock_t *spin)
{
    int err = pthread_spin_unlock(&spin->lock);

    SIM_CHECK(!err, "pthread_spin_unlock: error %d", err);
}

#endif
