/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_SIGNALS_H
#define LV_PROCESS_SIGNALS_H

/*
 * The program's signal handlers. What is installed in a handler's stead is a trampoline of the library's own, which calls
 * the handler and notes for the thread that it runs (engine/handlers.h). Every pair of a handler and the call that
 * installs it has a trampoline of its own, which is never given to another. So the kernel's word is the only truth
 * about what is installed: the validator is told which signals have handlers by asking the kernel after each change.
 *
 * A handler is a context (engine/usage.h) from its call to its return, or to where it is left.
 *
 * Context of all calls: any thread, any handler, a child of fork, _Fork or vfork, before the validator is started. They
 * take no lock and leave errno alone.
 */

#include <signal.h>

#include "process/self.h"

/* Tell the validator of what was installed before it was started. */
void lv_signals_start(void);

/* What to install for @handler, on behalf of the call at @site: its trampoline. @handler itself if it is none
 * (SIG_DFL and the like), a trampoline already, or if all trampolines are used. Cost: linear in the pairs known. */
sighandler_t lv_signals_wrap(sighandler_t handler, uintptr_t site);

/* The program's handler behind the trampoline @installed; anything else is returned as it is. */
sighandler_t lv_signals_unwrap(sighandler_t installed);

/* The program may have changed what is installed for @number: tell the validator, if it is so. Cost: a system call. */
void lv_signals_changed(int number);

/* Has a signal that others send a handler, by the kernel's word? Also one that was installed past libc, or of which no account
 * is kept any more. What faults raise does not count. Cost: a system call for each signal. */
bool lv_signals_are_handled(void);

/* @t, the calling thread's state, is new: its signal mask, and the handlers that it runs already. */
void lv_signals_begin(struct lv_thread *t, uint64_t mask);

/* A child was forked, with @t as its thread, maybe in a handler. It may never return from that, and goes on as code like any
 * other: it is not in the handler's context any more. */
void lv_signals_forked(struct lv_thread *t);

/* The handlers of the calling thread from number @depth on were just left by a jump: so are their contexts. */
void lv_signals_left(uint32_t depth);

/* The kernel says that the thread's mask is @mask: are there handlers that it seems to run and does not? They are left then.
 * What the mask was thought to be is still in @t. */
bool lv_signals_settle(struct lv_thread *t, uint64_t mask);

#endif
