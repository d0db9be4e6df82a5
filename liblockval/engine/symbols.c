/* SPDX-License-Identifier: MIT */
/*
 * Of threads that need the same symbols one reads them, and the others wait, without any lock, for it. The one may never
 * finish: its process was forked, or a signal handler jumped away. So they wait for a while only, and then read for
 * themselves.
 */

#include "engine/symbols.h"

enum {
    PATIENCE = 100 /* milliseconds, about */
};

void lv_symbols_prepare(struct lv_context *ctx, const struct lv_module *module)
{
    struct lv_locked locked;

    if (module == NULL || lv_modules_is_named(module))
        return;
    if (lv_modules_read_ahead(module)) {
        locked = lv_context_lock(ctx);
        lv_modules_hand_over(module);
        lv_context_unlock(ctx, &locked);
        return;
    }
    for (int i = 0; i < PATIENCE && !lv_modules_is_named(module); i++)
        lv_os_pause();
}

void lv_symbols_prepare_stack(struct lv_context *ctx, lv_stack_id id)
{
    const struct lv_stack *stack = lv_stacks_get(&ctx->stacks, id);

    for (uint32_t i = 0; stack != NULL && i < stack->count; i++)
        lv_symbols_prepare(ctx, lv_modules_loaded_at(&ctx->modules, stack->frames[i] - 1, lv_stack_born(stack, i)));
}
