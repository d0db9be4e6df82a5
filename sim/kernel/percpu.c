/* SPDX-License-Identifier: MIT */
/*
 * percpu.c: the simulated CPUs. Owns their preemption locks, the set of online CPUs, and each
 * thread's idea of where it runs.
 *
 * The lock of a CPU is what makes its data private to one thread at a time. The online bit of a CPU
 * changes only under that lock, and get_cpu() looks at the bit under it: so once a CPU has been
 * marked offline, nobody touches its data but through get_cpu_of().
 *
 * The locks cannot deadlock among themselves: a thread holds its own CPU's lock and takes no other,
 * or it holds a dead CPU's lock and takes its own, live one.
 */
#include "kernel/percpu.h"

#include <pthread.h>
#include <stdatomic.h>

#include "kernel/check.h"
#include "kernel/lockdep.h"

#define NO_CPU NR_CPUS

unsigned nr_cpu_ids;

/* The machine. The locks exist from percpu_init() to percpu_exit(). */
static pthread_mutex_t preempt_locks[NR_CPUS];
static _Atomic uint64_t online_bits; /* a bit is written under that CPU's preempt lock, read anywhere */

/* The calling thread. */
static _Thread_local struct {
    unsigned cpu;   /* it runs here */
    unsigned depth; /* of get_cpu() */
    unsigned other; /* the argument of get_cpu_of() */
    bool has_other; /* between get_cpu_of() and its put_cpu() */
    bool bound;     /* it never moves */
} self;

void percpu_init(unsigned nr_cpus)
{
    SIM_CHECK(nr_cpus >= 1 && nr_cpus <= NR_CPUS, "a machine cannot have %u CPUs", nr_cpus);
    SIM_CHECK(nr_cpu_ids == 0, "there is a machine already");
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        int err = pthread_mutex_init(&preempt_locks[cpu], NULL);

        SIM_CHECK(!err, "pthread_mutex_init: error %d", err);
        lockval_set_notrack(&preempt_locks[cpu], LOCKVAL_MUTEX);
    }
    atomic_store(&online_bits, 0);
    nr_cpu_ids = nr_cpus;
}

void percpu_exit(void)
{
    for (unsigned cpu = 0; cpu < nr_cpu_ids; cpu++) {
        int err = pthread_mutex_destroy(&preempt_locks[cpu]);

        SIM_CHECK(!err, "CPU %u is in use at the end: error %d", cpu, err);
    }
    nr_cpu_ids = 0;
}

bool cpu_online(unsigned cpu)
{
    struct cpumask mask = cpu_online_mask();

    return cpumask_test_cpu(cpu, &mask);
}

unsigned num_online_cpus(void)
{
    struct cpumask mask = cpu_online_mask();

    return cpumask_weight(&mask);
}

struct cpumask cpu_online_mask(void)
{
    return (struct cpumask){ atomic_load(&online_bits) };
}

void set_cpu_online(unsigned cpu, bool online)
{
    SIM_CHECK(self.depth > 0 && self.cpu == cpu, "CPU %u marked from elsewhere", cpu);
    if (online)
        atomic_fetch_or(&online_bits, UINT64_C(1) << cpu);
    else
        atomic_fetch_and(&online_bits, ~(UINT64_C(1) << cpu));
}

static void lock_cpu(unsigned cpu)
{
    int err = pthread_mutex_lock(&preempt_locks[cpu]);

    SIM_CHECK(!err, "preemption lock of CPU %u: error %d", cpu, err);
}

static void unlock_cpu(unsigned cpu)
{
    int err = pthread_mutex_unlock(&preempt_locks[cpu]);

    SIM_CHECK(!err, "preemption lock of CPU %u: error %d", cpu, err);
}

void set_current_cpu(unsigned cpu)
{
    SIM_CHECK(cpu < nr_cpu_ids, "no CPU %u", cpu);
    SIM_CHECK(!in_atomic(), "a thread moves with preemption off");
    self.cpu = cpu;
    self.bound = false;
}

void bind_current_cpu(unsigned cpu)
{
    set_current_cpu(cpu);
    self.bound = true;
}

unsigned smp_processor_id(void)
{
    return self.cpu;
}

/* Move the thread from its CPU, which is offline, to the next online one. */
static void leave_offline_cpu(void)
{
    struct cpumask mask = cpu_online_mask();
    unsigned next = cpumask_next(self.cpu + 1, &mask);

    if (next == NO_CPU)
        next = cpumask_next(0, &mask);
    SIM_CHECK(next != NO_CPU, "no CPU is online");
    self.cpu = next;
}

unsigned get_cpu(void)
{
    if (self.depth++ > 0)
        return self.cpu;
    lock_cpu(self.cpu);
    while (!self.bound && !cpu_online(self.cpu)) {
        unlock_cpu(self.cpu);
        leave_offline_cpu();
        lock_cpu(self.cpu);
    }
    return self.cpu;
}

void put_cpu(void)
{
    SIM_CHECK(in_atomic(), "put_cpu() without get_cpu()");
    if (self.depth > 0) {
        if (--self.depth == 0)
            unlock_cpu(self.cpu);
    } else {
        self.has_other = false;
        unlock_cpu(self.other);
    }
}

void get_cpu_of(unsigned cpu)
{
    SIM_CHECK(!in_atomic(), "get_cpu_of(%u) with preemption off", cpu);
    SIM_CHECK(!cpu_online(cpu), "get_cpu_of(%u) of a CPU that lives", cpu);
    if (self.cpu == cpu)
        leave_offline_cpu();
    lock_cpu(cpu);
    self.other = cpu;
    self.has_other = true;
}

bool in_atomic(void)
{
    return self.depth > 0 || self.has_other;
}

void might_sleep(const char *what)
{
    SIM_CHECK(!in_atomic(), "%s with preemption off on CPU %u", what, self.cpu);
}
