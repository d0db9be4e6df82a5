/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_PAGEVEC_H
#define SIM_MM_PAGEVEC_H

/*
 * pagevec.h: a small bag of pages, so that a lock is taken once for 14 pages and not once for each. Each entry holds a
 * reference to its page.
 */

#include <stdatomic.h>
#include <stdbool.h>

struct page;

enum {
    PAGEVEC_SIZE = 14
};

struct pagevec {
    atomic_uint nr;                   /* written by the owner (who that is, its user says); read by all as a hint */
    struct page *pages[PAGEVEC_SIZE]; /* owner; the first nr are in use */
};

static inline void pagevec_init(struct pagevec *pvec)
{
    atomic_init(&pvec->nr, 0);
}

static inline unsigned pagevec_count(struct pagevec *pvec)
{
    return atomic_load_explicit(&pvec->nr, memory_order_acquire);
}

/* Puts @page into @pvec, which is not full, with the reference that the caller holds. Returns: how many slots are
 * left. */
static inline unsigned pagevec_add(struct pagevec *pvec, struct page *page)
{
    unsigned nr = atomic_load_explicit(&pvec->nr, memory_order_relaxed);

    pvec->pages[nr] = page;
    atomic_store_explicit(&pvec->nr, nr + 1, memory_order_release);
    return PAGEVEC_SIZE - (nr + 1);
}

static inline void pagevec_reset(struct pagevec *pvec)
{
    atomic_store_explicit(&pvec->nr, 0, memory_order_release);
}

#endif
