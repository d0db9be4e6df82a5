/* SPDX-License-Identifier: MIT */
/* Jumps, since one may leave a signal handler, and puts the signal mask back. Programs that were compiled with checks call __longjmp_chk. <setjmp.h> is
 * not included: with such checks it renames longjmp. */

#define _GNU_SOURCE
#include "interpose/hook.h"
#include "process/jumps.h"

__attribute__((noreturn)) void longjmp(struct __jmp_buf_tag *env, int value);
__attribute__((noreturn)) void _longjmp(struct __jmp_buf_tag *env, int value);
__attribute__((noreturn)) void siglongjmp(struct __jmp_buf_tag *env, int value);
__attribute__((noreturn)) void __longjmp_chk(struct __jmp_buf_tag *env, int value);

#define JUMP(name)                                               \
    do {                                                         \
        if (lv_real.name == NULL)                                \
            lv_process_start();                                  \
        lv_jumps_to(env, (uintptr_t)__builtin_frame_address(0)); \
        lv_real.name(env, value);                                \
        __builtin_unreachable();                                 \
    } while (0)

LV_EXPORT void longjmp(struct __jmp_buf_tag *env, int value)
{
    JUMP(longjmp);
}

LV_EXPORT void _longjmp(struct __jmp_buf_tag *env, int value)
{
    JUMP(_longjmp);
}

LV_EXPORT void siglongjmp(struct __jmp_buf_tag *env, int value)
{
    JUMP(siglongjmp);
}

LV_EXPORT void __longjmp_chk(struct __jmp_buf_tag *env, int value)
{
    JUMP(__longjmp_chk);
}
