/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_PERCPU_RWSEM_H
#define SIM_KERNEL_PERCPU_RWSEM_H

/*
 * percpu_rwsem.h: a reader-writer lock whose readers touch only a counter of their own CPU while no
 * writer is about. Made for locks that nearly everybody reads and hardly anybody writes:
 * cpu_hotplug_lock, a superblock's write count. Readers are not recursive: they wait behind a
 * writer that waits.
 */

#include <stdatomic.h>

#include "kernel/lockdep.h"
#include "kernel/monitor.h"

struct percpu_rwsem_slot;

struct percpu_rw_semaphore {
    struct lockval_map map;
    struct percpu_rwsem_slot *slots; /* one a CPU, constant after init; the counts inside are atomic */
    atomic_bool writer;              /* written inside, read anywhere: a writer waits or holds; readers stay out */
    struct monitor inside;
};

/* Make @sem ready; its class is named by the text of the argument. percpu_init() (percpu.h) must
 * have been called. */
#define percpu_init_rwsem(sem) LOCKDEP_INIT_HERE(percpu_init_rwsem_key, sem, #sem)

void percpu_init_rwsem_key(struct percpu_rw_semaphore *sem, const char *name, const struct lockval_key *key);
void percpu_free_rwsem(struct percpu_rw_semaphore *sem);

/* May sleep. The reader may release on another CPU than the one it took the lock on. */
void percpu_down_read(struct percpu_rw_semaphore *sem);
void percpu_up_read(struct percpu_rw_semaphore *sem);

void percpu_down_write(struct percpu_rw_semaphore *sem);
void percpu_up_write(struct percpu_rw_semaphore *sem);

/* A finding of lockval, and nothing without it, unless the caller holds @sem as reader or
 * writer. */
void percpu_rwsem_assert_held(const struct percpu_rw_semaphore *sem);

#endif
