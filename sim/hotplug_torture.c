/* SPDX-License-Identifier: MIT */
/*
 * hotplug_torture.c: the torture scenario of hotplug_sim. Owns the counters of what was done.
 *
 * What is checked, and where: states in order, right thread, startup and teardown by turns
 * (hotplug_probe.c); a reader of the hotplug lock sees only CPUs at rest and none that moves; a
 * thread with preemption off is alone on its CPU, and that is online; a registration that failed
 * leaves nothing behind; a flushed work has run.
 */
#include "hotplug_torture.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include "fs/devtmpfs.h"
#include "hotplug_probe.h"
#include "kernel/kthread.h"
#include "kernel/workqueue.h"
#include "msr.h"
#include "scenario.h"

#define NR_INSTANCES 3

/* How often each thing was done. */
struct counters {
    atomic_ulong ups, downs; /* cpu_up() and cpu_down() that returned 0 */
    atomic_ulong rollbacks;  /* of these that failed half way */
    atomic_ulong loads;      /* registrations, successful */
    atomic_ulong refusals;   /* registrations that failed and were taken back */
    atomic_ulong looks;      /* of readers */
    atomic_ulong works;      /* queued and flushed */
};

static struct counters counters;

/* What one thread is given. */
struct tormentor {
    struct sim_rng rng; /* the thread's own */
    unsigned number;    /* of the plain probe that it loads */
};

/* ---- CPUs come and go ------------------------------------------------------------------------ */

/* A state of the ONLINE or the PREPARE section, any of those that can fail. */
static enum cpuhp_state random_failure(struct sim_rng *rng)
{
    if (sim_rng_below(rng, 2))
        return (enum cpuhp_state)(1 + sim_rng_below(rng, CPUHP_BRINGUP_CPU - 1));
    return (enum cpuhp_state)(CPUHP_AP_ONLINE_IDLE + 1 + sim_rng_below(rng, CPUHP_ONLINE - CPUHP_AP_ONLINE_IDLE));
}

static int move_cpus(void *arg)
{
    struct tormentor *self = arg;

    while (!kthread_should_stop()) {
        unsigned cpu = sim_rng_below(&self->rng, nr_cpu_ids);
        /* Mostly where it is not: else the two of this kind would have nothing to do half of the
         * time. */
        bool up = cpu_online(cpu) ? sim_rng_below(&self->rng, 8) == 0 : sim_rng_below(&self->rng, 8) != 0;
        int err;

        if (sim_rng_below(&self->rng, 4) == 0)
            cpuhp_inject_failure(cpu, random_failure(&self->rng));
        err = up ? cpu_up(cpu) : cpu_down(cpu);
        cpuhp_inject_failure(cpu, CPUHP_OFFLINE);
        if (!err)
            atomic_fetch_add(up ? &counters.ups : &counters.downs, 1);
        else if (err == -EAGAIN || err == -EIO)
            atomic_fetch_add(&counters.rollbacks, 1);
        else
            SIM_CHECK(err == -EBUSY && !up, "CPU %u: error %d", cpu, err);
    }
    return 0;
}

/* ---- modules come and go --------------------------------------------------------------------- */

static void load_plain(struct tormentor *self)
{
    const struct plain_probe *plain = &plain_probes[self->number];
    enum cpuhp_state section = sim_rng_below(&self->rng, 3) ? CPUHP_AP_ONLINE_DYN : CPUHP_BP_PREPARE_DYN;
    int state;

    probe_init(plain->probe);
    if (sim_rng_below(&self->rng, 3) == 0)
        probe_fail_on(plain->probe, sim_rng_below(&self->rng, nr_cpu_ids));
    state = cpuhp_setup_state(section, "torture:plain", plain->startup, plain->teardown);
    if (state > 0) {
        atomic_fetch_add(&counters.loads, 1);
        probe_check(plain->probe, (enum cpuhp_state)state);
        cpuhp_remove_state((enum cpuhp_state)state);
    } else {
        SIM_CHECK(state == -EIO || state == -EAGAIN, "registration: error %d", state);
        atomic_fetch_add(&counters.refusals, 1);
    }
    SIM_CHECK(probe_count(plain->probe) == 0, "a callback is left on %u CPUs", probe_count(plain->probe));
}

