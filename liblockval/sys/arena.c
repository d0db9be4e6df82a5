/* SPDX-License-Identifier: MIT */
/*
 * Owns how arenas get their memory. An arena is protected by its owner's lock; nothing here is shared.
 *
 * Memory comes zeroed from mmap and is touched only when it is used, so a block that is much larger than what is asked
 * for costs address space, not memory.
 */

#include "sys/arena.h"

#include "sys/os.h"

#define ALIGNMENT ((size_t)16)
#define LINE ((size_t)64)
#define LINES_FROM ((size_t)1024)
#define PAGE ((size_t)4096)
#define BLOCK ((size_t)256 * 1024)

static void *map(struct lv_arena *arena, size_t size)
{
    void *p;

    if (arena->limit && (size > arena->limit || arena->total > arena->limit - size))
        return NULL;
    p = lv_os_map(size);
    if (p)
        arena->total += size;
    return p;
}

static void *allocate(struct lv_arena *arena, size_t size)
{
    size_t alignment = size >= LINES_FROM ? LINE : ALIGNMENT;
    size_t pages, gap = -(uintptr_t)arena->at & (alignment - 1);
    char *block;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = size ? (size + alignment - 1) & ~(alignment - 1) : ALIGNMENT;

    if (gap + size <= (size_t)(arena->end - arena->at)) {
        block = arena->at + gap;
        arena->at = block + size;
        return block;
    }

    /* Large requests get a mapping of their own, so that the rest of the block is not lost. */
    pages = (size + PAGE - 1) & ~(PAGE - 1);
    if (size >= BLOCK / 4)
        return map(arena, pages);

    block = map(arena, BLOCK);
    if (block) {
        arena->at = block + size;
        arena->end = block + BLOCK;
        return block;
    }
    /* Near the limit, or short of address space: what is needed now may still fit. */
    block = map(arena, pages);
    if (block) {
        arena->at = block + size;
        arena->end = block + pages;
    }
    return block;
}

void *lv_arena_alloc(struct lv_arena *arena, size_t size)
{
    bool fails = ++arena->count >= arena->fail_from && arena->count < arena->fail_to;
    void *p = fails ? NULL : allocate(arena, size);

    arena->failed |= p == NULL;
    return p;
}
