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

#include "kernel/check.h"

void init_rwsem_key(struct rw_semaphore *sem, const char *name, const struct lockval_key *key)
{
    monitor_init(&sem->inside);
    atomic_init(&sem->holders, 0);
    atomic_init(&sem->waiting_writers, 0);
    lockval_init_map(&sem->map, name, key);
}

void destroy_rwsem(struct rw_semaphore *sem)
{
    SIM_CHECK(sem->holders == 0 && sem->waiting_writers == 0, "rwsem destroyed while in use");
    monitor_destroy(&sem->inside);
}

bool rwsem_is_written(const struct rw_semaphore *sem)
{
    return atomic_load(&sem->holders) == -1;
}

unsigned rwsem_waiting_writers(const struct rw_semaphore *sem)
{
    return atomic_load(&sem->waiting_writers);
}

void rwsem_enter_read(struct rw_semaphore *sem)
{
    monitor_enter(&sem->inside);
    while (sem->holders < 0 || sem->waiting_writers > 0)
        monitor_wait(&sem->inside);
    sem->holders++;
    monitor_leave(&sem->inside);
}

void rwsem_enter_write(struct rw_semaphore *sem)
{
    monitor_enter(&sem->inside);
    sem->waiting_writers++;
    while (sem->holders != 0)
        monitor_wait(&sem->inside);
    sem->waiting_writers--;
    sem->holders = -1;
    monitor_leave(&sem->inside);
}

void rwsem_leave_read(struct rw_semaphore *sem)
{
    monitor_enter(&sem->inside);
    SIM_CHECK(sem->holders > 0, "up_read of a rwsem that no reader holds");
    if (--sem->holders == 0)
        monitor_notify(&sem->inside);
    monitor_leave(&sem->inside);
}

void rwsem_leave_write(struct rw_semaphore *sem)
{
    monitor_enter(&sem->inside);
    SIM_CHECK(sem->holders == -1, "up_write of a rwsem that no writer holds");
    sem->holders = 0;
    monitor_notify(&sem->inside);
    monitor_leave(&sem->inside);
}

void rwsem_write_to_read(struct rw_semaphore *sem)
{
    monitor_enter(&sem->inside);
    SIM_CHECK(sem->holders == -1, "downgrade_write of a rwsem that no writer holds");
    sem->holders = 1;
    monitor_notify(&sem->inside);
    monitor_leave(&sem->inside);
}
