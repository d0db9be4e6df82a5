/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_PAGE_ALLOC_H
#define SIM_MM_PAGE_ALLOC_H

/*
 * page_alloc.h: the page allocator. Each node has a zone of free pages behind a spinlock; each CPU keeps a few pages of
 * each zone on a list of its own (pcp), which needs no lock but the CPU itself.
 *
 * The price of the per-CPU lists: an allocation may fail while free pages lie on the lists of other CPUs. Reclaim then
 * asks all CPUs to give theirs back (drain_all_pages). How it keeps CPUs from vanishing meanwhile is the subject of the
 * scenarios page-alloc and page-alloc-fix.
 */

#include <stdbool.h>

#include "mm/page.h"

struct page_audit;

enum gfp {
    GFP_NOWAIT, /* take what this CPU and the zones have */
    GFP_KERNEL  /* when that is nothing, drain all CPUs and try again; may block */
};

/* @drain_holds_cpus: drain_all_pages() takes the hotplug lock, as before commit a459eeb7b852. */
void page_alloc_boot(bool drain_holds_cpus);

/* Returns: a page with count 1 and no flags, or null when there is none. Context: any thread; GFP_KERNEL may block. */
struct page *alloc_page(enum gfp gfp);

/* Gives back a page whose count is 0, that is on no list and in no mapping. Context: any thread, no spinlock of
 * the mm held. */
void free_page(struct page *page);

/* Moves the pages on @cpu's lists to the zones. Context: @cpu is the current CPU with preemption off, or it is dead. */
void drain_pages(unsigned cpu);

/* drain_pages() for all online CPUs, by a work item on each. Does nothing while another drain runs. Context: may
 * block. */
void drain_all_pages(void);

/* How many pages @cpu's lists hold. Any thread may ask; exact only when that CPU is idle or dead. */
unsigned pcp_count(unsigned cpu);

/* Enters all free pages into @audit. Context: the machine is at rest. */
void page_alloc_audit(struct page_audit *audit);

#endif
