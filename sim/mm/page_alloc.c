/* SPDX-License-Identifier: MIT */
/*
 * page_alloc.c: owns the free pages. Zone lists are protected by zone->lock. A CPU's pcp lists are touched only by a
 * thread that has that CPU to itself (get_cpu), or by the control CPU once it is dead; only their counts are read from
 * outside, as a hint whom to ask for a drain.
 *
 * drain_all_pages() without the hotplug lock is safe for two reasons. A work item that comes late, when its CPU is
 * gone, runs in an unbound worker: it then drains whatever CPU it is on, with preemption off, which does no harm. And
 * the lists of the CPU that went are drained by page_alloc_cpu_dead() (mm.c), which runs after nobody can be on that
 * CPU any more.
 */
#include "mm/page_alloc.h"

#include "cpuhp.h"
#include "kernel/check.h"
#include "kernel/mutex.h"
#include "kernel/percpu.h"
#include "kernel/spinlock.h"
#include "kernel/workqueue.h"
#include "mm/audit.h"
#include "mm/mm.h"

enum {
    PCP_BATCH = 4, /* pages that go between a zone and a CPU in one turn */
    PCP_HIGH = 12  /* a CPU with more than this gives a batch back */
};

struct zone {
    spinlock_t lock;
    struct cds_list_head free; /* lock */
};

struct pcp_list {
    struct cds_list_head pages; /* the CPU's owner: get_cpu, or the control CPU when it is dead */
    atomic_uint count;          /* written by the owner, read by all as a hint */
};

static struct {
    struct zone zones[MAX_NODES];
    struct pcp_list pcp[NR_CPUS][MAX_NODES];
    struct mutex drain_mutex;                /* one drain of all CPUs at a time */
    struct work_struct drain_works[NR_CPUS]; /* drain_mutex */
    bool drain_holds_cpus;                   /* constant after boot */
} alloc;

void page_alloc_boot(bool drain_holds_cpus)
{
    struct mutex *pcpu_drain_mutex = &alloc.drain_mutex;

    alloc.drain_holds_cpus = drain_holds_cpus;
    mutex_init(pcpu_drain_mutex);
    for (unsigned nid = 0; nid < MAX_NODES; nid++) {
        struct zone *zone = &alloc.zones[nid];

        spin_lock_init(&zone->lock);
        CDS_INIT_LIST_HEAD(&zone->free);
        for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
            CDS_INIT_LIST_HEAD(&alloc.pcp[cpu][nid].pages);
            atomic_init(&alloc.pcp[cpu][nid].count, 0);
        }
    }
    for (unsigned pfn = 0; pfn < page_total(); pfn++) {
        struct page *page = page_from_pfn(pfn);

        cds_list_add_tail(&page->lru, &alloc.zones[page->nid].free);
    }
}

static void pcp_add(struct pcp_list *pcp, struct page *page)
{
    cds_list_add(&page->lru, &pcp->pages);
    atomic_fetch_add_explicit(&pcp->count, 1, memory_order_release);
}

static struct page *pcp_take(struct pcp_list *pcp)
{
    struct page *page;

    if (cds_list_empty(&pcp->pages))
        return NULL;
    page = cds_list_first_entry(&pcp->pages, struct page, lru);
    cds_list_del(&page->lru);
    atomic_fetch_sub_explicit(&pcp->count, 1, memory_order_release);
    return page;
}

/* Gives up to @nr pages of @pcp back to @zone. */
static void pcp_flush(struct pcp_list *pcp, struct zone *zone, unsigned nr)
{
    spin_lock(&zone->lock);
    while (nr-- > 0) {
        struct page *page = pcp_take(pcp);

        if (!page)
            break;
        cds_list_add_tail(&page->lru, &zone->free);
    }
    spin_unlock(&zone->lock);
}

static void pcp_refill(struct pcp_list *pcp, struct zone *zone)
{
    spin_lock(&zone->lock);
    for (unsigned i = 0; i < PCP_BATCH && !cds_list_empty(&zone->free); i++) {
        struct page *page = cds_list_first_entry(&zone->free, struct page, lru);

        cds_list_del(&page->lru);
        pcp_add(pcp, page);
    }
    spin_unlock(&zone->lock);
}

/* The near node first, then the others. */
static struct page *take_page(void)
{
    unsigned cpu = get_cpu();
    unsigned home = cpu_to_node(cpu);
    struct page *page = NULL;

