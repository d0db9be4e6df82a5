/* SPDX-License-Identifier: MIT */
/*
 * cpuhp_ap.c: the CPU's side of hotplug: the threads cpuhp/N and swapper/N, and the waits of the
 * control thread for them. Owns the maps that stand for "a hotplug callback runs" and the
 * completions.
 *
 * cpuhp/N holds a map while it runs a callback. With one map for both directions the validator
 * concludes from a callback on the way up, and from another CPU's way down, to a deadlock that
 * cannot be: up and down exclude each other through cpu_hotplug_lock, but no thread shows this,
 * since cpuhp/N does not hold that lock. So the kernel split the map and the completion by
 * direction; config.split_maps chooses.
 *
 * swapper/N plays the idle thread: it runs the STARTING section when its CPU is born and the DYING
 * section when it dies. In the kernel a second thread (the stopper) runs the latter while all other
 * CPUs stand still; here preemption off on the dying CPU is enough, since nobody else uses that
 * CPU's data.
 */
#include "cpuhp_internal.h"

#include <sched.h>

#include "kernel/check.h"

static struct lockval_key both_key, up_key, down_key;
static struct lockval_map both_map = LOCKVAL_MAP_INIT("cpuhp_state", &both_key);
static struct lockval_map up_map = LOCKVAL_MAP_INIT("cpuhp_state-up", &up_key);
static struct lockval_map down_map = LOCKVAL_MAP_INIT("cpuhp_state-down", &down_key);

static struct lockval_map *map_of(bool bringup)
{
    if (!cpuhp.split_maps)
        return &both_map;
    return bringup ? &up_map : &down_map;
}

static struct completion *done_of(struct cpuhp_cpu *st)
{
    return st->bringup || !cpuhp.split_maps ? &st->done_up : &st->done_down;
}

void cpuhp_touch_maps(void)
{
    if (cpuhp.split_maps) {
        lockdep_map_touch(&down_map);
        lockdep_map_touch(&up_map);
    } else {
        lockdep_map_touch(&both_map);
    }
}

/* ---- cpuhp/N --------------------------------------------------------------------------------- */

/* One callback. Returns: true when there is more to do. */
static bool run_callback(struct cpuhp_cpu *st)
{
    int state = atomic_load(&st->state);
    enum cpuhp_state step;

    if (st->single) {
        /* A callback of the STARTING section expects what it finds there: preemption off. */
        bool atomic = cpuhp_is_atomic_state(st->step);

        if (atomic)
            get_cpu();
        st->result = cpuhp_invoke(st, st->step, st->bringup, st->node, !st->undo && !atomic);
        if (atomic)
            put_cpu();
        return false;
    }
    step = (enum cpuhp_state)(st->bringup ? state + 1 : state);
    st->result = cpuhp_invoke(st, step, st->bringup, NULL, !st->undo);
    if (st->result)
        return false;
    state += st->bringup ? 1 : -1;
    atomic_store(&st->state, state);
    return state != (int)st->target;
}

static void serve_control_thread(struct cpuhp_cpu *st)
{
    struct completion *done = done_of(st);
    bool more;

    if (cpuhp.order == CPUHP_ORDER_WAIT_FIRST)
        completion_await_waiter(done);
    do {
        /* Taken anew for each callback, so that no callback seems to depend on another. */
        lockdep_map_acquire(map_of(st->bringup));
        more = run_callback(st);
        lockdep_map_release(map_of(st->bringup));
    } while (more);
    atomic_store(&st->should_run, false);
    atomic_store(&st->worked, true);
    complete(done);
}

static int cpuhp_thread(void *arg)
{
    struct cpuhp_cpu *st = arg;

    bind_current_cpu(st->cpu);
    while (!kthread_should_stop()) {
        if (kthread_should_park())
            kthread_parkme();
        else if (atomic_load(&st->should_run))
            serve_control_thread(st);
        else
            kthread_schedule();
    }
    return 0;
}

/* ---- the control thread ---------------------------------------------------------------------- */

/* Hand over to cpuhp/N what @st says, and wait until it is done. Returns: the result. */
static int kick_ap(struct cpuhp_cpu *st)
{
    st->result = 0;
    atomic_store(&st->worked, false);
    atomic_store(&st->should_run, true);
    kthread_wake(st->ap);
    if (cpuhp.order == CPUHP_ORDER_WORK_FIRST)
        while (!atomic_load(&st->worked))
            sched_yield();
    wait_for_completion(done_of(st));
    return st->result;
}

int cpuhp_move_ap(struct cpuhp_cpu *st, enum cpuhp_state target)
{
    enum cpuhp_state before = (enum cpuhp_state)atomic_load(&st->state);
    int err;

    st->single = false;
    st->undo = false;
    st->target = target;
    st->bringup = before < target;
    err = kick_ap(st);
    if (err && atomic_load(&st->state) != (int)before) {
        /* Some steps were done before the one that failed: back over them, which must work. */
        st->undo = true;
        st->target = before;
        st->bringup = !st->bringup;
        kick_ap(st);
    }
    return err;
}

