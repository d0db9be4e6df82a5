/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_RWSEM_H
#define SIM_KERNEL_RWSEM_H

/*
 * rwsem.h: the kernel's sleeping reader-writer lock. A reader waits behind a writer that waits, so
 * readers are not recursive (LOCKVAL_READ). A writer can become a reader without letting another
 * writer in between.
 */

#include "kernel/lockdep.h"
#include "kernel/monitor.h"

struct rw_semaphore {
    struct lockval_map map;
    struct monitor inside;
    int holders;              /* inside: number of readers, or -1 for a writer */
    unsigned waiting_writers; /* inside: new readers wait while this is not 0 */
};

/* Make @sem ready; its class is named by the text of the argument. */
#define init_rwsem(sem) LOCKDEP_INIT_HERE(init_rwsem_key, sem, #sem)

void init_rwsem_key(struct rw_semaphore *sem, const char *name, const struct lockval_key *key);
void destroy_rwsem(struct rw_semaphore *sem);

/* All four may sleep. The nested ones name the level of the class, as mutex_lock_nested() does. */
void down_read(struct rw_semaphore *sem);
void down_read_nested(struct rw_semaphore *sem, unsigned subclass);
void down_write(struct rw_semaphore *sem);
void down_write_nested(struct rw_semaphore *sem, unsigned subclass);

void up_read(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);

/* The caller, a writer, is a reader from now on; up_read() ends it. Other readers are let in,
 * unless a writer waits. */
void downgrade_write(struct rw_semaphore *sem);

#endif
