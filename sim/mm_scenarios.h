/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_SCENARIOS_H
#define SIM_MM_SCENARIOS_H

/*
 * mm_scenarios.h: what mm_sim can run; mm_sim.c has the table that says what each is.
 * Returns of all: the exit status of the program, 0 when all came out as the scenario's code should make it.
 */

struct sim_options;

/* mm_seal.c: the reported deadlock, and what was proposed and done about it */
int mm_run_reported(const struct sim_options *options);
int mm_run_split(const struct sim_options *options);
int mm_run_shmem_fix(const struct sim_options *options);
int mm_run_drain_fix(const struct sim_options *options);

/* mm_hang.c: the same circle, with those that it takes to close it */
int mm_run_reported_with_writers(const struct sim_options *options);
int mm_run_hang(const struct sim_options *options);

/* mm_reclaim.c: drain_all_pages() against the hotplug lock */
int mm_run_page_alloc(const struct sim_options *options);
int mm_run_page_alloc_fix(const struct sim_options *options);

/* mm_torture.c */
int mm_run_torture(const struct sim_options *options);

#endif
