/* SPDX-License-Identifier: MIT */
/*
 * lru.c: owns the LRU lists; each node's are protected by its lru_lock, and so are PG_LRU and the links of the pages
 * on them. Freeing happens after lru_lock was dropped: the allocator takes the CPU (get_cpu), and pagevecs are
 * flushed, which takes lru_lock, by threads that have taken the CPU already. CPU first, then spinlock, is the order
 * everywhere.
 */
#include "mm/lru.h"

#include "kernel/check.h"
#include "kernel/spinlock.h"
#include "mm/audit.h"
#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "mm/pagevec.h"

enum {
    RELEASE_BATCH = 32 /* at most so many pages are unlinked before the lock is given up */
};

struct lru_node {
    spinlock_t lru_lock;
    struct cds_list_head lists[NR_LRU_LISTS]; /* lru_lock */
};

static struct lru_node nodes[MAX_NODES];

void lru_boot(void)
{
    for (unsigned nid = 0; nid < MAX_NODES; nid++) {
        struct lru_node *pgdat = &nodes[nid];

        spin_lock_init(&pgdat->lru_lock);
        for (unsigned list = 0; list < NR_LRU_LISTS; list++)
            CDS_INIT_LIST_HEAD(&pgdat->lists[list]);
    }
}

static unsigned list_of(struct page *page)
{
    unsigned list = page_test(page, PG_SWAPBACKED) ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;

    return page_test(page, PG_ACTIVE) ? list + 1 : list;
}

void lru_for_each(struct page **pages, unsigned nr, void (*move)(struct page *page))
{
    struct lru_node *locked = NULL;

    for (unsigned i = 0; i < nr; i++) {
        struct lru_node *node = &nodes[pages[i]->nid];

        if (node != locked) {
            if (locked)
                spin_unlock(&locked->lru_lock);
            spin_lock(&node->lru_lock);
            locked = node;
        }
        move(pages[i]);
    }
    if (locked)
        spin_unlock(&locked->lru_lock);
}

void lru_add_page(struct page *page, enum lru_end end)
{
    struct cds_list_head *list = &nodes[page->nid].lists[list_of(page)];

    SIM_CHECK(!page_test(page, PG_LRU), "page %u is put on an LRU list twice", page_to_pfn(page));
    page_set(page, PG_LRU);
    if (end == LRU_HEAD)
        cds_list_add(&page->lru, list);
    else
        cds_list_add_tail(&page->lru, list);
}

void lru_del_page(struct page *page)
{
    SIM_CHECK(page_test(page, PG_LRU), "page %u is taken off the LRU, but is not on it", page_to_pfn(page));
    cds_list_del(&page->lru);
    CDS_INIT_LIST_HEAD(&page->lru);
    page_clear(page, PG_LRU);
}

/* Nobody has a reference any more, so PG_LRU can only be what it was: no lock is needed to read it. */
static void unlink_page(struct page *page)
{
    if (page_test(page, PG_LRU))
        lru_del_page(page);
}

void release_pages(struct page **pages, unsigned nr)
{
    struct page *unused[RELEASE_BATCH];
    unsigned done = 0;

    while (done < nr) {
        unsigned nr_unused = 0;

        for (; done < nr && nr_unused < RELEASE_BATCH; done++) {
            if (put_page_testzero(pages[done]))
                unused[nr_unused++] = pages[done];
        }
        lru_for_each(unused, nr_unused, unlink_page);
        for (unsigned i = 0; i < nr_unused; i++)
            free_page(unused[i]);
    }
}

void put_page(struct page *page)
{
    release_pages(&page, 1);
}

void lru_audit(struct page_audit *audit)
{
    for (unsigned nid = 0; nid < page_nodes(); nid++) {
        for (unsigned list = 0; list < NR_LRU_LISTS; list++) {
            struct page *page;

            cds_list_for_each_entry (page, &nodes[nid].lists[list], lru) {
                SIM_CHECK(page->nid == nid && list_of(page) == list && page_test(page, PG_LRU),
                          "page %u is on LRU list %u of node %u, but its flags say otherwise", page_to_pfn(page), list,
                          nid);
                audit_place(audit, page, "lru");
            }
        }
    }
}
