/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_PAGE_H
#define SIM_MM_PAGE_H

/*
 * page.h: the page frames of the simulated machine and their reference counts.
 *
 * A page's count says how many places may still use it. Each of these holds one reference and nothing else does:
 *   - the page cache slot that points to it,
 *   - each pagevec entry that points to it (a page may sit in several pagevecs),
 *   - each pipe buffer, each mapping into a process (which also counts in mapcount),
 *   - each function that works on the page at the moment.
 * An LRU list holds no reference: a page leaves its list when the last reference goes. A free page has count 0.
 *
 * So "count - mapcount == 1" means that only the page cache has the page. Anything above is a pin, and a page that
 * waits in the pagevec of another CPU looks exactly like one: that is why sealing a file has to drain all CPUs.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <urcu/list.h>

struct address_space;

enum page_flag {
    PG_LRU = 1u << 0,        /* on an LRU list; written under the node's lru_lock */
    PG_ACTIVE = 1u << 1,     /* on an active list; under lru_lock while PG_LRU, else by whose add pagevec it is in */
    PG_REFERENCED = 1u << 2, /* used lately; atomic */
    PG_SWAPBACKED = 1u << 3, /* anonymous or shmem; under lru_lock while PG_LRU, else by the allocator */
    PG_DIRTY = 1u << 4       /* written since it came; atomic */
};

struct page {
    atomic_int count;              /* atomic; see above */
    atomic_int mapcount;           /* atomic; mappings into processes */
    atomic_uint flags;             /* atomic; enum page_flag says who may write which bit */
    atomic_ulong content;          /* atomic; stands for the page's 4096 bytes */
    struct address_space *mapping; /* the mapping's tree_lock; null outside of the page cache */
    unsigned long index;           /* the mapping's tree_lock; the place in the file */
    struct cds_list_head lru;      /* lru_lock of the node while PG_LRU; zone lock or CPU while free */
    unsigned nid;                  /* constant after boot; the node that the page belongs to */
};

/* Makes @nr_pages page frames, spread over @nr_nodes nodes. Returns: 0, or -ENOMEM. */
int page_boot(unsigned nr_pages, unsigned nr_nodes);
void page_exit(void);

unsigned page_total(void);
unsigned page_nodes(void);
struct page *page_from_pfn(unsigned pfn);
unsigned page_to_pfn(const struct page *page);

/* The node that @cpu is near to. */
unsigned cpu_to_node(unsigned cpu);

static inline int page_count(struct page *page)
{
    return atomic_load_explicit(&page->count, memory_order_acquire);
}

static inline int page_mapcount(struct page *page)
{
    return atomic_load_explicit(&page->mapcount, memory_order_acquire);
}

static inline bool page_test(struct page *page, unsigned flag)
{
    return (atomic_load_explicit(&page->flags, memory_order_acquire) & flag) != 0;
}

static inline void page_set(struct page *page, unsigned flag)
{
    atomic_fetch_or_explicit(&page->flags, flag, memory_order_acq_rel);
}

static inline void page_clear(struct page *page, unsigned flag)
{
    atomic_fetch_and_explicit(&page->flags, ~flag, memory_order_acq_rel);
}

/* Takes a reference; the caller holds one already (or the lock that keeps one alive). */
void get_page(struct page *page);

/* Takes a reference unless the page is free. The way in for those who found the page without owning it. */
bool get_page_unless_zero(struct page *page);

/* Drops a reference. Returns: true when it was the last: the caller must free the page (see put_page() in lru.h). */
bool put_page_testzero(struct page *page);

/* The page is mapped into one more process, or one less. Each mapping goes with a reference, which is the caller's. */
void page_add_mapping(struct page *page);
void page_remove_mapping(struct page *page);

#endif
