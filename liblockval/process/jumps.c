/* SPDX-License-Identifier: MIT */
/*
 * Owns what was found out about libc's jump buffers, constant after start. The target's stack pointer says which handlers a
 * jump leaves (engine/handlers.h). A handler that interrupted the library and jumps takes the thread out of it: it must not
 * go on as if it were inside. Where the target of a jump is not known, the handlers are taken to be left, and the thread
 * stays as it is.
 *
 * A jump puts back the mask that was saved with its target. If none was, the handler's mask stays, and the kernel is asked
 * which that is.
 */

#include "process/jumps.h"

#include <setjmp.h>

#include "engine/stall.h"
#include "process/masks.h"
#include "process/signals.h"

enum {
    SETJMP_SLACK = 4096 /* a stack frame's size, at most */
};

static bool targets_known; /* constant after start */

/* Where the stack will be after a jump to @env: libc keeps it mangled with a secret of the process. */
static uintptr_t target_of(const struct __jmp_buf_tag *env)
{
#if defined(__GLIBC__) && defined(__x86_64__) && !defined(__ILP32__)
    enum {
        STACK_POINTER = 6
    };
    uintptr_t target = (uintptr_t)env->__jmpbuf[STACK_POINTER];

    __asm__("ror $17, %0; xor %%fs:0x30, %0" : "+r"(target) : : "cc");
    return target;
#else
    (void)env;
    return 0;
#endif
}

__attribute__((noinline)) void lv_jumps_start(void)
{
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    jmp_buf env;

    if (_setjmp(env) == 0)
        targets_known = target_of(env) <= frame && frame - target_of(env) < SETJMP_SLACK;
}

/* The stack goes from @stack to @target, if that is known. Returns whether handlers are left. */
static bool leave_handlers(uintptr_t stack, bool known, uintptr_t target)
{
    struct lv_handlers *handlers = &lv_self_handlers;
    const struct lv_handler_running *running;

    if (LV_LIKELY(handlers->depth == 0))
        return false;
    if (!known)
        handlers->depth = 0;
    else if (!lv_handlers_jump(handlers, stack, target))
        return false;
    /* What the handler interrupted may have been a wait. It is not known which one the jump leads back to. */
    if (lv_self_is_born())
        lv_idle_drop(&lv_process_context, lv_self_state);
    lv_signals_left(handlers->depth);
    if (!known)
        return true;
    running = lv_handlers_current(handlers, target);
    lv_self_jumped(running != NULL ? running->inside : 0);
    return true;
}

void lv_jumps_to(const struct __jmp_buf_tag *env, uintptr_t stack)
{
    bool left = leave_handlers(stack, targets_known, target_of(env));

    if (env->__mask_was_saved)
        lv_masks_set(lv_masks_thread(), lv_masks_bits(&env->__saved_mask));
    else if (left)
        lv_masks_ask(lv_masks_thread());
}

void lv_jumps_switch(const ucontext_t *context, uintptr_t stack)
{
#if defined(__x86_64__) && !defined(__ILP32__)
    (void)leave_handlers(stack, true, (uintptr_t)context->uc_mcontext.gregs[REG_RSP]);
#else
    (void)leave_handlers(stack, false, 0);
#endif
    lv_masks_set(lv_masks_thread(), lv_masks_bits(&context->uc_sigmask));
}

__attribute__((noinline)) void lv_jumps_switched(const ucontext_t *context)
{
    if (context != NULL)
        lv_masks_set(lv_masks_thread(), lv_masks_bits(&context->uc_sigmask));
    else
        lv_masks_ask(lv_masks_thread());
}
