/* SPDX-License-Identifier: MIT */
/* The frames are no more than option stack_depth asks for: a thread of the program may have a very small stack. */

#include "engine/here.h"

#include "sys/unwind.h"

lv_stack_id lv_stack_here(struct lv_context *ctx, uintptr_t site)
{
    uint32_t max = (uint32_t)ctx->options.stack_depth;
    uintptr_t frames[max];
    uint32_t count = lv_unwind(frames, max, site);

    return lv_stacks_add(&ctx->stacks, frames, count);
}
