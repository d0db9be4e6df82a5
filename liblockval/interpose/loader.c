/* SPDX-License-Identifier: MIT */
/*
 * The loader's list of modules. The program's calls go through unchanged; libunwind's are answered without the loader's
 * lock, since libunwind is called inside hooks, and a thread that holds that lock may be waiting for the one that the
 * hook was called by (sys/unwind.c says more). Owns no data.
 *
 * dlclose tells that modules may be gone. dlopen and dlmopen are no hooks and cannot be: whose DT_RUNPATH, $ORIGIN and
 * namespace count is decided by the address that they are called from, which would be ours. New modules are met when an
 * address in them is.
 */

#define _GNU_SOURCE
#include "engine/unload.h"
#include "interpose/hook.h"
#include "sys/unwind.h"

#include <link.h>
#include <string.h>

/*
 * Before the library has started it does not start here, as it does elsewhere: ASan lists the modules to see whether its runtime
 * comes first, when it has not looked up yet what it hooks itself, and nothing can be called that leads there.
 */
static int list_early(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
    uintptr_t code = lv_real_code("dl_iterate_phdr");
    int (*list)(int (*)(struct dl_phdr_info *, size_t, void *), void *);

    memcpy(&list, &code, sizeof(list));
    return list(callback, data);
}

LV_EXPORT int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
    int result;

    if (lv_unwind_phdr(callback, data, &result))
        return result;
    if (lv_real.dl_iterate_phdr == NULL)
        return list_early(callback, data);
    return lv_real.dl_iterate_phdr(callback, data);
}

static bool is_watching(void)
{
    return __atomic_load_n(&lv_process_context.state, __ATOMIC_RELAXED) != LV_STATE_OFF;
}

LV_EXPORT int dlclose(void *handle)
{
    uintptr_t where = 0;
    int r;

    if (lv_real.dlclose == NULL)
        lv_process_start();
    if (is_watching())
        where = lv_unload_begin(&lv_process_context, handle);
    r = lv_real.dlclose(handle);
    /* Asked again: a destructor may have forked. */
    if (is_watching())
        lv_unload_end(&lv_process_context, where);
    return r;
}
