/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_PAGES_H
#define LV_ENGINE_PAGES_H

/*
 * Which pages have locks on them. Two things: a filter, one byte for each of 65 536 hashed page numbers, which free() asks
 * before anything else; and, for locks whose identity is in the table, the list of those on each page (engine/instances.c).
 *
 * A byte is set when a lock on its page gets an identity, and never cleared: a page that had locks once is looked at more
 * closely for ever, and finds none. Locks in a module's data and on a thread's own stack are not marked: nobody frees
 * those. They are in the lists all the same.
 */

#include "graph/table.h"

enum {
    LV_PAGE_SHIFT = 12,
    LV_PAGE_BITS = 16, /* of the index of a filter's byte */
    LV_PAGE_BYTES = 1 << LV_PAGE_BITS
};

enum lv_page_mark {
    LV_PAGE_INSIDE = 1, /* a lock with its identity inside */
    LV_PAGE_TABLE = 2   /* a lock with its identity in the table */
};

struct lv_pages {
    bool any;                                /* atomic: a byte is set */
    _Alignas(8) uint8_t mark[LV_PAGE_BYTES]; /* atomic */
    struct lv_table first; /* page number + 1 -> first instance on that page; owner's lock for writing */
    uint32_t version;      /* atomic, owner's lock for writing: of the lists; odd while they change */
};

static inline void lv_pages_init(struct lv_pages *pages, struct lv_arena *arena)
{
    lv_table_init(&pages->first, arena);
}

/* The byte for the page of @address. Pages that are 256 MiB apart share one. */
static inline size_t lv_pages_index(uintptr_t address)
{
    return address >> LV_PAGE_SHIFT & (LV_PAGE_BYTES - 1);
}

static inline unsigned lv_pages_mark(const struct lv_pages *pages, uintptr_t address)
{
    return __atomic_load_n(&pages->mark[lv_pages_index(address)], __ATOMIC_RELAXED);
}

static inline void lv_pages_set(struct lv_pages *pages, uintptr_t address, unsigned mark)
{
    (void)__atomic_fetch_or(&pages->mark[lv_pages_index(address)], (uint8_t)mark, __ATOMIC_RELAXED);
    __atomic_store_n(&pages->any, true, __ATOMIC_RELAXED);
}

/* The marks of @count pages from the one of @start on, eight at a time where that goes. Context: any thread. */
unsigned lv_pages_marks_of_many(const struct lv_pages *pages, uintptr_t start, size_t count);

/* Has a lock in [@start, @start + @size) ever been marked? All marks found, or 0. Cost: a byte for each page, and no more
 * than there are bytes. */
static inline unsigned lv_pages_marks(const struct lv_pages *pages, uintptr_t start, size_t size)
{
    uintptr_t last = (start + size - 1) >> LV_PAGE_SHIFT;
    unsigned marks = lv_pages_mark(pages, start);

    if (LV_LIKELY(last == start >> LV_PAGE_SHIFT) || size == 0)
        return size != 0 ? marks : 0;
    if (last - (start >> LV_PAGE_SHIFT) >= LV_PAGE_BYTES)
        return __atomic_load_n(&pages->any, __ATOMIC_RELAXED) ? (unsigned)LV_PAGE_INSIDE | LV_PAGE_TABLE : 0;
    return lv_pages_marks_of_many(pages, start, last - (start >> LV_PAGE_SHIFT) + 1);
}

#endif
