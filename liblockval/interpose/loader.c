/* SPDX-License-Identifier: MIT */
/*
 * The loader's list of modules. The program's calls go through unchanged; libunwind's are answered without the loader's
 * lock, since libunwind is called inside hooks, and a thread that holds that lock may be waiting for the one that the
 * hook was called by (sys/unwind.c says more). Owns no data.
 */

#define _GNU_SOURCE
#include "interpose/hook.h"
#include "sys/unwind.h"

#include <link.h>

LV_EXPORT int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
    int result;

    if (lv_unwind_phdr(callback, data, &result))
        return result;
    if (lv_real.dl_iterate_phdr == NULL)
        lv_process_start();
    return lv_real.dl_iterate_phdr(callback, data);
}
