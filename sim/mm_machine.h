/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_MACHINE_H
#define SIM_MM_MACHINE_H

/*
 * mm_machine.h: a whole simulated machine: CPUs, memory, file systems. Which code it runs, the one before or after a
 * change to the kernel, is chosen at boot.
 */

#include <stdbool.h>

struct page_audit;

struct mm_machine {
    unsigned cpus;
    unsigned boot_cpus; /* online at boot; 0 means all */
    unsigned pages;
    bool in_order;              /* threads that serve others begin when they are waited for; false in torture */
    bool split_maps;            /* hotplug: one map and completion for up, one for down */
    bool lru_drain_holds_cpus;  /* lru_add_drain_all() takes the hotplug lock */
    bool page_drain_holds_cpus; /* drain_all_pages() takes the hotplug lock */
    bool pins_drain_all;        /* a sealer drains all CPUs */
    unsigned pin_wait_us;       /* how long a sealer waits: see struct shmem_config */
};

/* Context: the main thread, without locks; the machine is at rest in both. Checks that no page was lost at the end. */
void mm_machine_boot(const struct mm_machine *machine);
void mm_machine_exit(void);

/* Enters all pages of the mm and of the file systems into @audit. Context: the machine is at rest. */
void mm_machine_audit(struct page_audit *audit);

#endif
