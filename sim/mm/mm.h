/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_MM_H
#define SIM_MM_MM_H

/*
 * mm.h: boot and end of the simulated memory management, and what its parts share.
 *
 * Lock order of the mm, outermost first: the drain mutexes, then a CPU (get_cpu), then the spinlocks (lru_lock,
 * zone->lock, tree_lock), of which at most one is held at a time.
 */

#include <stdbool.h>

#include "kernel/workqueue.h"

struct page_audit;

enum {
    MAX_NODES = 2 /* the machine has two nodes when it has more than one CPU */
};

struct mm_config {
    unsigned pages;             /* page frames of the machine */
    bool lru_drain_holds_cpus;  /* lru_add_drain_all() takes the hotplug lock: before commit 9852a7212324 */
    bool page_drain_holds_cpus; /* drain_all_pages() does: before commit a459eeb7b852 */
};

/*
 * Boot: makes the pages, the workqueue, and registers the hotplug callbacks that empty the lists of a dead CPU. Ends
 * the program when there is no memory. Context: after cpuhp_init().
 */
void mm_boot(const struct mm_config *config);

/* The end. All pages must be free or in nobody's use. Context: before cpuhp_exit(). */
void mm_exit(void);

/* The workqueue of all drains. It has a rescuer: drains are what gets memory back when there is none. */
struct workqueue_struct *mm_percpu_wq(void);

/* Ends the program with a message if @cpu, which is dead and stays so during the call, still keeps pages. */
void mm_check_dead_cpu(unsigned cpu);

/* Enters all that the mm keeps by itself (free lists, LRU lists, pagevecs) into @audit. Context: the machine is at
 * rest. */
void mm_audit(struct page_audit *audit);

#endif
