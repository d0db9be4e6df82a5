/* SPDX-License-Identifier: MIT */
/*
 * mm_machine.c: owns nothing but the order of boot and end. Each part uses those booted before it.
 */
#include "mm_machine.h"

#include "cpuhp.h"
#include "fs/devtmpfs.h"
#include "fs/shmem.h"
#include "fs/super.h"
#include "mm/audit.h"
#include "mm/mm.h"
#include "mm/swap.h"

void mm_machine_boot(const struct mm_machine *machine)
{
    const struct cpuhp_config cpus = {
        .nr_cpus = machine->cpus,
        .nr_boot_cpus = machine->boot_cpus,
        .split_maps = machine->split_maps,
        .order = machine->in_order ? CPUHP_ORDER_WAIT_FIRST : CPUHP_ORDER_FREE,
    };
    const struct mm_config mm = {
        .pages = machine->pages,
        .lru_drain_holds_cpus = machine->lru_drain_holds_cpus,
        .page_drain_holds_cpus = machine->page_drain_holds_cpus,
    };
    const struct shmem_config shmem = {
        .pins_drain_all = machine->pins_drain_all,
        .pin_wait_us = machine->pin_wait_us,
    };

    cpuhp_init(&cpus);
    mm_boot(&mm);
    shmem_boot(&shmem);
    devtmpfs_boot(machine->in_order);
}

void mm_machine_exit(void)
{
    struct page_audit audit;

    devtmpfs_exit();
    shmem_exit();
    lru_add_drain_all();
    audit_begin(&audit);
    mm_audit(&audit);
    audit_end(&audit);
    mm_exit();
    cpuhp_exit();
}

void mm_machine_audit(struct page_audit *audit)
{
    mm_audit(audit);
    super_audit(shmem_mount(), audit);
    super_audit(devtmpfs_mount(), audit);
}
