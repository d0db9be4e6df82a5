/* SPDX-License-Identifier: MIT */
/*
 * pcpu.c: owns the chunks of per-CPU memory; all of them are protected by pcpu_alloc_mutex. The kernel's allocator
 * looks for room by size; here all areas are of one size, because only the locks matter.
 */
#include "mm/pcpu.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "kernel/check.h"
#include "kernel/mutex.h"
#include "kernel/percpu.h"
#include "mm/audit.h"
#include "mm/lru.h"
#include "mm/page_alloc.h"

struct pcpu_chunk {
    struct pcpu_chunk *next;
    uint64_t used;        /* a bit for each area */
    struct page *pages[]; /* one a CPU */
};

static struct {
    struct mutex alloc_mutex;
    struct pcpu_chunk *chunks; /* alloc_mutex */
} pcpu;

void pcpu_boot(void)
{
    struct mutex *pcpu_alloc_mutex = &pcpu.alloc_mutex;

    mutex_init(pcpu_alloc_mutex);
    pcpu.chunks = NULL;
}

void pcpu_exit(void)
{
    SIM_CHECK(!pcpu.chunks, "per-CPU memory is in use at the end");
    mutex_destroy(&pcpu.alloc_mutex);
}

static struct pcpu_chunk *create_chunk(void)
{
    struct pcpu_chunk *chunk = sim_alloc(1, sizeof(*chunk) + nr_cpu_ids * sizeof(chunk->pages[0]));

    for (unsigned cpu = 0; cpu < nr_cpu_ids; cpu++) {
        chunk->pages[cpu] = alloc_page(GFP_KERNEL);
        if (!chunk->pages[cpu]) {
            release_pages(chunk->pages, cpu);
            free(chunk);
            return NULL;
        }
    }
    return chunk;
}

int pcpu_alloc(struct pcpu_area *ret_area)
{
    struct pcpu_chunk *chunk;
    int err = 0;

    mutex_lock(&pcpu.alloc_mutex);
    for (chunk = pcpu.chunks; chunk && chunk->used == UINT64_MAX; chunk = chunk->next)
        ;
    if (!chunk) {
        chunk = create_chunk();
        if (chunk) {
            chunk->next = pcpu.chunks;
            pcpu.chunks = chunk;
        }
    }
    if (chunk) {
        unsigned number = (unsigned)__builtin_ctzll(~chunk->used);

        chunk->used |= UINT64_C(1) << number;
        ret_area->chunk = chunk;
        ret_area->number = number;
    } else {
        err = -ENOMEM;
    }
    mutex_unlock(&pcpu.alloc_mutex);
    return err;
}

void pcpu_free(struct pcpu_area *area)
{
    struct pcpu_chunk *chunk = area->chunk;

    mutex_lock(&pcpu.alloc_mutex);
    chunk->used &= ~(UINT64_C(1) << area->number);
    area->chunk = NULL;
    if (chunk->used == 0) {
        struct pcpu_chunk **link = &pcpu.chunks;

        while (*link != chunk)
            link = &(*link)->next;
        *link = chunk->next;
        release_pages(chunk->pages, nr_cpu_ids);
        free(chunk);
    }
    mutex_unlock(&pcpu.alloc_mutex);
}

void pcpu_audit(struct page_audit *audit)
{
    for (struct pcpu_chunk *chunk = pcpu.chunks; chunk; chunk = chunk->next) {
        for (unsigned cpu = 0; cpu < nr_cpu_ids; cpu++) {
            audit_place(audit, chunk->pages[cpu], "percpu chunk");
            audit_reference(audit, chunk->pages[cpu]);
        }
    }
}
