/* SPDX-License-Identifier: MIT */
#ifndef SIM_CPUHP_H
#define SIM_CPUHP_H

/*
 * cpuhp.h: simulated CPU hotplug: a CPU comes up and goes down through a fixed row of states, each
 * with a pair of callbacks, startup and teardown.
 *
 * A CPU in state S has run the startups of all states up to S. The row has three sections:
 *
 *   PREPARE / DEAD     OFFLINE to BRINGUP_CPU     in the thread that asks (the control thread), before
 *                                                 the CPU lives or after it died; only PREPARE may fail
 *   STARTING / DYING   AP_OFFLINE to AP_ONLINE    on the CPU itself, preemption off, must not fail
 *   ONLINE             AP_ONLINE_IDLE to ONLINE   in the CPU's thread "cpuhp/N", may sleep and fail
 *
 * When a callback fails, the steps already done are undone in the other direction (rollback).
 *
 * Lock order, outermost first: cpu_add_remove_lock, cpu_hotplug_lock, then cpuhp_state_mutex or
 * sparse_irq_lock. A callback of the ONLINE section runs in another thread while the one that asked
 * waits, and that one may hold any of the first three: the callback must not take them.
 */

#include <stdbool.h>

#include "kernel/percpu.h"
#include "kernel/percpu_rwsem.h"

enum cpuhp_state {
    CPUHP_OFFLINE = 0,

    /* PREPARE: startups; DEAD: teardowns */
    CPUHP_PAGE_ALLOC_DEAD, /* teardown only: empties the dead CPU's page lists */
    CPUHP_SMPCFD_PREPARE,  /* percpu memory for the new CPU */
    CPUHP_BP_PREPARE_DYN,  /* the first of the slots that are given out */
    CPUHP_BP_PREPARE_DYN_END = CPUHP_BP_PREPARE_DYN + 10,
    CPUHP_BRINGUP_CPU,

    /* STARTING: startups; DYING: teardowns */
    CPUHP_AP_IDLE_DEAD,
    CPUHP_AP_OFFLINE,
    CPUHP_AP_SCHED_STARTING,
    CPUHP_AP_SMPCFD_DYING,
    CPUHP_AP_ONLINE,
    CPUHP_TEARDOWN_CPU,

    /* ONLINE */
    CPUHP_AP_ONLINE_IDLE,
    CPUHP_AP_IRQ_AFFINITY_ONLINE, /* takes sparse_irq_lock on the way up, and only then */
    CPUHP_AP_WORKQUEUE_ONLINE,    /* binds and unbinds the CPU's worker */
    CPUHP_AP_ONLINE_DYN,          /* the first of the slots that are given out */
    CPUHP_AP_ONLINE_DYN_END = CPUHP_AP_ONLINE_DYN + 30,
    CPUHP_AP_ACTIVE,
    CPUHP_ONLINE,
    CPUHP_NR_STATES
};

/* How the thread that asks and the CPU's thread meet in a scenario. The kernel has no such thing:
 * there it is chance. */
enum cpuhp_order {
    CPUHP_ORDER_FREE,       /* as it comes: for torture */
    CPUHP_ORDER_WAIT_FIRST, /* cpuhp/N begins only when the asking thread waits for it */
    CPUHP_ORDER_WORK_FIRST  /* the asking thread waits only when cpuhp/N has run its callbacks */
};

struct cpuhp_config {
    unsigned nr_cpus;       /* of the machine, 1 to NR_CPUS */
    unsigned nr_boot_cpus;  /* of these, CPU 0 and up are online at the start; 0 means all */
    bool split_maps;        /* a map and a completion for each direction, as after 5f4b55e10645 */
    enum cpuhp_order order; /* at the start */
};

/*
 * Boot: the CPUs, their workers (workqueue.h) and their hotplug threads. The boot CPUs are simply
 * there, without having come up one by one, so that a scenario begins with an empty lock graph.
 * Ends the program when a thread cannot be made. The calling thread's CPU is 0.
 */
void cpuhp_init(const struct cpuhp_config *config);

/* Shut down: stops the threads and frees all. Other users of the CPUs and of workqueues must have
 * ended. */
void cpuhp_exit(void);

/* Change the order; only while no CPU comes, goes or gets a callback. */
void cpuhp_set_order(enum cpuhp_order order);

/* ---- keeping CPUs where they are ------------------------------------------------------------- */

/* Writer: CPUs move; reader: they stay. Exists from cpuhp_init() to cpuhp_exit(). For the functions
 * below alone. */
