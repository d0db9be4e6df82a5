/* SPDX-License-Identifier: MIT */
/*
 * mm_reclaim.c: the deadlock that commit a459eeb7b852 removed, a simple one of two locks:
 *
 *   bash brings a CPU up: cpu_hotplug_lock for writing, then per-CPU memory for the new CPU: pcpu_alloc_mutex
 *   bpf makes a per-CPU map when pages are short: pcpu_alloc_mutex, then drain_all_pages(): cpu_hotplug_lock
 *
 * Both locks are single ones and both tasks could run at the same time: it can hang, and lockval says so (feasible).
 *
 * The drain is not there for show: all free pages but one are taken, and that one lies on the list of another CPU.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpuhp.h"
#include "kernel/check.h"
#include "kernel/percpu.h"
#include "mm/lru.h"
#include "mm/page_alloc.h"
#include "mm/pcpu.h"
#include "mm_machine.h"
#include "mm_scenarios.h"
#include "scenario.h"

enum {
    PAGES = 1024,
    BPF_CPU = 0,
    OTHER_CPU = 1,     /* whose list has the last free page */
    BPF_MAP_AREAS = 64 /* as many as a chunk has: the map needs a new chunk, because bash's area is in the first one */
};

/* The tasks take turns, so nothing here needs a lock. */
struct reclaim_run {
    unsigned new_cpu; /* that bash brings up */
    struct pcpu_area map[BPF_MAP_AREAS];
    struct page *hoarded[PAGES];
    unsigned nr_hoarded;
};

/* ---- the hotplug callback: a CPU needs memory for calls of functions on it --------------------------------------- */

static struct pcpu_area smpcfd_areas[NR_CPUS]; /* the hotplug lock, for writing */

static int smpcfd_prepare_cpu(unsigned cpu)
{
    return pcpu_alloc(&smpcfd_areas[cpu]);
}

static int smpcfd_dead_cpu(unsigned cpu)
{
    if (smpcfd_areas[cpu].chunk)
        pcpu_free(&smpcfd_areas[cpu]);
    return 0;
}

static const char *outcome(int err)
{
    return err ? strerror(-err) : "ok";
}

/* ---- the tasks --------------------------------------------------------------------------------------------------- */

static int run_bash(void *arg)
{
    const struct reclaim_run *run = arg;
    int err = cpu_up(run->new_cpu);

    printf("bash: CPU %u came up: %s\n", run->new_cpu, outcome(err));
    return err;
}

/* Takes all free pages. Gives back as many as a chunk needs, the first of them on another CPU. */
static int run_hog(void *arg)
{
    struct reclaim_run *run = arg;
    struct page *page;

    while ((page = alloc_page(GFP_NOWAIT)) != NULL)
        run->hoarded[run->nr_hoarded++] = page;
    if (run->nr_hoarded < nr_cpu_ids)
        return -ENOMEM;
    set_current_cpu(OTHER_CPU);
    put_page(run->hoarded[--run->nr_hoarded]);
    set_current_cpu(BPF_CPU);
    for (unsigned i = 1; i < nr_cpu_ids; i++)
        put_page(run->hoarded[--run->nr_hoarded]);
    printf("hog: took %u pages; %u free page is left on CPU %u\n", run->nr_hoarded, pcp_count(OTHER_CPU), OTHER_CPU);
    return 0;
}

static int run_bpf(void *arg)
{
    struct reclaim_run *run = arg;
    int err = 0;

    for (unsigned i = 0; i < BPF_MAP_AREAS && !err; i++)
        err = pcpu_alloc(&run->map[i]);
    printf("bpf: made a per-CPU map on CPU %u: %s; %u free pages are left on CPU %u\n", BPF_CPU, outcome(err),
           pcp_count(OTHER_CPU), OTHER_CPU);
    return err || pcp_count(OTHER_CPU) > 0 ? -EIO : 0;
}

/* ---- the scenarios ----------------------------------------------------------------------------------------------- */

static void release_all(struct reclaim_run *run)
{
    for (unsigned i = 0; i < BPF_MAP_AREAS; i++) {
        if (run->map[i].chunk)
            pcpu_free(&run->map[i]);
    }
    release_pages(run->hoarded, run->nr_hoarded);
    cpuhp_remove_state_nocalls(CPUHP_SMPCFD_PREPARE);
    for (unsigned cpu = 0; cpu < nr_cpu_ids; cpu++)
        smpcfd_dead_cpu(cpu);
}

static int run_reclaim(const struct sim_options *options, bool drain_holds_cpus)
{
    /* The CPU that comes up is the last one; of two it is also the one whose list is drained. */
    const struct mm_machine machine = {
        .cpus = options->cpus,
        .boot_cpus = options->cpus - 1,
        .pages = PAGES,
        .in_order = true,
        .split_maps = true,
        .page_drain_holds_cpus = drain_holds_cpus,
        .pins_drain_all = true,
    };
    struct reclaim_run *run = sim_alloc(1, sizeof(*run));
    const struct sim_task tasks[] = {
        { "bash", BPF_CPU, run_bash, run },
        { "hog", BPF_CPU, run_hog, run },
        { "bpf", BPF_CPU, run_bpf, run },
    };
    int err;

    run->new_cpu = options->cpus - 1;
    mm_machine_boot(&machine);
    err = cpuhp_setup_state_nocalls(CPUHP_SMPCFD_PREPARE, "smpcfd:prepare", smpcfd_prepare_cpu, smpcfd_dead_cpu);
    SIM_CHECK(!err, "cannot register smpcfd:prepare: %d", err);
    err = sim_run_in_turns(tasks, sizeof(tasks) / sizeof(tasks[0]));
    release_all(run);
    mm_machine_exit();
    free(run);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int mm_run_page_alloc(const struct sim_options *options)
{
    return run_reclaim(options, true);
}

int mm_run_page_alloc_fix(const struct sim_options *options)
{
    return run_reclaim(options, false);
}
