/* SPDX-License-Identifier: MIT */
/*
 * cpuhp_setup.c: the table of steps, calling a step, and registration at run time. Owns the table.
 *
 * The table is written under cpuhp_state_mutex with the hotplug lock held as reader. It is read by
 * a control thread with the hotplug lock as writer, or by the writer itself, or by cpuhp/N and
 * swapper/N while one of these waits for them: so no reader ever meets a writer, although cpuhp/N
 * holds none of the locks.
 *
 * A registration calls the new callbacks on the CPUs that are past the state already, so that
 * afterwards every CPU is as if the callbacks had always been there. A failure takes this back,
 * latest CPU first.
 */
#include "cpuhp_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel/check.h"
#include "kernel/workqueue.h"

struct cpuhp_step {
    const char *name; /* null: free. This and all below: see the head of the file */
    bool reserved;    /* belongs to the hotplug code: cannot be registered */
    bool multi;       /* has instances: the node_ functions are called for each */
    cpuhp_fn startup;
    cpuhp_fn teardown;
    cpuhp_node_fn node_startup;
    cpuhp_node_fn node_teardown;
    struct cpuhp_node *nodes;
};

static struct cpuhp_step steps[CPUHP_NR_STATES];

/* The CPU takes its share of the interrupts: their table must not change meanwhile. */
static int irq_affinity_online_cpu(unsigned cpu)
{
    (void)cpu;
    mutex_lock(&cpuhp.sparse_irq_lock);
    mutex_unlock(&cpuhp.sparse_irq_lock);
    return 0;
}

void cpuhp_steps_init(void)
{
    static const struct {
        enum cpuhp_state state;
        struct cpuhp_step step;
    } own_steps[] = {
        { CPUHP_OFFLINE, { .name = "offline" } },
        { CPUHP_BRINGUP_CPU, { .name = "cpu:bringup" } },
        { CPUHP_AP_IDLE_DEAD, { .name = "idle:dead" } },
        { CPUHP_AP_OFFLINE, { .name = "ap:offline" } },
        { CPUHP_TEARDOWN_CPU, { .name = "cpu:teardown" } },
        { CPUHP_AP_ONLINE_IDLE, { .name = "ap:online" } },
        { CPUHP_AP_IRQ_AFFINITY_ONLINE, { .name = "irq/affinity:online", .startup = irq_affinity_online_cpu } },
        { CPUHP_AP_WORKQUEUE_ONLINE,
          { .name = "workqueue:online", .startup = workqueue_online_cpu, .teardown = workqueue_offline_cpu } },
        { CPUHP_ONLINE, { .name = "online" } },
    };

    for (size_t i = 0; i < sizeof(own_steps) / sizeof(own_steps[0]); i++) {
        steps[own_steps[i].state] = own_steps[i].step;
        steps[own_steps[i].state].reserved = true;
    }
}

void cpuhp_steps_exit(void)
{
    for (size_t i = 0; i < CPUHP_NR_STATES; i++)
        steps[i] = (struct cpuhp_step){ 0 };
}

/* ---- calling a step -------------------------------------------------------------------------- */

static bool has_callback(const struct cpuhp_step *step, bool bringup)
{
    if (step->multi)
        return bringup ? step->node_startup != NULL : step->node_teardown != NULL;
    return bringup ? step->startup != NULL : step->teardown != NULL;
}

static int call_node(const struct cpuhp_step *step, unsigned cpu, bool bringup, struct cpuhp_node *node)
{
    return has_callback(step, bringup) ? (bringup ? step->node_startup : step->node_teardown)(cpu, node) : 0;
}

static int call_all_nodes(const struct cpuhp_step *step, unsigned cpu, bool bringup)
{
    struct cpuhp_node *node, *undo;
    int err;

    for (node = step->nodes; node; node = node->next) {
        err = call_node(step, cpu, bringup, node);
        if (err)
            break;
    }
    if (!node)
        return 0;
    for (undo = step->nodes; undo != node; undo = undo->next) {
        int undo_err = call_node(step, cpu, !bringup, undo);

        SIM_CHECK(!undo_err, "%s: an instance cannot be undone on CPU %u: error %d", step->name, cpu, undo_err);
    }
    return err;
}

