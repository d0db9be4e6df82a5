/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_JUMPS_H
#define LV_PROCESS_JUMPS_H

/*
 * Jumps, by longjmp and its kin and by ucontext.h: they may leave signal handlers, leave the library, and change the
 * signal mask. Context of all calls: any thread, any handler. errno stays.
 */

#include <ucontext.h>

#include "process/self.h"

struct __jmp_buf_tag;

/* Learn how libc keeps the target of a jump; once, at start. */
void lv_jumps_start(void);

/* The calling thread is about to jump to @env; its stack has come to @stack. */
void lv_jumps_to(const struct __jmp_buf_tag *env, uintptr_t stack);

/* The calling thread is about to go on with @context. */
void lv_jumps_switch(const ucontext_t *context, uintptr_t stack);

/* The calling thread went on with @context, which may be in another thread than the one that kept it; null: it did not. */
void lv_jumps_switched(const ucontext_t *context);

#endif
