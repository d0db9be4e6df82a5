/* SPDX-License-Identifier: MIT */
/* The filter over many pages: a thread's stack at its end, a large block, a mapping. Its bytes are a ring. */

#include "engine/pages.h"

typedef uint64_t __attribute__((may_alias)) eight_marks;

unsigned lv_pages_marks_of_many(const struct lv_pages *pages, uintptr_t start, size_t count)
{
    size_t i = lv_pages_index(start);
    uint64_t marks = 0;

    while (count != 0) {
        if (i % sizeof(eight_marks) == 0 && count >= sizeof(eight_marks)) {
            marks |= __atomic_load_n((const eight_marks *)(const void *)&pages->mark[i], __ATOMIC_RELAXED);
            i = (i + sizeof(eight_marks)) % LV_PAGE_BYTES;
            count -= sizeof(eight_marks);
        } else {
            marks |= __atomic_load_n(&pages->mark[i], __ATOMIC_RELAXED);
            i = (i + 1) % LV_PAGE_BYTES;
            count--;
        }
    }
    marks |= marks >> 32;
    marks |= marks >> 16;
    marks |= marks >> 8;
    return (unsigned)marks & ((unsigned)LV_PAGE_INSIDE | LV_PAGE_TABLE);
}