static bool failure_injected(struct cpuhp_cpu *st, enum cpuhp_state state)
{
    int expected = (int)state;

    return state != CPUHP_OFFLINE && atomic_compare_exchange_strong(&st->fail, &expected, CPUHP_OFFLINE);
}

int cpuhp_invoke(struct cpuhp_cpu *st, enum cpuhp_state state, bool bringup, struct cpuhp_node *node, bool may_fail)
{
    const struct cpuhp_step *step = &steps[state];
    int err;

    if (may_fail && failure_injected(st, state))
        return -EAGAIN;
    if (!step->multi)
        err = has_callback(step, bringup) ? (bringup ? step->startup : step->teardown)(st->cpu) : 0;
    else if (node)
        err = call_node(step, st->cpu, bringup, node);
    else
        err = call_all_nodes(step, st->cpu, bringup);
    SIM_CHECK(!err || may_fail, "%s failed on CPU %u where it must not: error %d", step->name, st->cpu, err);
    return err;
}

/* ---- registration ---------------------------------------------------------------------------- */

SIM_INLINE void lock_steps(void)
{
    cpus_read_lock();
    mutex_lock(&cpuhp.cpuhp_state_mutex);
}

SIM_INLINE void unlock_steps(void)
{
    mutex_unlock(&cpuhp.cpuhp_state_mutex);
    cpus_read_unlock();
}

/* Call the callbacks of @state on one CPU, from where they belong. */
static int issue_call(unsigned cpu, enum cpuhp_state state, bool bringup, struct cpuhp_node *node, bool may_fail)
{
    struct cpuhp_cpu *st = &cpuhp.cpus[cpu];

    lockdep_assert_cpus_held();
    mutex_assert_held(&cpuhp.cpuhp_state_mutex);
    if (!has_callback(&steps[state], bringup))
        return 0;
    if (cpuhp_is_ap_state(state))
        return cpuhp_call_ap(st, state, bringup, node, may_fail);
    return cpuhp_invoke(st, state, bringup, node, may_fail);
}

/* Undo @state on the CPUs below @limit that have reached it, the last one first. */
static void issue_teardowns(unsigned limit, enum cpuhp_state state, struct cpuhp_node *node)
{
    for (unsigned cpu = limit; cpu-- > 0;)
        if (cpuhp_cpu_state(cpu) >= state)
            issue_call(cpu, state, false, node, false);
}

/* Call the startup on all CPUs that have reached @state; if one fails, undo those before it. */
static int issue_startups(enum cpuhp_state state, struct cpuhp_node *node)
{
    unsigned cpu;

    for_each_possible_cpu (cpu) {
        int err = cpuhp_cpu_state(cpu) >= state ? issue_call(cpu, state, true, node, true) : 0;

        if (err) {
            issue_teardowns(cpu, state, node);
            return err;
        }
    }
    return 0;
}

/* Is @state one of the slots that are given out, and not the first, which stands for "any of
 * them"? */
static bool is_given_out(enum cpuhp_state state)
{
    return (state > CPUHP_BP_PREPARE_DYN && state <= CPUHP_BP_PREPARE_DYN_END) ||
           (state > CPUHP_AP_ONLINE_DYN && state <= CPUHP_AP_ONLINE_DYN_END);
}

/* Returns: the state to use for @state, a free slot for a dynamic one; or a negative errno. */
static int choose_state(enum cpuhp_state state)
{
    int last = (int)state;

    if (state <= CPUHP_OFFLINE || state >= CPUHP_ONLINE || steps[state].reserved || is_given_out(state))
        return -EINVAL;
    if (state == CPUHP_BP_PREPARE_DYN)
        last = CPUHP_BP_PREPARE_DYN_END;
    else if (state == CPUHP_AP_ONLINE_DYN)
        last = CPUHP_AP_ONLINE_DYN_END;
    for (int slot = (int)state; slot <= last; slot++)
        if (!steps[slot].name)
            return slot;
    return last == (int)state ? -EBUSY : -ENOSPC;
}

