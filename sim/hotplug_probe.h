/* SPDX-License-Identifier: MIT */
#ifndef SIM_HOTPLUG_PROBE_H
#define SIM_HOTPLUG_PROBE_H

/*
 * hotplug_probe.h: hotplug callbacks that do nothing but check that they are called as they should
 * be: startup and teardown by turns on each CPU, in the right thread, and, for the residents, all
 * states in their order.
 */

#include <stdatomic.h>

#include "cpuhp.h"

/* One pair of callbacks, or one instance of a multi-instance pair. */
struct probe {
    struct cpuhp_node node;  /* for instances */
    atomic_bool up[NR_CPUS]; /* startup ran on that CPU, and no teardown since */
    atomic_uint startups;    /* all successful calls so far */
    atomic_uint teardowns;
    atomic_uint failing_cpu; /* the next startup on this CPU fails with -EIO; NR_CPUS for none */
};

/* A fresh probe, up nowhere. */
void probe_init(struct probe *probe);

/* The next startup on @cpu fails; NR_CPUS takes it back. */
void probe_fail_on(struct probe *probe, unsigned cpu);

/* Callbacks for cpuhp_setup_state_multi(), on the probe that @node is in. */
int probe_node_startup(unsigned cpu, struct cpuhp_node *node);
int probe_node_teardown(unsigned cpu, struct cpuhp_node *node);

/* Probes with a pair of plain callbacks of their own, for cpuhp_setup_state(). */
#define NR_PLAIN_PROBES 4

struct plain_probe {
    struct probe *probe;
    cpuhp_fn startup;
    cpuhp_fn teardown;
};

extern const struct plain_probe plain_probes[NR_PLAIN_PROBES];

/* Returns: on how many CPUs the probe is up. */
unsigned probe_count(struct probe *probe);

/* Ends the program unless the probe is up exactly on the CPUs that have reached @state. Takes
 * cpus_read_lock(). */
void probe_check(struct probe *probe, enum cpuhp_state state);

/*
 * The residents: callbacks in fixed states of all three sections. Each startup checks that the
 * residents of all lower states are up on that CPU and no others, each teardown the reverse: a CPU
 * goes through its states one by one and in order.
 */
void residents_register(void);
void residents_remove(void);

#endif
