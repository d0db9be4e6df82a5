/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_MUTEX_H
#define SIM_KERNEL_MUTEX_H

/*
 * mutex.h: the kernel's sleeping mutex: a pthread mutex with a class. lockval sees it through its
 * pthread hooks.
 */

#include <pthread.h>
#include <stdbool.h>

#include "kernel/lockdep.h"

struct mutex {
    pthread_mutex_t lock;
};

/* Make @mutex ready; its class is named by the text of the argument. */
#define mutex_init(mutex) LOCKDEP_INIT_HERE(mutex_init_key, mutex, #mutex)

/* The same with a class of the caller's choice. @name and @key must outlive the mutex. */
void mutex_init_key(struct mutex *mutex, const char *name, const struct lockval_key *key);

/* Nobody may hold or want @mutex. */
void mutex_destroy(struct mutex *mutex);

/* May sleep; not with preemption off (percpu.h). */
void mutex_lock(struct mutex *mutex);

/* The same as level @subclass (0 to 7) of the class: needed where two mutexes of one class are held
 * at once. */
void mutex_lock_nested(struct mutex *mutex, unsigned subclass);

/* Returns: true when the mutex was taken. Never sleeps. */
bool mutex_trylock(struct mutex *mutex);

void mutex_unlock(struct mutex *mutex);

/* A finding of lockval, and nothing without it, unless the caller holds @mutex. */
void mutex_assert_held(const struct mutex *mutex);

#endif
