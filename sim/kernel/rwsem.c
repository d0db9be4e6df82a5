/* SPDX-License-Identifier: MIT */
/*
 * rwsem.c: reader-writer semaphore with downgrade. Owns no data beyond its semaphores; each one's
 * monitor protects it.
 *
 * It is not a pthread_rwlock_t because that one cannot be downgraded. Writers go first: a waiting
 * writer keeps new readers out, which is what makes the readers non-recursive, for the validator as
 * for the program.
 */
#include "kernel/rwsem.h"

#include <stdbool.h>

#include "kernel/check.h"
#include "kernel/percpu.h"

void init_rwsem_key(struct rw_semaphore *sem, const char *name, const struct lockval_key *key)
{
    monitor_init(&sem->inside);
    sem->holders = 0;
    sem->waiting_writers = 0;
    lockval_init_map(&sem->map, name, key);
}

void destroy_rwsem(struct rw_semaphore *sem)
{
    SIM_CHECK(sem->holders == 0 && sem->waiting_writers == 0, "rwsem destroyed while in use");
    monitor_destroy(&sem->inside);
}

void down_read_nested(struct rw_semaphore *sem, unsigned subclass)
{
    might_sleep("down_read");
    lockval_acquire_map(&sem->map, LOCKVAL_READ, subclass, 0, NULL);
    monitor_enter(&sem->inside);
    while (sem->holders < 0 || sem->waiting_writers > 0)
        monitor_wait(&sem->inside);
    sem->holders++;
    monitor_leave(&sem->inside);
    lockval_acquired_map(&sem->map);
}

void down_read(struct rw_semaphore *sem)
{
    down_read_nested(sem, 0);
}

void down_write_nested(struct rw_semaphore *sem, unsigned subclass)
{
    might_sleep("down_write");
    lockval_acquire_map(&sem->map, LOCKVAL_WRITE, subclass, 0, NULL);
    monitor_enter(&sem->inside);
    sem->waiting_writers++;
    while (sem->holders != 0)
        monitor_wait(&sem->inside);
    sem->waiting_writers--;
    sem->holders = -1;
    monitor_leave(&sem->inside);
    lockval_acquired_map(&sem->map);
}

void down_write(struct rw_semaphore *sem)
{
    down_write_nested(sem, 0);
}

void up_read(struct rw_semaphore *sem)
{
    lockval_release_map(&sem->map);
    monitor_enter(&sem->inside);
    SIM_CHECK(sem->holders > 0, "up_read of a rwsem that no reader holds");
    if (--sem->holders == 0)
        monitor_notify(&sem->inside);
    monitor_leave(&sem->inside);
}

void up_write(struct rw_semaphore *sem)
{
    lockval_release_map(&sem->map);
    monitor_enter(&sem->inside);
    SIM_CHECK(sem->holders == -1, "up_write of a rwsem that no writer holds");
    sem->holders = 0;
    monitor_notify(&sem->inside);
    monitor_leave(&sem->inside);
}

void downgrade_write(struct rw_semaphore *sem)
{
    lockval_downgrade_map(&sem->map);
    monitor_enter(&sem->inside);
    SIM_CHECK(sem->holders == -1, "downgrade_write of a rwsem that no writer holds");
    sem->holders = 1;
    monitor_notify(&sem->inside);
    monitor_leave(&sem->inside);
}
