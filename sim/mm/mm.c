/* SPDX-License-Identifier: MIT */
/*
 * mm.c: owns mm_percpu_wq, and the order in which the parts of the mm are set up. What it holds is written at boot and
 * constant from then on.
 *
 * Two callbacks are registered with CPU hotplug. page_alloc_cpu_dead() matters: it runs on the control CPU when the
 * other CPU is gone, and takes the pages off its lists that nobody else could reach any more. vmstat_cpu_online() has
 * nothing to do here; it is registered because the kernel does so at boot, and so the locks of a registration were
 * all seen before the first scenario begins.
 */
#include "mm/mm.h"

#include "cpuhp.h"
#include "kernel/check.h"
#include "kernel/percpu.h"
#include "mm/audit.h"
#include "mm/lru.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pcpu.h"
#include "mm/swap.h"

static struct {
    struct workqueue_struct *percpu_wq; /* constant after boot */
    int vmstat_state;                   /* constant after boot */
} mm;

static int page_alloc_cpu_dead(unsigned cpu)
{
    get_cpu_of(cpu);
    lru_add_drain_cpu(cpu);
    drain_pages(cpu);
    put_cpu();
    return 0;
}

static int vmstat_cpu_online(unsigned cpu)
{
    (void)cpu;
    return 0;
}

void mm_boot(const struct mm_config *config)
{
    int err = page_boot(config->pages, nr_cpu_ids > 1 ? MAX_NODES : 1);

    SIM_CHECK(!err, "no memory for %u pages", config->pages);
    page_alloc_boot(config->page_drain_holds_cpus);
    lru_boot();
    swap_boot(config->lru_drain_holds_cpus);
    pcpu_boot();
    mm.percpu_wq = alloc_workqueue("mm_percpu_wq", true);
    err = cpuhp_setup_state_nocalls(CPUHP_PAGE_ALLOC_DEAD, "mm/page_alloc:dead", NULL, page_alloc_cpu_dead);
    SIM_CHECK(!err, "cannot register mm/page_alloc:dead: %d", err);
    mm.vmstat_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "mm/vmstat:online", vmstat_cpu_online, NULL);
    SIM_CHECK(mm.vmstat_state > 0, "cannot register mm/vmstat:online: %d", mm.vmstat_state);
}

void mm_exit(void)
{
    cpuhp_remove_state_nocalls((enum cpuhp_state)mm.vmstat_state);
    cpuhp_remove_state_nocalls(CPUHP_PAGE_ALLOC_DEAD);
    destroy_workqueue(mm.percpu_wq);
    mm.percpu_wq = NULL;
    pcpu_exit();
    page_exit();
}

struct workqueue_struct *mm_percpu_wq(void)
{
    return mm.percpu_wq;
}

void mm_check_dead_cpu(unsigned cpu)
{
    SIM_CHECK(lru_pagevec_count(cpu) == 0, "dead CPU %u has %u pages in its pagevecs", cpu, lru_pagevec_count(cpu));
    SIM_CHECK(pcp_count(cpu) == 0, "dead CPU %u has %u pages on its free lists", cpu, pcp_count(cpu));
}

void mm_audit(struct page_audit *audit)
{
    page_alloc_audit(audit);
    lru_audit(audit);
    swap_audit(audit);
    pcpu_audit(audit);
}
