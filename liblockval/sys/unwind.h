/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_UNWIND_H
#define LV_SYS_UNWIND_H

#include "base/types.h"

struct dl_phdr_info;

/* What dl_iterate_phdr calls for each module. */
typedef int lv_phdr_callback(struct dl_phdr_info *info, size_t size, void *data);

/*
 * Keep libunwind away from the program's file descriptors. Left alone, it opens a pipe on first use, and later reads
 * from and writes to those two numbers to probe memory, even after the program closed them and uses them for something
 * else. Call it once, as early as possible; while the process has one thread the pipe is closed again at once, later it
 * stays open, unused. Without the call lv_unwind() works, and the pipe is used.
 * Context: guard held.
 */
void lv_unwind_init(void);

/* An address in libunwind's code. Context: after lv_unwind_init(). */
uintptr_t lv_unwind_code(void);

/*
 * Unwind once, and see that libunwind asks for modules as lv_unwind_phdr() takes it to. Returns whether it does; if not,
 * lv_unwind() gives the caller alone from now on, so that no hook ever waits for the loader's lock. Without the call
 * lv_unwind() works, and takes that lock. Context: guard held; after lv_unwind_init(), where dl_iterate_phdr is a hook
 * that calls lv_unwind_phdr(); the first call decides.
 */
bool lv_unwind_try(void);

/*
 * A call of dl_iterate_phdr(callback, data): if it is libunwind's, made here or by the program, answer it without the
 * loader's lock, put what dl_iterate_phdr is to return into @ret_result and return true. Else false: the call is none of
 * ours. Context: any thread, signal-safe as far as @callback is.
 */
bool lv_unwind_phdr(lv_phdr_callback *callback, void *data, int *ret_result);

/*
 * The calling thread's return addresses, innermost first, through libunwind's unw_backtrace, which keeps a cache per
 * thread and does not malloc (some 1 200 instructions and a system call for a known path, some 15 us for one with a new
 * frame). Frames before @caller, which are the library's own, are left out. @caller is the only frame where it is not
 * found among the frames, where lv_unwind_try() failed, and on a small signal stack, which libunwind would overrun.
 * Returns the number of frames, at least 1, at most @max and 256. Context: guard held; errno may change.
 */
uint32_t lv_unwind(uintptr_t *frames, uint32_t max, uintptr_t caller);

/*
 * Modules were unloaded: forget how their addresses are left. From here on a known path takes some 30 us. Context: guard
 * held, any thread.
 */
void lv_unwind_forget(void);

/* How many times lv_unwind() gave the caller alone. */
uint64_t lv_unwind_short_count(void);

#endif
