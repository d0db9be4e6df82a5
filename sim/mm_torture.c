/* SPDX-License-Identifier: MIT */
/*
 * mm_torture.c: everything at once on the fixed code. Workers write, read, map, truncate, seal and splice files, move
 * pages along the LRU lists, and drain; one thread takes CPUs down and up; one loads and unloads a driver. It runs in
 * rounds of a second. Between two rounds all threads have ended, and the books of all pages are closed (mm/audit.h).
 * While CPUs come and go, each that went is looked at: a dead CPU keeps no page.
 *
 * The state of the torture is the main thread's between rounds; during a round each field says whose it is.
 */
#include "mm_torture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpuhp.h"
#include "fs/pipe.h"
#include "kernel/check.h"
#include "kernel/kthread.h"
#include "kernel/percpu.h"
#include "mm/audit.h"
#include "mm/mm.h"
#include "mm_machine.h"
#include "mm_scenarios.h"
#include "msr.h"

enum {
    ROUND_SECONDS = 1,
    PIN_WAIT_US = 50 /* short: sealing a file with a pinned page fails, and need not take long */
};

/* ---- threads ----------------------------------------------------------------------------------------------------- */

static int run_worker(void *arg)
{
    struct worker *worker = arg;
    struct torture *torture = worker->torture;

    while (!atomic_load_explicit(&torture->stop, memory_order_relaxed))
        torture_do_one(worker);
    return 0;
}

static int run_hotplug(void *arg)
{
    struct torture *torture = arg;
    struct sim_rng rng;

    sim_rng_init(&rng, torture->seed + torture->round, NR_CPUS);
    while (!atomic_load_explicit(&torture->stop, memory_order_relaxed)) {
        unsigned cpu = sim_rng_below(&rng, nr_cpu_ids);
        int err;

        set_current_cpu(sim_rng_below(&rng, nr_cpu_ids));
        if (cpu_online(cpu)) {
            err = cpu_down(cpu);
            SIM_CHECK(!err || err == -EBUSY, "CPU %u does not go down: %d", cpu, err);
            if (!err) {
                mm_check_dead_cpu(cpu);
                atomic_fetch_add(&torture->downs, 1);
            }
        } else {
            err = cpu_up(cpu);
            SIM_CHECK(!err, "CPU %u does not come up: %d", cpu, err);
            atomic_fetch_add(&torture->ups, 1);
        }
    }
    return 0;
}

static int run_driver(void *arg)
{
    struct torture *torture = arg;

    while (!atomic_load_explicit(&torture->stop, memory_order_relaxed)) {
        int err = msr_init();

        SIM_CHECK(!err, "msr does not load: %d", err);
        msr_exit();
        atomic_fetch_add(&torture->loads, 1);
    }
    return 0;
}

/* ---- rounds ------------------------------------------------------------------------------------------------------ */

static void run_round(struct torture *torture, struct worker *workers, unsigned nr_workers)
{
    struct kthread *hotplug;
    struct kthread *driver;

    atomic_store(&torture->stop, false);
    for (unsigned i = 0; i < nr_workers; i++)
        workers[i].thread = kthread_run(run_worker, &workers[i], "torture/%u", i);
    hotplug = kthread_run(run_hotplug, torture, "hotplug");
    driver = kthread_run(run_driver, torture, "modprobe");
    sim_sleep_seconds(ROUND_SECONDS);
    atomic_store(&torture->stop, true);
    for (unsigned i = 0; i < nr_workers; i++)
        kthread_join(workers[i].thread);
    kthread_join(hotplug);
    kthread_join(driver);
}

static void check_round(struct worker *workers, unsigned nr_workers)
{
    struct page_audit audit;

    for (unsigned cpu = 0; cpu < nr_cpu_ids; cpu++) {
        if (!cpu_online(cpu))
            mm_check_dead_cpu(cpu);
    }
    audit_begin(&audit);
    mm_machine_audit(&audit);
    for (unsigned i = 0; i < nr_workers; i++) {
        pipe_audit(workers[i].pipe, &audit);
        if (workers[i].pinned)
            audit_reference(&audit, workers[i].pinned);
    }
    audit_end(&audit);
}

static void print_results(struct torture *torture, const struct worker *workers, unsigned nr_workers,
                          const struct sim_options *options)
{
    struct worker sum = { .sealed = 0 };
    unsigned long total = 0;

    for (unsigned i = 0; i < nr_workers; i++) {
        for (unsigned op = 0; op < NR_OPS; op++) {
            sum.done[op] += workers[i].done[op];
            total += workers[i].done[op];
        }
        sum.sealed += workers[i].sealed;
        sum.busy += workers[i].busy;
        sum.no_memory += workers[i].no_memory;
    }
    printf("torture: %u s, %u CPUs, %u pages, seed %" PRIu64 ": %lu operations, %lu/s\n", options->seconds,
           options->cpus, options->pages, options->seed, total, total / options->seconds);
    for (unsigned op = 0; op < NR_OPS; op++)
        printf("  %-18s%10lu\n", torture_op_name((enum op)op), sum.done[op]);
    printf("  files sealed %lu, busy %lu; out of memory %lu times\n", sum.sealed, sum.busy, sum.no_memory);
    printf("  CPUs taken down %lu, brought up %lu; driver loaded %lu times\n", atomic_load(&torture->downs),
           atomic_load(&torture->ups), atomic_load(&torture->loads));
    printf("  all invariants hold, checked %u times\n", torture->round);
}

int mm_run_torture(const struct sim_options *options)
{
    const struct mm_machine machine = {
        .cpus = options->cpus,
        .pages = options->pages,
        .split_maps = true,
        .pins_drain_all = true,
        .pin_wait_us = PIN_WAIT_US,
    };
    unsigned nr_workers = options->cpus;
    struct torture *torture = sim_alloc(1, sizeof(*torture));
    struct worker *workers = sim_alloc(nr_workers, sizeof(*workers));

    torture->seed = options->seed;
    mm_machine_boot(&machine);
    torture_fill_slots(torture);
    for (unsigned i = 0; i < nr_workers; i++)
        torture_init_worker(&workers[i], torture, i);
    for (torture->round = 0; torture->round < options->seconds / ROUND_SECONDS; torture->round++) {
        run_round(torture, workers, nr_workers);
        check_round(workers, nr_workers);
    }
    print_results(torture, workers, nr_workers, options);
    for (unsigned i = 0; i < nr_workers; i++)
        torture_release_worker(&workers[i]);
    torture_empty_slots(torture);
    mm_machine_exit();
    free(workers);
    free(torture);
    return EXIT_SUCCESS;
}