static int setup_state_locked(enum cpuhp_state state, const struct cpuhp_step *step, bool invoke)
{
    int slot = choose_state(state);
    int err = 0;

    if (slot < 0)
        return slot;
    steps[slot] = *step;
    if (invoke && step->startup)
        err = issue_startups((enum cpuhp_state)slot, NULL);
    if (err) {
        steps[slot] = (struct cpuhp_step){ 0 };
        return err;
    }
    return state == CPUHP_BP_PREPARE_DYN || state == CPUHP_AP_ONLINE_DYN ? slot : 0;
}

static void remove_state_locked(enum cpuhp_state state, bool invoke)
{
    SIM_CHECK(steps[state].name && !steps[state].reserved, "state %d is not registered", (int)state);
    SIM_CHECK(!steps[state].nodes, "%s is removed with instances left", steps[state].name);
    if (invoke)
        issue_teardowns(nr_cpu_ids, state, NULL);
    steps[state] = (struct cpuhp_step){ 0 };
}

/* The two take the locks inline: who registers without calls is another call site than who has them
 * made. */
SIM_INLINE int setup_state(enum cpuhp_state state, const struct cpuhp_step *step, bool invoke)
{
    int result;

    lock_steps();
    result = setup_state_locked(state, step, invoke);
    unlock_steps();
    return result;
}

SIM_INLINE void remove_state(enum cpuhp_state state, bool invoke)
{
    lock_steps();
    remove_state_locked(state, invoke);
    unlock_steps();
}

int cpuhp_setup_state(enum cpuhp_state state, const char *name, cpuhp_fn startup, cpuhp_fn teardown)
{
    return setup_state(state, &(struct cpuhp_step){ .name = name, .startup = startup, .teardown = teardown }, true);
}

int cpuhp_setup_state_nocalls(enum cpuhp_state state, const char *name, cpuhp_fn startup, cpuhp_fn teardown)
{
    return setup_state(state, &(struct cpuhp_step){ .name = name, .startup = startup, .teardown = teardown }, false);
}

int cpuhp_setup_state_multi(enum cpuhp_state state, const char *name, cpuhp_node_fn startup, cpuhp_node_fn teardown)
{
    struct cpuhp_step step = { .name = name, .multi = true, .node_startup = startup, .node_teardown = teardown };

    return setup_state(state, &step, false);
}

void cpuhp_remove_state(enum cpuhp_state state)
{
    remove_state(state, true);
}

void cpuhp_remove_state_nocalls(enum cpuhp_state state)
{
    remove_state(state, false);
}

void cpuhp_remove_multi_state(enum cpuhp_state state)
{
    remove_state(state, false);
}

/* ---- instances ------------------------------------------------------------------------------- */

int cpuhp_state_add_instance(enum cpuhp_state state, struct cpuhp_node *node)
{
    int err;

    lock_steps();
    SIM_CHECK(steps[state].multi, "state %d has no instances", (int)state);
    /* Hung in only after the calls: none of them is for all instances, so the list is not looked at
     * before. */
    err = issue_startups(state, node);
    if (!err) {
        node->next = steps[state].nodes;
        steps[state].nodes = node;
    }
    unlock_steps();
    return err;
}

void cpuhp_state_remove_instance(enum cpuhp_state state, struct cpuhp_node *node)
{
    struct cpuhp_node **link;

    lock_steps();
    for (link = &steps[state].nodes; *link && *link != node; link = &(*link)->next)
        ;
    SIM_CHECK(*link, "state %d does not have this instance", (int)state);
    issue_teardowns(nr_cpu_ids, state, node);
    *link = node->next;
    unlock_steps();
}
