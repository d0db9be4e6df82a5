/* SPDX-License-Identifier: MIT */
/*
 * percpu_rwsem.c: reader-writer semaphore with a reader counter a CPU. Owns no data beyond its
 * semaphores.
 *
 * A reader adds itself to the counter of its CPU and then looks whether a writer has announced
 * itself; a writer announces itself and then adds the counters up. Both steps are sequentially
 * consistent, so at least one sees the other: either the writer waits for the reader, or the reader
 * steps back and waits for the writer. The kernel saves the readers even this barrier with an RCU
 * grace period in the writer; the outcome is the same.
 *
 * A reader may leave on another CPU than it entered on: single counters go below zero, only the sum
 * has a meaning. The writer reads the counters one after another, which is safe because after its
 * announcement no counter grows for long: a reader that steps back takes its one from the same
 * counter that it added it to. Were it another one, the writer could read the first before the
 * addition and the second after the subtraction, and miss a reader that is inside.
 */
#include "kernel/percpu_rwsem.h"

#include <stdlib.h>

#include "kernel/check.h"
#include "kernel/percpu.h"

/* One cache line each, so that readers on different CPUs do not meet. */
struct percpu_rwsem_slot {
    _Alignas(64) atomic_int readers;
};

void percpu_init_rwsem_key(struct percpu_rw_semaphore *sem, const char *name, const struct lockval_key *key)
{
    SIM_CHECK(nr_cpu_ids > 0, "%s: initialised before percpu_init()", name);
    sem->slots = aligned_alloc(_Alignof(struct percpu_rwsem_slot), nr_cpu_ids * sizeof(*sem->slots));
    SIM_CHECK(sem->slots, "%s: out of memory", name);
    for (unsigned cpu = 0; cpu < nr_cpu_ids; cpu++)
        atomic_init(&sem->slots[cpu].readers, 0);
    atomic_init(&sem->writer, false);
    monitor_init(&sem->inside);
    lockval_init_map(&sem->map, name, key);
}

bool percpu_rwsem_has_writer(const struct percpu_rw_semaphore *sem)
{
    return atomic_load(&sem->writer);
}

int percpu_rwsem_readers(const struct percpu_rw_semaphore *sem)
{
    int sum = 0;

    for (unsigned cpu = 0; cpu < nr_cpu_ids; cpu++)
        sum += atomic_load(&sem->slots[cpu].readers);
    return sum;
}

void percpu_free_rwsem(struct percpu_rw_semaphore *sem)
{
    SIM_CHECK(!atomic_load(&sem->writer) && percpu_rwsem_readers(sem) == 0, "percpu rwsem freed while in use");
    monitor_destroy(&sem->inside);
    free(sem->slots);
    sem->slots = NULL;
}

/* Take one reader from @slot, and let a writer that waits for it count again. */
static void reader_leave(struct percpu_rw_semaphore *sem, struct percpu_rwsem_slot *slot)
{
    atomic_fetch_sub(&slot->readers, 1);
    if (!atomic_load(&sem->writer))
        return;
    monitor_enter(&sem->inside);
    monitor_notify(&sem->inside);
    monitor_leave(&sem->inside);
}

static bool reader_enter(struct percpu_rw_semaphore *sem)
{
    struct percpu_rwsem_slot *slot = &sem->slots[smp_processor_id()];

    atomic_fetch_add(&slot->readers, 1);
    if (!atomic_load(&sem->writer))
        return true;
    reader_leave(sem, slot);
    return false;
}

void percpu_rwsem_enter_read(struct percpu_rw_semaphore *sem)
{
    while (!reader_enter(sem)) {
        monitor_enter(&sem->inside);
        while (atomic_load(&sem->writer))
            monitor_wait(&sem->inside);
        monitor_leave(&sem->inside);
    }
}

void percpu_rwsem_leave_read(struct percpu_rw_semaphore *sem)
{
    reader_leave(sem, &sem->slots[smp_processor_id()]);
}

void percpu_rwsem_enter_write(struct percpu_rw_semaphore *sem)
{
    monitor_enter(&sem->inside);
    while (atomic_load(&sem->writer))
        monitor_wait(&sem->inside);
    atomic_store(&sem->writer, true);
    while (percpu_rwsem_readers(sem) != 0)
        monitor_wait(&sem->inside);
    monitor_leave(&sem->inside);
}

void percpu_rwsem_leave_write(struct percpu_rw_semaphore *sem)
{
    monitor_enter(&sem->inside);
    SIM_CHECK(atomic_load(&sem->writer), "percpu_up_write without a writer");
    atomic_store(&sem->writer, false);
    monitor_notify(&sem->inside);
    monitor_leave(&sem->inside);
}