static void load_instances(struct tormentor *self)
{
    struct probe probes[NR_INSTANCES];
    bool added[NR_INSTANCES];
    int state = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "torture:multi", probe_node_startup, probe_node_teardown);

    SIM_CHECK(state > 0, "registration: error %d", state);
    for (unsigned i = 0; i < NR_INSTANCES; i++) {
        int err;

        probe_init(&probes[i]);
        if (sim_rng_below(&self->rng, 3) == 0)
            probe_fail_on(&probes[i], sim_rng_below(&self->rng, nr_cpu_ids));
        err = cpuhp_state_add_instance((enum cpuhp_state)state, &probes[i].node);
        SIM_CHECK(!err || err == -EIO || err == -EAGAIN, "instance: error %d", err);
        added[i] = !err;
        atomic_fetch_add(err ? &counters.refusals : &counters.loads, 1);
    }
    for (unsigned i = 0; i < NR_INSTANCES; i++) {
        if (added[i]) {
            probe_check(&probes[i], (enum cpuhp_state)state);
            cpuhp_state_remove_instance((enum cpuhp_state)state, &probes[i].node);
        }
        SIM_CHECK(probe_count(&probes[i]) == 0, "an instance is left on %u CPUs", probe_count(&probes[i]));
    }
    cpuhp_remove_multi_state((enum cpuhp_state)state);
}

static int load_modules(void *arg)
{
    struct tormentor *self = arg;

    while (!kthread_should_stop()) {
        if (sim_rng_below(&self->rng, 2))
            load_plain(self);
        else
            load_instances(self);
    }
    return 0;
}

/* ---- readers --------------------------------------------------------------------------------- */

/* Protected by being on the CPU with preemption off. */
static struct {
    unsigned inside;
    unsigned long visits;
} percpu_data[NR_CPUS];

/* While the hotplug lock is held as reader, CPUs stay, and each is either up or down. */
static void look_at_states(void)
{
    struct cpumask before, after;
    unsigned cpu;

    cpus_read_lock();
    before = cpu_online_mask();
    for_each_possible_cpu (cpu) {
        enum cpuhp_state state = cpuhp_cpu_state(cpu);
        enum cpuhp_state expected = cpumask_test_cpu(cpu, &before) ? CPUHP_ONLINE : CPUHP_OFFLINE;

        SIM_CHECK(state == expected, "CPU %u rests in state %d", cpu, (int)state);
    }
    sched_yield();
    after = cpu_online_mask();
    SIM_CHECK(before.bits == after.bits, "a CPU moved under a reader: %" PRIx64 " became %" PRIx64, before.bits,
              after.bits);
    cpus_read_unlock();
}

static void be_alone(void)
{
    unsigned cpu = get_cpu();

    SIM_CHECK(cpu_online(cpu), "preemption is off on CPU %u, which is offline", cpu);
    SIM_CHECK(percpu_data[cpu].inside++ == 0, "two threads on CPU %u", cpu);
    percpu_data[cpu].visits++;
    sched_yield();
    percpu_data[cpu].inside--;
    SIM_CHECK(cpu_online(cpu), "CPU %u went offline with preemption off", cpu);
    put_cpu();
}

static int look(void *arg)
{
    struct tormentor *self = arg;

    while (!kthread_should_stop()) {
        set_current_cpu(sim_rng_below(&self->rng, nr_cpu_ids));
        look_at_states();
        be_alone();
        atomic_fetch_add(&counters.looks, 1);
    }
    return 0;
}

/* ---- works ----------------------------------------------------------------------------------- */

struct torture_work {
    struct work_struct work;
    atomic_uint runs;
    atomic_bool running;
};

static void run_work(struct work_struct *work)
{
    struct torture_work *torture = (struct torture_work *)((char *)work - offsetof(struct torture_work, work));

    SIM_CHECK(!atomic_exchange(&torture->running, true), "a work runs twice at once");
    be_alone();
    atomic_fetch_add(&torture->runs, 1);
    atomic_store(&torture->running, false);
}

