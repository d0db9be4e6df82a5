/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_UNWIND_H
#define LV_SYS_UNWIND_H

#include "base/types.h"

/*
 * The calling thread's return addresses, innermost first, through libunwind's unw_backtrace, which keeps a cache per
 * thread and does not malloc (about 0.1 us for a known path of 17 frames). Frames before @caller, which are the
 * library's own, are left out; where @caller is not found among the frames it becomes the only one.
 * Returns the number of frames, at least 1, at most @max. Context: guard held.
 */
uint32_t lv_unwind(uintptr_t *frames, uint32_t max, uintptr_t caller);

#endif
