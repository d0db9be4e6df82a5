/* SPDX-License-Identifier: MIT */
/*
 * swap.c: owns the pagevecs of each CPU. A CPU's pagevecs are touched only by a thread that has the CPU to itself
 * (get_cpu), or by the control CPU once it is dead. From outside only their counts are read, as a hint whom to drain.
 *
 * lru_add_drain_all() comes in two forms. The older one takes the hotplug lock, so that no CPU can go between the
 * look at its pagevecs and the end of its work item; whoever calls it with a lock held makes that lock come before
 * the hotplug lock. The newer one does without, and loses no page, for two reasons:
 *   1. a work item whose CPU went down runs in an unbound worker, on whatever CPU; it drains that one with preemption
 *      off, which does no harm;
 *   2. the pagevecs of the CPU that went were emptied by page_alloc_cpu_dead() (mm.c) on the control CPU, which ran
 *      after nobody could be on the dead CPU any more, and before cpu_down() returned.
 * A drain that overlaps a CPU's end may return between the two, and so before that CPU's pages have moved. For its
 * caller this is as if another thread had put them into a pagevec right after the drain: it must look again, and the
 * scans of shmem_wait_for_pins() do.
 */
#include "mm/swap.h"

#include "cpuhp.h"
#include "kernel/check.h"
#include "kernel/mutex.h"
#include "kernel/percpu.h"
#include "kernel/workqueue.h"
#include "mm/audit.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/page.h"
#include "mm/pagevec.h"

/* In the order in which a CPU is drained. */
enum pagevec_kind {
    PVEC_ADD,
    PVEC_ROTATE,
    PVEC_DEACTIVATE_FILE,
    PVEC_LAZYFREE,
    PVEC_ACTIVATE,
    NR_PAGEVECS
};

static struct {
    struct pagevec pagevecs[NR_CPUS][NR_PAGEVECS]; /* the CPU's owner: get_cpu, or the control CPU when it is dead */
    struct mutex drain_lock;                       /* one drain of all CPUs at a time */
    struct work_struct drain_works[NR_CPUS];       /* drain_lock */
    struct cpumask has_work;                       /* drain_lock */
    bool drain_holds_cpus;                         /* constant after boot */
} swap;

void swap_boot(bool drain_holds_cpus)
{
    struct mutex *lock = &swap.drain_lock;

    swap.drain_holds_cpus = drain_holds_cpus;
    mutex_init(lock);
    for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
        for (unsigned kind = 0; kind < NR_PAGEVECS; kind++)
            pagevec_init(&swap.pagevecs[cpu][kind]);
    }
}

/* ---- what is done to a page when its pagevec is flushed; the node's lru_lock is held ----------------------------- */

static void move_to_lru(struct page *page)
{
    lru_add_page(page, LRU_HEAD);
}

static void move_rotate(struct page *page)
{
    if (!page_test(page, PG_LRU) || page_test(page, PG_ACTIVE))
        return;
    lru_del_page(page);
    lru_add_page(page, LRU_TAIL);
}

static void move_deactivate_file(struct page *page)
{
    if (!page_test(page, PG_LRU) || page_mapcount(page) > 0)
        return;
    lru_del_page(page);
    page_clear(page, PG_ACTIVE | PG_REFERENCED);
    /* A clean page can go at once. A dirty one must be written first, so the pages before it get their chance. */
    lru_add_page(page, page_test(page, PG_DIRTY) ? LRU_HEAD : LRU_TAIL);
}

static void move_lazyfree(struct page *page)
{
    if (!page_test(page, PG_LRU) || !page_test(page, PG_SWAPBACKED))
        return;
    lru_del_page(page);
    page_clear(page, PG_ACTIVE | PG_REFERENCED | PG_SWAPBACKED);
    lru_add_page(page, LRU_HEAD);
}

static void move_activate(struct page *page)
{
    if (!page_test(page, PG_LRU) || page_test(page, PG_ACTIVE))
        return;
    lru_del_page(page);
    page_set(page, PG_ACTIVE);
    lru_add_page(page, LRU_HEAD);
}

static void (*const moves[NR_PAGEVECS])(struct page *page) = {
    [PVEC_ADD] = move_to_lru,        [PVEC_ROTATE] = move_rotate,     [PVEC_DEACTIVATE_FILE] = move_deactivate_file,
    [PVEC_LAZYFREE] = move_lazyfree, [PVEC_ACTIVATE] = move_activate,
};

/* ---- requests ---------------------------------------------------------------------------------------------------- */

/* Context: as lru_add_drain_cpu(). */
static void flush_pagevec(unsigned cpu, enum pagevec_kind kind)
{
    struct pagevec *pvec = &swap.pagevecs[cpu][kind];
    unsigned nr = pagevec_count(pvec);

    if (nr == 0)
        return;
    lru_for_each(pvec->pages, nr, moves[kind]);
    release_pages(pvec->pages, nr);
    pagevec_reset(pvec);
}