/* Works are queued on any CPU, also one that is offline: then an unbound worker runs them. */
static int queue_works(void *arg)
{
    struct tormentor *self = arg;
    struct workqueue_struct *wq = alloc_workqueue("torture_wq", true);
    struct torture_work works[4];

    for (unsigned i = 0; i < 4; i++) {
        INIT_WORK(&works[i].work, run_work);
        atomic_init(&works[i].runs, 0);
        atomic_init(&works[i].running, false);
    }
    while (!kthread_should_stop()) {
        struct torture_work *torture = &works[sim_rng_below(&self->rng, 4)];
        unsigned before = atomic_load(&torture->runs);

        queue_work_on(sim_rng_below(&self->rng, nr_cpu_ids), wq, &torture->work);
        /* Once more while it may be running: it must not run twice at once. */
        if (sim_rng_below(&self->rng, 2))
            sched_yield();
        if (sim_rng_below(&self->rng, 2))
            queue_work_on(sim_rng_below(&self->rng, nr_cpu_ids), wq, &torture->work);
        flush_work(&torture->work);
        SIM_CHECK(atomic_load(&torture->runs) > before, "a flushed work has not run");
        atomic_fetch_add(&counters.works, 1);
    }
    destroy_workqueue(wq);
    return 0;
}

/* ---- the scenario ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    kthread_fn run;
    unsigned number; /* of a plain probe of its own */
} threads_to_run[] = {
    /* clang-format off: one row a thread */
    { "hotplug/0", move_cpus, 0 },     { "hotplug/1", move_cpus, 1 }, { "modprobe/0", load_modules, 0 },
    { "modprobe/1", load_modules, 1 }, { "reader/0", look, 0 },       { "reader/1", look, 1 },
    { "kblockd", queue_works, 0 },
    /* clang-format on */
};

#define NR_THREADS (sizeof(threads_to_run) / sizeof(threads_to_run[0]))

static void print_rate(const char *what, atomic_ulong *counter, double seconds)
{
    unsigned long count = atomic_load(counter);

    printf("  %-28s %10lu %12.0f a second\n", what, count, (double)count / seconds);
}

static void print_throughput(const struct sim_options *options, double seconds)
{
    printf("torture: %u CPUs, %.1f s, seed %" PRIu64 "\n", options->cpus, seconds, options->seed);
    print_rate("cpu_up() returned 0", &counters.ups, seconds);
    print_rate("cpu_down() returned 0", &counters.downs, seconds);
    print_rate("of either rolled back", &counters.rollbacks, seconds);
    print_rate("callbacks registered", &counters.loads, seconds);
    print_rate("registrations rolled back", &counters.refusals, seconds);
    print_rate("looks under the read lock", &counters.looks, seconds);
    print_rate("works queued and flushed", &counters.works, seconds);
}

int hotplug_torture(const struct sim_options *options)
{
    struct cpuhp_config config = { .nr_cpus = options->cpus, .split_maps = true, .order = CPUHP_ORDER_FREE };
    struct tormentor tormentors[NR_THREADS];
    struct kthread *threads[NR_THREADS];
    uint64_t start;
    unsigned cpu;
    int err;

    cpuhp_init(&config);
    devtmpfs_boot(false);
    residents_register();
    err = msr_init();
    SIM_CHECK(!err, "the msr driver cannot be loaded: error %d", err);
    start = sim_clock_ns();
    for (size_t i = 0; i < NR_THREADS; i++) {
        tormentors[i].number = threads_to_run[i].number;
        sim_rng_init(&tormentors[i].rng, options->seed, i);
        threads[i] = kthread_run(threads_to_run[i].run, &tormentors[i], "%s", threads_to_run[i].name);
    }
    sim_sleep_seconds(options->seconds);
    for (size_t i = 0; i < NR_THREADS; i++)
        kthread_stop(threads[i]);
    print_throughput(options, (double)(sim_clock_ns() - start) / 1e9);

    for_each_possible_cpu (cpu) {
        err = cpu_up(cpu);
        SIM_CHECK(!err, "CPU %u does not come up at the end: error %d", cpu, err);
    }
    msr_exit();
    residents_remove();
    devtmpfs_exit();
    cpuhp_exit();
    printf("torture: all invariants held\n");
    return 0;
}
