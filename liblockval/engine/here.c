/* SPDX-License-Identifier: MIT */
/* The frames are no more than option stack_depth asks for: a thread of the program may have a very small stack. */

#include "engine/here.h"

#include "engine/unload.h"
#include "sys/unwind.h"

enum {
    OWN_FRAMES = 16 /* of the library, at most, between a hook and who wants a stack */
};

/* Hooks that call the program back (routines that run once, handlers, threads' functions) are no business of its reader.
 * Frames before the one numbered @first are the program's. */
static uint32_t leave_out_own(const struct lv_context *ctx, uintptr_t *frames, uint32_t count, uint32_t first)
{
    uint32_t kept = first;

    for (uint32_t i = first; i < count; i++)
        if (frames[i] - ctx->self.start >= ctx->self.end - ctx->self.start)
            frames[kept++] = frames[i];
    return kept;
}

static lv_stack_id add_frames(struct lv_context *ctx, const uintptr_t *frames, uint32_t count)
{
    uint32_t born[count];
    const struct lv_module *module = NULL;

    /* Neighbouring frames are mostly of one module, and nobody unloads a module that this thread runs in. */
    for (uint32_t i = 0; i < count; i++) {
        if (module == NULL || frames[i] <= module->start || frames[i] > module->end)
            module = lv_module_of(ctx, frames[i] - 1);
        born[i] = module != NULL ? module->born : LV_BORN_NONE;
    }
    return lv_stacks_add(&ctx->stacks, frames, born, count);
}

lv_stack_id lv_stack_here(struct lv_context *ctx, uintptr_t site)
{
    uint32_t max = (uint32_t)ctx->options.stack_depth;
    uintptr_t frames[max];

    return add_frames(ctx, frames, leave_out_own(ctx, frames, lv_unwind(frames, max, site), 1));
}

lv_stack_id lv_stack_of_site(struct lv_context *ctx, uintptr_t site)
{
    return add_frames(ctx, &site, 1);
}

__attribute__((noinline)) lv_stack_id lv_stack_of_program(struct lv_context *ctx)
{
    uint32_t max = (uint32_t)ctx->options.stack_depth + OWN_FRAMES, count;
    uintptr_t frames[max];

    count = leave_out_own(ctx, frames, lv_unwind(frames, max, (uintptr_t)__builtin_return_address(0)), 0);
    if (count > (uint32_t)ctx->options.stack_depth)
        count = (uint32_t)ctx->options.stack_depth;
    return add_frames(ctx, frames, count != 0 ? count : 1);
}
