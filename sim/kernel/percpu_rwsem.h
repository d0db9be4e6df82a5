/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_PERCPU_RWSEM_H
#define SIM_KERNEL_PERCPU_RWSEM_H

/*
 * percpu_rwsem.h: a reader-writer lock whose readers touch only a counter of their own CPU while no
 * writer is about. Made for locks that nearly everybody reads and hardly anybody writes:
 * cpu_hotplug_lock, a superblock's write count. Readers are not recursive: they wait behind a
 * writer that waits.
 *
 * Inline: what lockval is told (lockdep.h). The lock itself is the percpu_rwsem_*() functions.
 */

#include <stdatomic.h>

#include "kernel/lockdep.h"
#include "kernel/monitor.h"
#include "kernel/percpu.h"

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

/*
 * For scenarios, which learn by them that a thread has come as far as it should. Returns: whether a writer waits or holds; how
 * many readers are inside, which may be off by some while one comes or goes.
 */
bool percpu_rwsem_has_writer(const struct percpu_rw_semaphore *sem);
int percpu_rwsem_readers(const struct percpu_rw_semaphore *sem);

/* The lock without lockval: for the functions below alone. */
void percpu_rwsem_enter_read(struct percpu_rw_semaphore *sem);
void percpu_rwsem_enter_write(struct percpu_rw_semaphore *sem);
void percpu_rwsem_leave_read(struct percpu_rw_semaphore *sem);
void percpu_rwsem_leave_write(struct percpu_rw_semaphore *sem);

/* May sleep. The reader may release on another CPU than the one it took the lock on. */
SIM_INLINE void percpu_down_read(struct percpu_rw_semaphore *sem)
{
    might_sleep("percpu_down_read");
    lockval_acquire_map(&sem->map, LOCKVAL_READ, 0, 0, NULL);
    percpu_rwsem_enter_read(sem);
    lockval_acquired_map(&sem->map);
}

SIM_INLINE void percpu_up_read(struct percpu_rw_semaphore *sem)
{
    lockval_release_map(&sem->map);
    percpu_rwsem_leave_read(sem);
}

/* May sleep. */
SIM_INLINE void percpu_down_write(struct percpu_rw_semaphore *sem)
{
    might_sleep("percpu_down_write");
    lockval_acquire_map(&sem->map, LOCKVAL_WRITE, 0, 0, NULL);
    percpu_rwsem_enter_write(sem);
    lockval_acquired_map(&sem->map);
}

SIM_INLINE void percpu_up_write(struct percpu_rw_semaphore *sem)
{
    lockval_release_map(&sem->map);
    percpu_rwsem_leave_write(sem);
}

/* A finding of lockval, and nothing without it, unless the caller holds @sem as reader or
 * writer. */
SIM_INLINE void percpu_rwsem_assert_held(const struct percpu_rw_semaphore *sem)
{
    lockval_assert_held(&sem->map, LOCKVAL_ANY);
}

#endif
