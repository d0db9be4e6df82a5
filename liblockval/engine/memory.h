/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_MEMORY_H
#define LV_ENGINE_MEMORY_H

#include "engine/lifetime.h"

/*
 * Memory that a thread gives back: free, munmap and the like. Locks in it end: those of the table are retired *before* the
 * real call, after which anybody may have the memory; those with the identity inside need nothing, since whoever makes a
 * lock there again writes over it. Locks that are held are findings.
 *
 *     lv_memory_begin    before the real call: see what is held, take the table's locks out of sight
 *     lv_memory_end      after it: what is gone is reported and retired, the rest is what it was
 *     lv_memory_free     both at once, where the real call cannot fail or move anything
 *
 * All take the calling thread's state. Context: the thread's guard not held, but by lockval_off(): then locks are retired
 * without findings. The caller has asked the filter (engine/pages.h), or the thread holds locks.
 */
enum {
    LV_MEMORY_HOLDERS = 8,  /* findings of one call; each is made once a class and call site anyway */
    LV_MEMORY_SEARCH = 4096 /* larger blocks are not searched: the books of all threads are */
};

struct lv_memory {
    uintptr_t start, end;
    uint32_t parked; /* engine/instances.h */
    bool pairs;      /* a lock in it may have pairs (check/pairs.h) */
    uint32_t count;
    struct lv_holder holder[LV_MEMORY_HOLDERS];
};

/* [@start, @start + @size) may be given back. @mapped: it can be read. */
void lv_memory_begin(struct lv_context *ctx, struct lv_thread *t, uintptr_t start, size_t size, bool mapped,
                     struct lv_memory *ret);

/* [@start, @start + @size) of it is gone, by the call at @site. @what is "is freed" or the like. */
void lv_memory_end(struct lv_context *ctx, struct lv_thread *t, const struct lv_memory *memory, uintptr_t start,
                   size_t size, uintptr_t site, const char *what);

/* [@start, @start + @size), which can be read, is about to be freed. */
void lv_memory_free(struct lv_context *ctx, struct lv_thread *t, uintptr_t start, size_t size, uintptr_t site);

/* Other memory lies at [@start, @start + @size) now; what was there went unseen. No findings. */
void lv_memory_replaced(struct lv_context *ctx, struct lv_thread *t, uintptr_t start, size_t size);

#endif
