/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_RWSEM_H
#define SIM_KERNEL_RWSEM_H

/*
 * rwsem.h: the kernel's sleeping reader-writer lock. A reader waits behind a writer that waits, so
 * readers are not recursive (LOCKVAL_READ). A writer can become a reader without letting another
 * writer in between.
 *
 * Inline: what lockval is told (lockdep.h). The lock itself is the rwsem_*() functions.
 */

#include <stdatomic.h>

#include "kernel/lockdep.h"
#include "kernel/monitor.h"
#include "kernel/percpu.h"

struct rw_semaphore {
    struct lockval_map map;
    struct monitor inside;
    /* Both: written inside, read anywhere. */
    atomic_int holders;          /* number of readers, or -1 for a writer */
    atomic_uint waiting_writers; /* new readers wait while this is not 0 */
};

/* Make @sem ready; its class is named by the text of the argument. */
#define init_rwsem(sem) LOCKDEP_INIT_HERE(init_rwsem_key, sem, #sem)

void init_rwsem_key(struct rw_semaphore *sem, const char *name, const struct lockval_key *key);
void destroy_rwsem(struct rw_semaphore *sem);

/*
 * For scenarios, which learn by them that a thread has come as far as it should. Returns: whether a writer holds @sem; how many
 * writers wait for it.
 */
bool rwsem_is_written(const struct rw_semaphore *sem);
unsigned rwsem_waiting_writers(const struct rw_semaphore *sem);

/* The lock without lockval: for the functions below alone. */
void rwsem_enter_read(struct rw_semaphore *sem);
void rwsem_enter_write(struct rw_semaphore *sem);
void rwsem_leave_read(struct rw_semaphore *sem);
void rwsem_leave_write(struct rw_semaphore *sem);
void rwsem_write_to_read(struct rw_semaphore *sem);

/* All four may sleep. The nested ones name the level of the class, as mutex_lock_nested() does. */
SIM_INLINE void down_read_nested(struct rw_semaphore *sem, unsigned subclass)
{
    might_sleep("down_read");
    lockval_acquire_map(&sem->map, LOCKVAL_READ, subclass, 0, NULL);
    rwsem_enter_read(sem);
    lockval_acquired_map(&sem->map);
}

SIM_INLINE void down_read(struct rw_semaphore *sem)
{
    down_read_nested(sem, 0);
}

SIM_INLINE void down_write_nested(struct rw_semaphore *sem, unsigned subclass)
{
    might_sleep("down_write");
    lockval_acquire_map(&sem->map, LOCKVAL_WRITE, subclass, 0, NULL);
    rwsem_enter_write(sem);
    lockval_acquired_map(&sem->map);
}

SIM_INLINE void down_write(struct rw_semaphore *sem)
{
    down_write_nested(sem, 0);
}

SIM_INLINE void up_read(struct rw_semaphore *sem)
{
    lockval_release_map(&sem->map);
    rwsem_leave_read(sem);
}

SIM_INLINE void up_write(struct rw_semaphore *sem)
{
    lockval_release_map(&sem->map);
    rwsem_leave_write(sem);
}

/* The caller, a writer, is a reader from now on; up_read() ends it. Other readers are let in,
 * unless a writer waits. */
SIM_INLINE void downgrade_write(struct rw_semaphore *sem)
{
    lockval_downgrade_map(&sem->map);
    rwsem_write_to_read(sem);
}

#endif
