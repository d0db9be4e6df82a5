/* SPDX-License-Identifier: MIT */
/*
 * page.c: owns the array of page frames. The array is made at boot and never moves, so a page found without a reference
 * (under rcu_read_lock, in the page cache) is always memory that may be looked at; get_page_unless_zero() then tells
 * whether it is still somebody's page. The counts are plain atomics.
 */
#include "mm/page.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel/check.h"

static struct {
    struct page *frames; /* constant after boot */
    unsigned nr_frames;  /* constant after boot */
    unsigned nr_nodes;   /* constant after boot */
} mem;

int page_boot(unsigned nr_pages, unsigned nr_nodes)
{
    mem.frames = calloc(nr_pages, sizeof(*mem.frames));
    if (!mem.frames)
        return -ENOMEM;
    mem.nr_frames = nr_pages;
    mem.nr_nodes = nr_nodes;
    for (unsigned pfn = 0; pfn < nr_pages; pfn++) {
        mem.frames[pfn].nid = pfn * nr_nodes / nr_pages;
        CDS_INIT_LIST_HEAD(&mem.frames[pfn].lru);
    }
    return 0;
}

void page_exit(void)
{
    free(mem.frames);
    mem.frames = NULL;
}

unsigned page_total(void)
{
    return mem.nr_frames;
}

unsigned page_nodes(void)
{
    return mem.nr_nodes;
}

struct page *page_from_pfn(unsigned pfn)
{
    return &mem.frames[pfn];
}

unsigned page_to_pfn(const struct page *page)
{
    return (unsigned)(page - mem.frames);
}

unsigned cpu_to_node(unsigned cpu)
{
    return cpu % mem.nr_nodes;
}

void get_page(struct page *page)
{
    int old = atomic_fetch_add_explicit(&page->count, 1, memory_order_relaxed);

    SIM_CHECK(old > 0, "get_page on free page %u", page_to_pfn(page));
}

bool get_page_unless_zero(struct page *page)
{
    int count = atomic_load_explicit(&page->count, memory_order_relaxed);

    while (count > 0) {
        if (atomic_compare_exchange_weak_explicit(&page->count, &count, count + 1, memory_order_acq_rel,
                                                  memory_order_relaxed))
            return true;
    }
    return false;
}

bool put_page_testzero(struct page *page)
{
    int old = atomic_fetch_sub_explicit(&page->count, 1, memory_order_acq_rel);

    SIM_CHECK(old > 0, "put_page on free page %u", page_to_pfn(page));
    return old == 1;
}

void page_add_mapping(struct page *page)
{
    atomic_fetch_add_explicit(&page->mapcount, 1, memory_order_acq_rel);
}

void page_remove_mapping(struct page *page)
{
    int old = atomic_fetch_sub_explicit(&page->mapcount, 1, memory_order_acq_rel);

    SIM_CHECK(old > 0, "page %u unmapped more often than mapped", page_to_pfn(page));
}