    for (unsigned i = 0; i < page_nodes() && !page; i++) {
        unsigned nid = (home + i) % page_nodes();
        struct pcp_list *pcp = &alloc.pcp[cpu][nid];

        if (cds_list_empty(&pcp->pages))
            pcp_refill(pcp, &alloc.zones[nid]);
        page = pcp_take(pcp);
    }
    put_cpu();
    return page;
}

struct page *alloc_page(enum gfp gfp)
{
    struct page *page = take_page();

    if (!page && gfp == GFP_KERNEL) {
        drain_all_pages();
        page = take_page();
    }
    if (!page)
        return NULL;
    SIM_CHECK(page_count(page) == 0, "page %u is on a free list with count %d", page_to_pfn(page), page_count(page));
    CDS_INIT_LIST_HEAD(&page->lru);
    atomic_store_explicit(&page->flags, 0, memory_order_relaxed);
    atomic_store_explicit(&page->count, 1, memory_order_release);
    return page;
}

void free_page(struct page *page)
{
    unsigned cpu;
    struct pcp_list *pcp;

    SIM_CHECK(page_count(page) == 0, "page %u freed with count %d", page_to_pfn(page), page_count(page));
    SIM_CHECK(page_mapcount(page) == 0, "page %u freed while mapped", page_to_pfn(page));
    SIM_CHECK(!page_test(page, PG_LRU), "page %u freed while on an LRU list", page_to_pfn(page));
    SIM_CHECK(!page->mapping, "page %u freed while in the page cache", page_to_pfn(page));
    cpu = get_cpu();
    pcp = &alloc.pcp[cpu][page->nid];
    pcp_add(pcp, page);
    if (atomic_load_explicit(&pcp->count, memory_order_relaxed) > PCP_HIGH)
        pcp_flush(pcp, &alloc.zones[page->nid], PCP_BATCH);
    put_cpu();
}

void drain_pages(unsigned cpu)
{
    for (unsigned nid = 0; nid < page_nodes(); nid++) {
        struct pcp_list *pcp = &alloc.pcp[cpu][nid];

        if (!cds_list_empty(&pcp->pages))
            pcp_flush(pcp, &alloc.zones[nid], page_total());
    }
}

static void drain_local_pages_wq(struct work_struct *work)
{
    (void)work;
    /* The CPU for which this was queued may be gone; then any other is as good. But it must not change half way. */
    drain_pages(get_cpu());
    put_cpu();
}

void drain_all_pages(void)
{
    bool asked[NR_CPUS] = { false };

    if (alloc.drain_holds_cpus)
        cpus_read_lock();
    if (mutex_trylock(&alloc.drain_mutex)) {
        for (unsigned cpu = 0; cpu < nr_cpu_ids; cpu++) {
            struct work_struct *work = &alloc.drain_works[cpu];

            if (!cpu_online(cpu) || pcp_count(cpu) == 0)
                continue;
            INIT_WORK(work, drain_local_pages_wq);
            queue_work_on(cpu, mm_percpu_wq(), work);
            asked[cpu] = true;
        }
        for (unsigned cpu = 0; cpu < nr_cpu_ids; cpu++) {
            if (asked[cpu])
                flush_work(&alloc.drain_works[cpu]);
        }
        mutex_unlock(&alloc.drain_mutex);
    }
    if (alloc.drain_holds_cpus)
        cpus_read_unlock();
}

unsigned pcp_count(unsigned cpu)
{
    unsigned count = 0;

    for (unsigned nid = 0; nid < page_nodes(); nid++)
        count += atomic_load_explicit(&alloc.pcp[cpu][nid].count, memory_order_acquire);
    return count;
}

static void audit_list(struct page_audit *audit, struct cds_list_head *list, unsigned nid)
{
    struct page *page;

    cds_list_for_each_entry (page, list, lru) {
        SIM_CHECK(page->nid == nid, "page %u is free in node %u, but belongs to %u", page_to_pfn(page), nid, page->nid);
        audit_place(audit, page, "free");
    }
}

void page_alloc_audit(struct page_audit *audit)
{
    for (unsigned nid = 0; nid < page_nodes(); nid++) {
        audit_list(audit, &alloc.zones[nid].free, nid);
        for (unsigned cpu = 0; cpu < nr_cpu_ids; cpu++)
            audit_list(audit, &alloc.pcp[cpu][nid].pages, nid);
    }
}
