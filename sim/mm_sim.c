/* SPDX-License-Identifier: MIT */
/*
 * mm_sim.c: the simulated memory management as a program: the table of its scenarios.
 */
#include "mm_scenarios.h"
#include "scenario.h"

static const struct scenario scenarios[] = {
    {
        .name = "reported",
        .runs = "4.13-next: msr registers with CPU hotplug, a splice, a memfd is sealed (--order: one after another)",
        .expected = "event, potential",
        .min_cpus = 2,
        .takes = SIM_TAKES_ORDER | SIM_TAKES_WRITERS,
        .run = mm_run_reported,
    },
    {
        .name = "split",
        .runs = "the same, with the hotplug map and completion split into up and down",
        .expected = "event, potential",
        .min_cpus = 2,
        .takes = SIM_TAKES_ORDER,
        .run = mm_run_split,
    },
    {
        .name = "hang",
        .runs = "what was reported, with a freezer and CPU hotplug, all of which meet: it hangs (--forever: for good)",
        .expected = "deadlock, deadlock",
        .min_cpus = 2,
        .takes = SIM_TAKES_FOREVER,
        .run = mm_run_hang,
    },
    {
        .name = "shmem-fix",
        .runs = "the rejected patch: a sealer does not drain the other CPUs, and fails with EBUSY",
        .expected = "clean",
        .min_cpus = 2,
        .run = mm_run_shmem_fix,
    },
    {
        .name = "drain-fix",
        .runs = "the merged patch: draining all CPUs takes no hotplug lock; sealing works while CPUs come and go",
        .expected = "clean",
        .min_cpus = 2,
        .run = mm_run_drain_fix,
    },
    {
        .name = "page-alloc",
        .runs = "before a459eeb7b852: percpu memory for a new CPU, and reclaim that drains all CPUs",
        .expected = "circular, feasible",
        .min_cpus = 2,
        .run = mm_run_page_alloc,
    },
    {
        .name = "page-alloc-fix",
        .runs = "after it: drain_all_pages() takes no hotplug lock",
        .expected = "clean",
        .min_cpus = 2,
        .run = mm_run_page_alloc_fix,
    },
    {
        .name = "torture",
        .runs = "the fixed code: files, seals, splices, drains and hotplug at once; no page may be lost",
        .expected = "clean",
        .min_cpus = 2,
        .takes = SIM_TAKES_SECONDS | SIM_TAKES_SEED | SIM_TAKES_PAGES,
        .run = mm_run_torture,
    },
};

int main(int argc, char **argv)
{
    const struct sim_program program = {
        .name = "mm_sim",
        .purpose = "a small kernel's memory management, with the locks of Linux 4.13 to 4.16, on real threads",
        .scenarios = scenarios,
        .nr_scenarios = sizeof(scenarios) / sizeof(scenarios[0]),
    };

    return sim_main(argc, argv, &program);
}
