/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_LRU_H
#define SIM_MM_LRU_H

/*
 * lru.h: the LRU lists. Each node has four (anonymous and file pages, inactive and active) behind one spinlock, the
 * node's lru_lock. A page is on the list that its flags say; PG_LRU says that it is on one at all. The lists hold no
 * reference: dropping the last reference takes a page off its list.
 */

#include <stdbool.h>

#include "mm/page.h"

struct page_audit;

enum lru_list {
    LRU_INACTIVE_ANON,
    LRU_ACTIVE_ANON,
    LRU_INACTIVE_FILE,
    LRU_ACTIVE_FILE,
    NR_LRU_LISTS
};

enum lru_end {
    LRU_HEAD, /* used most lately */
    LRU_TAIL  /* the next to go */
};

void lru_boot(void);

/*
 * Calls @move for each of the @nr pages with its node's lru_lock held, which is changed only where the node changes.
 * Context: any thread, no spinlock of the mm held.
 */
void lru_for_each(struct page **pages, unsigned nr, void (*move)(struct page *page));

/* Puts @page on the list that its flags say, or takes it off. Context: lru_lock of its node held. */
void lru_add_page(struct page *page, enum lru_end end);
void lru_del_page(struct page *page);

/* Drops one reference to each page, and frees those whose last it was. Context: any thread, no spinlock of the mm
 * held. */
void release_pages(struct page **pages, unsigned nr);
void put_page(struct page *page);

/* Enters all pages on LRU lists into @audit. Context: the machine is at rest. */
void lru_audit(struct page_audit *audit);

#endif
