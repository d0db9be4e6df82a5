/* SPDX-License-Identifier: MIT */
#ifndef CLI_SORT_H
#define CLI_SORT_H

#include <stdlib.h>

/* qsort(), which an empty list need not exist for. */
static inline void cli_sort(void *list, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    if (count > 1)
        qsort(list, count, size, compare);
}

#endif
