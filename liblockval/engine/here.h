/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_HERE_H
#define LV_ENGINE_HERE_H

#include "engine/context.h"

/*
 * The calling thread's stack from @site outward, in the depot; 0 without memory.
 * It is taken under the internal lock, with signals blocked: fork waits for that lock, so that no child finds libunwind's
 * own locks taken by a thread that it does not have. Context: lock held, guard held.
 */
lv_stack_id lv_stack_here(struct lv_context *ctx, uintptr_t site);

/* A stack of no more than the call at @site, of a thread that is not this one. Context: lock held. */
lv_stack_id lv_stack_of_site(struct lv_context *ctx, uintptr_t site);

/* The same from the program's innermost frame outward, for callers that do not know the call site. */
lv_stack_id lv_stack_of_program(struct lv_context *ctx);

#endif
