/* SPDX-License-Identifier: MIT */
/*
 * Switches to another context of ucontext.h. Each changes the signal mask and may leave a signal handler. getcontext and
 * makecontext only note things. A context whose function ends goes on with the next one inside libc, without a call.
 */

#define _GNU_SOURCE
#include "interpose/hook.h"
#include "process/jumps.h"

LV_EXPORT int setcontext(const ucontext_t *context)
{
    if (lv_real.setcontext == NULL)
        lv_process_start();
    lv_jumps_switch(context, (uintptr_t)__builtin_frame_address(0));
    return lv_real.setcontext(context);
}

LV_EXPORT int swapcontext(ucontext_t *restrict ret_old, const ucontext_t *restrict context)
{
    int r;

    if (lv_real.swapcontext == NULL)
        lv_process_start();
    lv_jumps_switch(context, (uintptr_t)__builtin_frame_address(0));
    r = lv_real.swapcontext(ret_old, context);
    lv_jumps_switched(r == 0 ? ret_old : NULL);
    return r;
}
