/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_PERCPU_H
#define SIM_KERNEL_PERCPU_H

/*
 * percpu.h: simulated CPUs: which there are, which are online, on which one a thread runs, and
 * "preemption off".
 *
 * A CPU is a number and a lock. A thread always runs on one CPU. Between get_cpu() and put_cpu() it
 * has that CPU for itself: no other thread of that CPU is between the two, so that the CPU's own
 * data needs no other lock, as with preemption off on a real CPU. A thread whose CPU went offline
 * moves to an online one at its next get_cpu().
 *
 * The lock behind get_cpu() is not watched by lockval: in the kernel there is no lock either.
 */

#include <stdbool.h>
#include <stdint.h>

/* The most CPUs a machine can have: the bits of a struct cpumask. */
#define NR_CPUS 64u

/* How many CPUs the machine has: their numbers are 0 to nr_cpu_ids - 1. Constant after
 * percpu_init(). */
extern unsigned nr_cpu_ids;

/* ---- sets of CPUs ---------------------------------------------------------------------------- */

struct cpumask {
    uint64_t bits;
};

static inline void cpumask_clear(struct cpumask *mask)
{
    mask->bits = 0;
}

static inline void cpumask_set_cpu(unsigned cpu, struct cpumask *mask)
{
    mask->bits |= UINT64_C(1) << cpu;
}

static inline void cpumask_clear_cpu(unsigned cpu, struct cpumask *mask)
{
    mask->bits &= ~(UINT64_C(1) << cpu);
}

static inline bool cpumask_test_cpu(unsigned cpu, const struct cpumask *mask)
{
    return (mask->bits >> cpu & 1) != 0;
}

static inline unsigned cpumask_weight(const struct cpumask *mask)
{
    return (unsigned)__builtin_popcountll(mask->bits);
}

static inline bool cpumask_empty(const struct cpumask *mask)
{
    return mask->bits == 0;
}

/* Returns: the lowest CPU of @mask that is @from or above; NR_CPUS when there is none. */
static inline unsigned cpumask_next(unsigned from, const struct cpumask *mask)
{
    uint64_t rest = from < NR_CPUS ? mask->bits >> from << from : 0;

    return rest ? (unsigned)__builtin_ctzll(rest) : NR_CPUS;
}

/* @mask must not change while the loop runs: give it a copy, as cpu_online_mask() does. */
#define for_each_cpu(cpu, mask) \
    for ((cpu) = cpumask_next(0, mask); (cpu) < NR_CPUS; (cpu) = cpumask_next((cpu) + 1, mask))

#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < nr_cpu_ids; (cpu)++)

/* ---- the machine ----------------------------------------------------------------------------- */

/* Set up @nr_cpus CPUs (1 to NR_CPUS), all of them offline. cpuhp_init() (cpuhp.h) calls it. */
void percpu_init(unsigned nr_cpus);

/* No thread may be between get_cpu() and put_cpu(). */
void percpu_exit(void);

bool cpu_online(unsigned cpu);
unsigned num_online_cpus(void);

/* Returns: a copy of the set of online CPUs. Old at once, unless the caller holds cpus_read_lock()
 * or has them all. */
struct cpumask cpu_online_mask(void);

/* The caller is between get_cpu() and put_cpu() on @cpu: nobody else is there then. For the hotplug
 * code alone. */
void set_cpu_online(unsigned cpu, bool online);

/* ---- the calling thread ---------------------------------------------------------------------- */

/* The thread runs on @cpu from now on. Not with preemption off. If @cpu is offline, the next
 * get_cpu() moves it on. */
void set_current_cpu(unsigned cpu);

/* The same, and the thread never moves: it runs on @cpu even while that is offline. For the CPU's
 * own threads. */
void bind_current_cpu(unsigned cpu);

/* Returns: the CPU that the thread runs on. Old at once, unless preemption is off. */
unsigned smp_processor_id(void);

/* Preemption off: the thread stays on its CPU, which is online, and is alone there. Nests. Returns:
 * the CPU. */
unsigned get_cpu(void);

/* The end of the last get_cpu() or get_cpu_of() that has not ended yet. */
void put_cpu(void);

/*
 * Be alone with the data of @cpu, which is dead, while the thread itself runs on another CPU. Only
 * for the control thread of a hotplug operation. Not inside get_cpu(), and not inside itself;
 * get_cpu() inside it means the thread's own CPU, as ever. Ended by put_cpu().
 */
void get_cpu_of(unsigned cpu);

/* Is preemption off? */
bool in_atomic(void);

/* Ends the program with a message when preemption is off: the caller is about to do what may
 * sleep. */
void might_sleep(const char *what);

#endif
