/* SPDX-License-Identifier: MIT */
/*
 * Uses of classes in contexts. What a context is called is not enough over runs: a signal whose handler is another one is
 * another context. So its function is written with it. A use that is forgotten in this process, since the handler was replaced,
 * stays in the record: it is of the handler that is named there.
 */

#include "engine/record.h"
#include "engine/resolve.h"

static const char *context_name(struct lv_context *ctx, struct lv_batch *batch, unsigned state)
{
    struct lv_text text;

    if (!lv_state_is_signal(state))
        return ctx->context_name[state - LV_SIGNALS];
    text = lv_batch_begin_text(batch);
    lv_signal_name((int)state + 1, &text);
    return lv_batch_text(batch, &text);
}

/* What was unloaded meanwhile is left to who comes next: locks are being walked over here. */
static const char *handler_of(struct lv_context *ctx, struct lv_batch *batch, unsigned state)
{
    uintptr_t handler = lv_state_is_signal(state) ? __atomic_load_n(&ctx->handler[state], __ATOMIC_RELAXED) : 0;
    const struct lv_module *module = handler != 0 ? lv_modules_find(&ctx->modules, handler) : NULL;

    return handler != 0 ? lv_record_place(ctx, batch, handler, false, module != NULL ? module->born : LV_BORN_NONE)
                        : "";
}

static uint32_t count_states(struct lv_states states)
{
    uint32_t count = 0;

    for (; lv_states_any(states); states = lv_states_minus(states, lv_states_of(lv_states_first(states))))
        count++;
    return count;
}

void lv_record_use(struct lv_context *ctx, struct lv_batch **batch, const struct lv_use *use)
{
    uint32_t count = count_states(use->states), i = 0;
    struct lv_record_context *contexts;
    struct lv_record_use line = { .inside = use->side == LV_INSIDE, .weak = use->weak };
    struct lv_batch_mark mark;

    if (!__atomic_load_n(&ctx->recorder.on, __ATOMIC_RELAXED) || !lv_batch_need(ctx, batch))
        return;
    mark = lv_batch_mark(*batch);
    contexts = lv_batch_alloc(*batch, count * sizeof(*contexts));
    if (contexts == NULL)
        return;
    for (struct lv_states left = use->states; lv_states_any(left);
         left = lv_states_minus(left, lv_states_of(lv_states_first(left))))
        contexts[i++] = (struct lv_record_context){ context_name(ctx, *batch, lv_states_first(left)),
                                                    handler_of(ctx, *batch, lv_states_first(left)) };
    line.class = lv_record_class(ctx, batch, use->record.class);
    line.thread = lv_record_thread(ctx, batch, use->thread);
    line.lock = lv_record_lock_of(ctx, *batch, &use->record, false);
    line.at = lv_record_stack(ctx, batch, use->at);
    line.context_count = count;
    line.contexts = contexts;
    LV_BATCH_LINE(ctx, *batch, lv_record_put_use, &line);
    lv_batch_forget(*batch, mark);
}
