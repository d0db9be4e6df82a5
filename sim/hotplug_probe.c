/* SPDX-License-Identifier: MIT */
/*
 * hotplug_probe.c: callbacks that check how they are called. Owns the plain probes and the
 * residents.
 *
 * The fields of a probe are atomic because anybody may look at them; they are written by callbacks,
 * of which there is one at a time a CPU.
 */
#include "hotplug_probe.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>

#include "kernel/check.h"

void probe_init(struct probe *probe)
{
    for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
        atomic_store(&probe->up[cpu], false);
    atomic_store(&probe->startups, 0);
    atomic_store(&probe->teardowns, 0);
    atomic_store(&probe->failing_cpu, NR_CPUS);
}

void probe_fail_on(struct probe *probe, unsigned cpu)
{
    atomic_store(&probe->failing_cpu, cpu);
}

static int probe_startup(struct probe *probe, unsigned cpu)
{
    unsigned failing = cpu;

    SIM_CHECK(!atomic_load(&probe->up[cpu]), "startup twice on CPU %u", cpu);
    sched_yield();
    if (atomic_compare_exchange_strong(&probe->failing_cpu, &failing, NR_CPUS))
        return -EIO;
    atomic_store(&probe->up[cpu], true);
    atomic_fetch_add(&probe->startups, 1);
    return 0;
}

static int probe_teardown(struct probe *probe, unsigned cpu)
{
    SIM_CHECK(atomic_load(&probe->up[cpu]), "teardown without startup on CPU %u", cpu);
    sched_yield();
    atomic_store(&probe->up[cpu], false);
    atomic_fetch_add(&probe->teardowns, 1);
    return 0;
}

static struct probe *probe_of(struct cpuhp_node *node)
{
    return (struct probe *)((char *)node - offsetof(struct probe, node));
}

int probe_node_startup(unsigned cpu, struct cpuhp_node *node)
{
    return probe_startup(probe_of(node), cpu);
}

int probe_node_teardown(unsigned cpu, struct cpuhp_node *node)
{
    return probe_teardown(probe_of(node), cpu);
}

unsigned probe_count(struct probe *probe)
{
    unsigned count = 0;
    unsigned cpu;

    for_each_possible_cpu (cpu)
        count += atomic_load(&probe->up[cpu]);
    return count;
}

void probe_check(struct probe *probe, enum cpuhp_state state)
{
    unsigned cpu;

    cpus_read_lock();
    for_each_possible_cpu (cpu)
        SIM_CHECK(atomic_load(&probe->up[cpu]) == (cpuhp_cpu_state(cpu) >= state),
                  "CPU %u is in state %d, and a callback of state %d has %s", cpu, (int)cpuhp_cpu_state(cpu),
                  (int)state, atomic_load(&probe->up[cpu]) ? "started" : "not started");
    cpus_read_unlock();
}

/* ---- plain callbacks ------------------------------------------------------------------------- */

/* A plain callback is given nothing but the CPU, so each probe needs functions of its own. */
#define PLAIN_PROBE(n)                          \
    static struct probe plain_##n;              \
    static int plain_startup_##n(unsigned cpu)  \
    {                                           \
        return probe_startup(&plain_##n, cpu);  \
    }                                           \
    static int plain_teardown_##n(unsigned cpu) \
    {                                           \
        return probe_teardown(&plain_##n, cpu); \
    }

PLAIN_PROBE(0)
PLAIN_PROBE(1)
PLAIN_PROBE(2)
PLAIN_PROBE(3)

const struct plain_probe plain_probes[NR_PLAIN_PROBES] = {
    { &plain_0, plain_startup_0, plain_teardown_0 },
    { &plain_1, plain_startup_1, plain_teardown_1 },
    { &plain_2, plain_startup_2, plain_teardown_2 },
    { &plain_3, plain_startup_3, plain_teardown_3 },
};

/* ---- residents ------------------------------------------------------------------------------- */

/* How many residents are up on a CPU: always the lowest ones. Written by their callbacks. */
static atomic_uint levels[NR_CPUS];

static void check_thread(unsigned cpu, enum cpuhp_state state)
{
    if (state < CPUHP_BRINGUP_CPU)
        return; /* in whatever thread asked */
    SIM_CHECK(smp_processor_id() == cpu, "a callback for CPU %u runs on CPU %u", cpu, smp_processor_id());
    SIM_CHECK(in_atomic() == (state < CPUHP_TEARDOWN_CPU), "preemption is %s in a callback of state %d",
              in_atomic() ? "off" : "on", (int)state);
}

static int resident_startup(unsigned cpu, unsigned rank, enum cpuhp_state state)
{
    unsigned level = atomic_fetch_add(&levels[cpu], 1);

    check_thread(cpu, state);
    SIM_CHECK(level == rank, "startup of resident %u on CPU %u, where %u are up", rank, cpu, level);
    return 0;
}

static int resident_teardown(unsigned cpu, unsigned rank, enum cpuhp_state state)
{
    unsigned level = atomic_fetch_sub(&levels[cpu], 1);

    check_thread(cpu, state);
    SIM_CHECK(level == rank + 1, "teardown of resident %u on CPU %u, where %u are up", rank, cpu, level);
    return 0;
}

#define RESIDENT(rank, state)                         \
    static int resident_startup_##rank(unsigned cpu)  \
    {                                                 \
        return resident_startup(cpu, rank, state);    \
    }                                                 \
    static int resident_teardown_##rank(unsigned cpu) \
    {                                                 \
        return resident_teardown(cpu, rank, state);   \
    }

RESIDENT(0, CPUHP_PAGE_ALLOC_DEAD)
RESIDENT(1, CPUHP_SMPCFD_PREPARE)
RESIDENT(2, CPUHP_AP_SCHED_STARTING)
RESIDENT(3, CPUHP_AP_SMPCFD_DYING)
RESIDENT(4, CPUHP_AP_ONLINE)
RESIDENT(5, CPUHP_AP_ACTIVE)

/* By rank, which goes up with the state. */
static const struct {
    enum cpuhp_state state;
    cpuhp_fn startup;
    cpuhp_fn teardown;
} residents[] = {
    { CPUHP_PAGE_ALLOC_DEAD, resident_startup_0, resident_teardown_0 },
    { CPUHP_SMPCFD_PREPARE, resident_startup_1, resident_teardown_1 },
    { CPUHP_AP_SCHED_STARTING, resident_startup_2, resident_teardown_2 },
    { CPUHP_AP_SMPCFD_DYING, resident_startup_3, resident_teardown_3 },
    { CPUHP_AP_ONLINE, resident_startup_4, resident_teardown_4 },
    { CPUHP_AP_ACTIVE, resident_startup_5, resident_teardown_5 },
};

#define NR_RESIDENTS (sizeof(residents) / sizeof(residents[0]))

void residents_register(void)
{
    for (size_t i = 0; i < NR_RESIDENTS; i++) {
        int err = cpuhp_setup_state(residents[i].state, "resident", residents[i].startup, residents[i].teardown);

        SIM_CHECK(!err, "resident %zu cannot be registered: error %d", i, err);
    }
}

void residents_remove(void)
{
    unsigned cpu;

    for (size_t i = NR_RESIDENTS; i-- > 0;)
        cpuhp_remove_state(residents[i].state);
    for_each_possible_cpu (cpu)
        SIM_CHECK(atomic_load(&levels[cpu]) == 0, "residents are left on CPU %u", cpu);
}
