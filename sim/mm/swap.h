/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_SWAP_H
#define SIM_MM_SWAP_H

/*
 * swap.h: the way of pages to the LRU lists and along them. Requests are collected in five pagevecs a CPU, one for each
 * kind, and done 14 at a time. While a page waits in one, the pagevec holds a reference to it.
 *
 * Code that needs all pages to have arrived (and their references gone) drains: its own CPU by lru_add_drain(), which
 * is cheap, or all CPUs by lru_add_drain_all(), which sends a work item to each and waits.
 */

#include <stdbool.h>

struct page;
struct page_audit;

/* @drain_holds_cpus: lru_add_drain_all() takes the hotplug lock, as before commit 9852a7212324. */
void swap_boot(bool drain_holds_cpus);

/*
 * Requests. Each takes a reference of its own when the page qualifies, and does nothing otherwise.
 * Context: any thread that holds a reference, no spinlock of the mm held.
 */
void lru_cache_add(struct page *page);           /* a new page, not on the LRU yet: put it there */
void rotate_reclaimable_page(struct page *page); /* written back: first to go, at the tail of its inactive list */
void deactivate_file_page(struct page *page);    /* not needed soon: to the inactive list */
void mark_page_lazyfree(struct page *page);      /* its content may be dropped: to the inactive file list */
void activate_page(struct page *page);           /* in use: to the active list */
void mark_page_accessed(struct page *page);      /* used once more; the second time on an inactive list activates it */

/* Does all that waits on @cpu. Context: @cpu is the current CPU with preemption off, or it is dead. */
void lru_add_drain_cpu(unsigned cpu);

/* The same for the current CPU. Context: any thread, no spinlock of the mm held. */
void lru_add_drain(void);

/*
 * The same for all CPUs that have something waiting, which it asks by work items, and waits for them. What a caller put
 * into a pagevec before the call is out of it afterwards; but without the hotplug lock, a CPU that goes down meanwhile
 * may still be on the way to empty its own. Context: may block.
 */
void lru_add_drain_all(void);

/* How many pages wait on @cpu. Any thread may ask; exact only when that CPU is idle or dead. */
unsigned lru_pagevec_count(unsigned cpu);

/* Enters all pages in pagevecs into @audit. Context: the machine is at rest. */
void swap_audit(struct page_audit *audit);

#endif
