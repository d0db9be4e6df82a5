/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_SPINLOCK_H
#define SIM_KERNEL_SPINLOCK_H

/*
 * spinlock.h: the kernel's spinlock: a pthread spinlock with a class. Held for a few instructions;
 * the holder must not sleep.
 */

#include <pthread.h>
#include <stdbool.h>

#include "kernel/lockdep.h"

typedef struct spinlock {
    pthread_spinlock_t lock;
} spinlock_t;

/* Make @spin ready; its class is named by the text of the argument. */
#define spin_lock_init(spin) LOCKDEP_INIT_HERE(spin_lock_init_key, spin, #spin)

void spin_lock_init_key(spinlock_t *spin, const char *name, const struct lockval_key *key);
void spin_lock_destroy(spinlock_t *spin);

void spin_lock(spinlock_t *spin);
bool spin_trylock(spinlock_t *spin);
void spin_unlock(spinlock_t *spin);

#endif
