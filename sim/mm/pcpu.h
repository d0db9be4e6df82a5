/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_PCPU_H
#define SIM_MM_PCPU_H

/*
 * pcpu.h: memory of which each CPU has its own copy. It comes in chunks of one page a CPU, cut into 64 areas; an area
 * is the same piece of each of these pages. pcpu_alloc_mutex is held while a chunk is populated, and so across
 * reclaim: that makes it one half of the deadlock of scenario page-alloc.
 */

struct page_audit;
struct pcpu_chunk;

struct pcpu_area {
    struct pcpu_chunk *chunk; /* null: nothing allocated */
    unsigned number;          /* in the chunk, 0 to 63 */
};

void pcpu_boot(void);

/* Gives the chunks back. All areas must be free. */
void pcpu_exit(void);

/* Returns: 0, or -ENOMEM, and then @ret_area is untouched. Context: may block; takes pcpu_alloc_mutex. */
int pcpu_alloc(struct pcpu_area *ret_area);
void pcpu_free(struct pcpu_area *area);

/* Enters the pages of all chunks into @audit. Context: the machine is at rest. */
void pcpu_audit(struct page_audit *audit);

#endif
