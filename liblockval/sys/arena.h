/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_ARENA_H
#define LV_SYS_ARENA_H

#include "base/types.h"

/*
 * Memory that is only ever handed out: blocks of mmap, cut from the front. Nothing is given back, because readers may
 * look at an old table at any time and the library never waits for them; what can be used again is recycled by its
 * owner with a new uid (docs/adr/).
 * Protected by the owner's lock.
 */
struct lv_arena {
    char *at;
    char *end;
    size_t total; /* bytes mapped so far */
    size_t limit; /* 0: none. Tests set it to see what happens when memory runs out */
    bool failed;  /* an allocation failed */
    /* For tests: allocations are counted from 1 on, and those from .fail_from up to .fail_to fail; 0: none does. */
    uint32_t count, fail_from, fail_to;
};

/* @size bytes, zeroed, aligned to 16. From 1 KiB on a block has its cache lines for itself, so that what one thread writes all
 * the time, its state, caches and held stack, shares none with anything else. Returns null when there is no memory. Context:
 * the owner's lock held. */
void *lv_arena_alloc(struct lv_arena *arena, size_t size) LV_MUST_CHECK;

#endif
