/* SPDX-License-Identifier: MIT */
#ifndef SIM_CPUHP_INTERNAL_H
#define SIM_CPUHP_INTERNAL_H

/*
 * cpuhp_internal.h: what the three files of the hotplug code share. Included by cpuhp*.c alone.
 *
 *   cpuhp.c        locks, boot, and the control side of up and down
 *   cpuhp_ap.c     the CPU's own threads: cpuhp/N, and swapper/N that starts and dies with the CPU
 *   cpuhp_setup.c  the table of steps, calling a step, registration at run time
 */

#include <stdatomic.h>

#include "cpuhp.h"
#include "kernel/completion.h"
#include "kernel/kthread.h"
#include "kernel/mutex.h"

/* What swapper/N is to do next. */
enum cpuhp_idle_command {
    CPUHP_IDLE_NOTHING,
    CPUHP_IDLE_START, /* run the STARTING section, be online */
    CPUHP_IDLE_DIE    /* be offline, run the DYING section */
};

/*
 * One CPU. "Hand-over" means: written by the control thread before it wakes the CPU's thread, read
 * and written by that thread until it completes, then the control thread's again. There is one
 * control thread at a time: it holds the hotplug lock as writer, or as reader with
 * cpuhp_state_mutex.
 */
struct cpuhp_cpu {
    unsigned cpu;            /* constant */
    struct kthread *ap;      /* constant: cpuhp/N, parked while the CPU is offline */
    struct kthread *idle;    /* constant: swapper/N */
    atomic_int state;        /* hand-over; read anywhere: the last state whose startup is done */
    atomic_int fail;         /* atomic: state whose next step fails */
    enum cpuhp_state target; /* hand-over: where to go */
    bool bringup;            /* hand-over: upwards; chooses map and completion */
    bool undo;               /* hand-over: a rollback, nothing may fail */
    bool single;             /* hand-over: call one callback and leave the state as it is */
    enum cpuhp_state step;   /* hand-over, single: of this state */
    struct cpuhp_node *node; /* hand-over, single: for this instance, null for all */
    int result;              /* hand-over: 0, or what the failing callback said */
    atomic_bool should_run;  /* set by the control thread, cleared by cpuhp/N */
    atomic_bool worked;      /* cpuhp/N has run its callbacks: for CPUHP_ORDER_WORK_FIRST */
    atomic_int idle_command; /* enum cpuhp_idle_command: set by the control thread, cleared by swapper/N */
    struct completion done_up;
    struct completion done_down; /* with split maps only */
};

struct cpuhp_machine {
    struct cpuhp_cpu cpus[NR_CPUS];
    bool split_maps;                  /* constant after boot */
    enum cpuhp_order order;           /* changed only while nothing moves */
    struct mutex cpu_add_remove_lock; /* one up or down at a time */
    struct mutex cpuhp_state_mutex;   /* the table of steps */
    struct mutex sparse_irq_lock;     /* the interrupts stay as they are, and with them who is served */
};

extern struct cpuhp_machine cpuhp; /* exists from cpuhp_init() to cpuhp_exit() */

/* ---- sections -------------------------------------------------------------------------------- */

static inline bool cpuhp_is_ap_state(enum cpuhp_state state)
{
    return state > CPUHP_BRINGUP_CPU && state != CPUHP_TEARDOWN_CPU;
}

static inline bool cpuhp_is_atomic_state(enum cpuhp_state state)
{
    return state >= CPUHP_AP_IDLE_DEAD && state <= CPUHP_AP_ONLINE;
}

/* ---- cpuhp_setup.c --------------------------------------------------------------------------- */

/*
 * Call the callbacks of @state on the calling thread, in the direction @bringup. A state with
 * instances: for @node, or for all of them if it is null; if one fails, those before it are undone.
 * Returns: 0 or the callback's error. With @may_fail false an error ends the program.
 */
int cpuhp_invoke(struct cpuhp_cpu *st, enum cpuhp_state state, bool bringup, struct cpuhp_node *node, bool may_fail);

/* Set up and clear the table of steps. */
void cpuhp_steps_init(void);
void cpuhp_steps_exit(void);

/* ---- cpuhp_ap.c ------------------------------------------------------------------------------ */

/* Start the threads of @st->cpu and make its completions. A CPU with @online set is there at
 * once. */
void cpuhp_threads_start(struct cpuhp_cpu *st, bool online);
void cpuhp_threads_stop(struct cpuhp_cpu *st);

/* Have cpuhp/N bring its CPU to @target, within the ONLINE section. Returns: 0, or the error of a
 * callback, and then the CPU is back where it was. */
int cpuhp_move_ap(struct cpuhp_cpu *st, enum cpuhp_state target);

/* Have cpuhp/N call one callback, for a registration. Returns: what it returned. */
int cpuhp_call_ap(struct cpuhp_cpu *st, enum cpuhp_state state, bool bringup, struct cpuhp_node *node, bool may_fail);

/* Note in lockval's graph that the control thread depends on what cpuhp/N does in its callbacks. */
void cpuhp_touch_maps(void);

/* Start the dead CPU, up to CPUHP_AP_ONLINE_IDLE; or kill it, down to CPUHP_AP_IDLE_DEAD. */
void cpuhp_bringup_cpu(struct cpuhp_cpu *st);
void cpuhp_takedown_cpu(struct cpuhp_cpu *st);

#endif