extern struct percpu_rw_semaphore cpu_hotplug_lock;

/* No CPU comes or goes in between. Class "cpu_hotplug_lock.rw_sem". get_online_cpus() is the old
 * name of the first. */
SIM_INLINE void cpus_read_lock(void)
{
    percpu_down_read(&cpu_hotplug_lock);
}

SIM_INLINE void cpus_read_unlock(void)
{
    percpu_up_read(&cpu_hotplug_lock);
}

SIM_INLINE void cpus_write_lock(void)
{
    percpu_down_write(&cpu_hotplug_lock);
}

SIM_INLINE void cpus_write_unlock(void)
{
    percpu_up_write(&cpu_hotplug_lock);
}

/* A finding of lockval, and nothing without it, unless the caller holds the lock, either way. */
SIM_INLINE void lockdep_assert_cpus_held(void)
{
    percpu_rwsem_assert_held(&cpu_hotplug_lock);
}

/* ---- coming and going ------------------------------------------------------------------------ */

/*
 * Bring @cpu to CPUHP_ONLINE or CPUHP_OFFLINE; it may be there already. The control thread's own
 * CPU is any.
 * Returns: 0; -EINVAL for no such CPU; -EBUSY when the last online CPU would go; or the error of
 * the callback that failed, and then the CPU is where it was before.
 */
int cpu_up(unsigned cpu);
int cpu_down(unsigned cpu);

/* Returns: the state of @cpu. Old at once unless the caller holds the hotplug lock. */
enum cpuhp_state cpuhp_cpu_state(unsigned cpu);

/*
 * The next step of @cpu through @state fails with -EAGAIN instead of calling its callbacks, if that
 * step may fail: in the PREPARE section on the way up, in the ONLINE section either way, but not in
 * a rollback. CPUHP_OFFLINE takes it back.
 */
void cpuhp_inject_failure(unsigned cpu, enum cpuhp_state state);

/* ---- callbacks ------------------------------------------------------------------------------- */

/* Returns: 0 or a negative errno. A callback that fails where a step may not fail (see above) ends
 * the program. */
typedef int (*cpuhp_fn)(unsigned cpu);

/*
 * Register the callbacks of @state, either may be null, and call @startup for each CPU that has
 * already reached it, in that CPU's cpuhp thread if the state is in the ONLINE or STARTING section.
 * CPUHP_BP_PREPARE_DYN and CPUHP_AP_ONLINE_DYN take the next free slot of their range. @name must
 * outlive the registration.
 * Returns: the state's number for a dynamic one, else 0; -EBUSY when taken, -ENOSPC when no slot is
 * free, -EINVAL for a state that takes no callbacks, or the error of a startup; then nothing is
 * registered and the startups that ran are undone. May sleep; takes cpu_hotplug_lock (read) and
 * cpuhp_state_mutex.
 */
int cpuhp_setup_state(enum cpuhp_state state, const char *name, cpuhp_fn startup, cpuhp_fn teardown);

/* The same, but calls nothing. */
int cpuhp_setup_state_nocalls(enum cpuhp_state state, const char *name, cpuhp_fn startup, cpuhp_fn teardown);

/* Call the teardown for each CPU that has reached the state, then free the slot. */
void cpuhp_remove_state(enum cpuhp_state state);
void cpuhp_remove_state_nocalls(enum cpuhp_state state);

/* ---- callbacks with instances ---------------------------------------------------------------- */

/* One pair of functions for many objects, called for each of them. Embed this in the object. */
struct cpuhp_node {
    struct cpuhp_node *next; /* as the table of steps: head of cpuhp_setup.c */
};

typedef int (*cpuhp_node_fn)(unsigned cpu, struct cpuhp_node *node);

/* As cpuhp_setup_state(), for a state that begins without instances: nothing is called. */
int cpuhp_setup_state_multi(enum cpuhp_state state, const char *name, cpuhp_node_fn startup, cpuhp_node_fn teardown);

/* Add an object, and call the startup for it on each CPU that has reached the state. Returns: 0 or
 * the startup's error; then the object is not added and what ran is undone. */
int cpuhp_state_add_instance(enum cpuhp_state state, struct cpuhp_node *node);

/* Call the teardown for the object on each CPU that has reached the state, and remove it. */
void cpuhp_state_remove_instance(enum cpuhp_state state, struct cpuhp_node *node);

/* All instances must have been removed. */
void cpuhp_remove_multi_state(enum cpuhp_state state);

#endif
