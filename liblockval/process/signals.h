/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_SIGNALS_H
#define LV_PROCESS_SIGNALS_H

/*
 * The program's signal handlers. What is installed in a handler's stead is a trampoline of the library's own, which calls
 * the handler and notes for the thread that it runs (engine/handlers.h). Every pair of a handler and the call that
 * installs it has a trampoline of its own, which is never given to another. So the kernel's word is the only truth
 * about what is installed, and nothing has to be kept in step with it.
 *
 * Context of all calls: any thread, any handler, a child of fork, _Fork or vfork, before the validator is started. They
 * take no lock and leave errno alone.
 */

#include <signal.h>

#include "process/self.h"

struct __jmp_buf_tag;

/* Learn how libc keeps the target of a jump; once, at start. */
void lv_signals_start(void);

/* What to install for @handler, on behalf of the call at @site: its trampoline. @handler itself if it is none
 * (SIG_DFL and the like), a trampoline already, or if all trampolines are used. Cost: linear in the pairs known. */
sighandler_t lv_signals_wrap(sighandler_t handler, uintptr_t site);

/* The program's handler behind the trampoline @installed; anything else is returned as it is. */
sighandler_t lv_signals_unwrap(sighandler_t installed);

/* The calling thread is about to jump to @env; its stack has come to @stack. */
void lv_signals_jump(const struct __jmp_buf_tag *env, uintptr_t stack);

#endif
