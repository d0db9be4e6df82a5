/* SPDX-License-Identifier: MIT */
/*
 * Owns the way to libunwind. It keeps no data of its own; libunwind keeps a cache per thread and blocks signals while it
 * fills it.
 *
 * unw_backtrace remembers how each return address is left, so that a known path costs a few loads a frame. A path that
 * is new to the cache goes through unw_step once, with the loader's list of modules read under the loader's write lock:
 * dlopen holds that one only while it links a module in, not while constructors run.
 */

#define UNW_LOCAL_ONLY
#include "sys/unwind.h"

#include <libunwind.h>
#include <string.h>

/* Frames of the library that may lie between the hook's caller and here. */
#define OWN_FRAMES 24

/* The most that is ever kept: the upper end of the option stack_depth. */
#define FRAMES_MAX 256

/* Not inlined, so that the library's own frames are a known kind of frame: all of them lie before @caller. */
__attribute__((noinline)) uint32_t lv_unwind(uintptr_t *frames, uint32_t max, uintptr_t caller)
{
    void *seen[FRAMES_MAX + OWN_FRAMES];
    uint32_t wanted = (max < FRAMES_MAX ? max : FRAMES_MAX) + OWN_FRAMES;
    int count = unw_backtrace(seen, (int)wanted);

    if (max == 0)
        return 0;
    for (int i = 0; i < count; i++) {
        uint32_t kept = (uint32_t)(count - i);

        if ((uintptr_t)seen[i] != caller)
            continue;
        if (kept > max)
            kept = max;
        memcpy(frames, &seen[i], kept * sizeof(frames[0]));
        return kept;
    }
    frames[0] = caller;
    return 1;
}