/* Puts @page, with a reference that the caller gives away, into this CPU's pagevec. */
static void queue_page(struct page *page, enum pagevec_kind kind)
{
    unsigned cpu = get_cpu();

    if (pagevec_add(&swap.pagevecs[cpu][kind], page) == 0)
        flush_pagevec(cpu, kind);
    put_cpu();
}

void lru_cache_add(struct page *page)
{
    SIM_CHECK(!page_test(page, PG_LRU | PG_ACTIVE), "page %u is not new to the LRU", page_to_pfn(page));
    get_page(page);
    queue_page(page, PVEC_ADD);
}

void rotate_reclaimable_page(struct page *page)
{
    if (!page_test(page, PG_LRU) || page_test(page, PG_ACTIVE | PG_DIRTY))
        return;
    get_page(page);
    queue_page(page, PVEC_ROTATE);
}

void deactivate_file_page(struct page *page)
{
    if (get_page_unless_zero(page))
        queue_page(page, PVEC_DEACTIVATE_FILE);
}

void mark_page_lazyfree(struct page *page)
{
    if (!page_test(page, PG_LRU) || !page_test(page, PG_SWAPBACKED))
        return;
    get_page(page);
    queue_page(page, PVEC_LAZYFREE);
}

void activate_page(struct page *page)
{
    if (!page_test(page, PG_LRU) || page_test(page, PG_ACTIVE))
        return;
    get_page(page);
    queue_page(page, PVEC_ACTIVATE);
}

/* The page is not on the LRU yet, most likely because it waits in this CPU's own add pagevec: then it goes to the
 * active list from there. In the pagevec of another CPU it cannot be touched, and the hint is lost. */
static void activate_waiting_page(struct page *page)
{
    struct pagevec *pvec = &swap.pagevecs[get_cpu()][PVEC_ADD];

    for (unsigned i = pagevec_count(pvec); i-- > 0;) {
        if (pvec->pages[i] == page) {
            page_set(page, PG_ACTIVE);
            break;
        }
    }
    put_cpu();
}

void mark_page_accessed(struct page *page)
{
    if (!page_test(page, PG_REFERENCED)) {
        page_set(page, PG_REFERENCED);
    } else if (!page_test(page, PG_ACTIVE)) {
        if (page_test(page, PG_LRU))
            activate_page(page);
        else
            activate_waiting_page(page);
        page_clear(page, PG_REFERENCED);
    }
}

/* ---- draining ---------------------------------------------------------------------------------------------------- */

void lru_add_drain_cpu(unsigned cpu)
{
    for (unsigned kind = 0; kind < NR_PAGEVECS; kind++)
        flush_pagevec(cpu, (enum pagevec_kind)kind);
}

void lru_add_drain(void)
{
    lru_add_drain_cpu(get_cpu());
    put_cpu();
}

static void lru_add_drain_per_cpu(struct work_struct *work)
{
    (void)work;
    lru_add_drain();
}

void lru_add_drain_all(void)
{
    unsigned cpu;
    struct cpumask online;

    if (swap.drain_holds_cpus)
        cpus_read_lock();
    mutex_lock(&swap.drain_lock);
    cpumask_clear(&swap.has_work);
    online = cpu_online_mask();
    for_each_cpu (cpu, &online) {
        struct work_struct *work = &swap.drain_works[cpu];

        if (lru_pagevec_count(cpu) == 0)
            continue;
        INIT_WORK(work, lru_add_drain_per_cpu);
        queue_work_on(cpu, mm_percpu_wq(), work);
        cpumask_set_cpu(cpu, &swap.has_work);
    }
    for_each_cpu (cpu, &swap.has_work)
        flush_work(&swap.drain_works[cpu]);
    mutex_unlock(&swap.drain_lock);
    if (swap.drain_holds_cpus)
        cpus_read_unlock();
}

unsigned lru_pagevec_count(unsigned cpu)
{
    unsigned count = 0;

    for (unsigned kind = 0; kind < NR_PAGEVECS; kind++)
        count += pagevec_count(&swap.pagevecs[cpu][kind]);
    return count;
}

void swap_audit(struct page_audit *audit)
{
    for (unsigned cpu = 0; cpu < nr_cpu_ids; cpu++) {
        for (unsigned kind = 0; kind < NR_PAGEVECS; kind++) {
            struct pagevec *pvec = &swap.pagevecs[cpu][kind];

            for (unsigned i = 0; i < pagevec_count(pvec); i++) {
                audit_reference(audit, pvec->pages[i]);
                if (kind == PVEC_ADD)
                    audit_place(audit, pvec->pages[i], "lru_add pagevec");
            }
        }
    }
}