int cpuhp_call_ap(struct cpuhp_cpu *st, enum cpuhp_state state, bool bringup, struct cpuhp_node *node, bool may_fail)
{
    cpuhp_touch_maps();
    st->single = true;
    st->undo = !may_fail;
    st->step = state;
    st->bringup = bringup;
    st->node = node;
    return kick_ap(st);
}

static void command_idle(struct cpuhp_cpu *st, enum cpuhp_idle_command command)
{
    atomic_store(&st->idle_command, (int)command);
    kthread_wake(st->idle);
}

void cpuhp_bringup_cpu(struct cpuhp_cpu *st)
{
    st->bringup = true;
    mutex_lock(&cpuhp.sparse_irq_lock);
    command_idle(st, CPUHP_IDLE_START);
    mutex_unlock(&cpuhp.sparse_irq_lock);
    wait_for_completion(done_of(st));
    kthread_unpark(st->ap);
}

void cpuhp_takedown_cpu(struct cpuhp_cpu *st)
{
    st->bringup = false;
    kthread_park(st->ap);
    /* The interrupts that the CPU served are moved away while it dies: their table must stay as it
     * is all the while. */
    mutex_lock(&cpuhp.sparse_irq_lock);
    command_idle(st, CPUHP_IDLE_DIE);
    wait_for_completion(done_of(st));
    mutex_unlock(&cpuhp.sparse_irq_lock);
}

/* ---- swapper/N ------------------------------------------------------------------------------- */

static void start_cpu(struct cpuhp_cpu *st)
{
    get_cpu();
    for (int state = CPUHP_AP_OFFLINE + 1; state <= CPUHP_AP_ONLINE; state++) {
        cpuhp_invoke(st, (enum cpuhp_state)state, true, NULL, false);
        atomic_store(&st->state, state);
    }
    set_cpu_online(st->cpu, true);
    atomic_store(&st->state, CPUHP_AP_ONLINE_IDLE);
    put_cpu();
}

static void die(struct cpuhp_cpu *st)
{
    get_cpu();
    set_cpu_online(st->cpu, false);
    for (int state = CPUHP_AP_ONLINE; state > CPUHP_AP_OFFLINE; state--) {
        cpuhp_invoke(st, (enum cpuhp_state)state, false, NULL, false);
        atomic_store(&st->state, state - 1);
    }
    atomic_store(&st->state, CPUHP_AP_IDLE_DEAD);
    put_cpu();
}

static int idle_thread(void *arg)
{
    struct cpuhp_cpu *st = arg;

    bind_current_cpu(st->cpu);
    while (!kthread_should_stop()) {
        int command = atomic_exchange(&st->idle_command, CPUHP_IDLE_NOTHING);

        if (command == CPUHP_IDLE_NOTHING) {
            kthread_schedule();
            continue;
        }
        if (cpuhp.order == CPUHP_ORDER_WAIT_FIRST)
            completion_await_waiter(done_of(st));
        if (command == CPUHP_IDLE_START)
            start_cpu(st);
        else
            die(st);
        complete(done_of(st));
    }
    return 0;
}

/* ---- birth and end --------------------------------------------------------------------------- */

void cpuhp_threads_start(struct cpuhp_cpu *st, bool online)
{
    static struct lockval_key done_key, done_up_key, done_down_key;

    if (cpuhp.split_maps) {
        init_completion_key(&st->done_up, "(complete)&st->done_up", &done_up_key);
        init_completion_key(&st->done_down, "(complete)&st->done_down", &done_down_key);
    } else {
        init_completion_key(&st->done_up, "(complete)&st->done", &done_key);
    }
    atomic_init(&st->state, CPUHP_OFFLINE);
    atomic_init(&st->fail, CPUHP_OFFLINE);
    atomic_init(&st->should_run, false);
    atomic_init(&st->worked, false);
    atomic_init(&st->idle_command, CPUHP_IDLE_NOTHING);
    if (online) {
        bind_current_cpu(st->cpu);
        get_cpu();
        set_cpu_online(st->cpu, true);
        put_cpu();
        atomic_store(&st->state, CPUHP_ONLINE);
    }
    st->idle = kthread_run(idle_thread, st, "swapper/%u", st->cpu);
    st->ap = kthread_run(cpuhp_thread, st, "cpuhp/%u", st->cpu);
    if (!online)
        kthread_park(st->ap);
}

void cpuhp_threads_stop(struct cpuhp_cpu *st)
{
    kthread_stop(st->ap);
    kthread_stop(st->idle);
    destroy_completion(&st->done_up);
    if (cpuhp.split_maps)
        destroy_completion(&st->done_down);
}
