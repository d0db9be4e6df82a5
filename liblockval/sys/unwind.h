/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_UNWIND_H
#define LV_SYS_UNWIND_H

#include "base/types.h"

/*
 * Keep libunwind away from the program's file descriptors. Left alone, it opens a pipe on first use, and later reads
 * from and writes to those two numbers to probe memory, even after the program closed them and uses them for something
 * else. Call it once, as early as possible; while the process has one thread the pipe is closed again at once, later it
 * stays open, unused. Without the call lv_unwind() works, and the pipe is used.
 * Context: guard held.
 */
void lv_unwind_init(void);

/*
 * The calling thread's return addresses, innermost first, through libunwind's unw_backtrace, which keeps a cache per
 * thread and does not malloc (about 0.1 us for a known path of 17 frames, some tens of us for a new one). Frames before
 * @caller, which are the library's own, are left out; where @caller is not found among the frames it becomes the only
 * one. Returns the number of frames, at least 1, at most @max and 256. Context: guard held; errno may change.
 */
uint32_t lv_unwind(uintptr_t *frames, uint32_t max, uintptr_t caller);

#endif
