/* SPDX-License-Identifier: MIT */
/* Masks change often and rarely matter, so each call looks first whether anything is new; only then is it worth a system
 * call to see whether this is the validator's process at all. Owns no data: the mask is in the thread's state. */

#include "process/masks.h"

#include "engine/usage.h"
#include "process/signals.h"

struct lv_thread *lv_masks_thread(void)
{
    struct lv_thread *t = lv_self_known();

    return t != NULL && t->guard == t->off ? t : NULL;
}

void lv_masks_set(struct lv_thread *t, uint64_t blocked)
{
    if (t != NULL && blocked != t->blocked && lv_process_is_own())
        lv_context_set_mask(&lv_process_context, t, blocked);
}

void lv_masks_ask(struct lv_thread *t)
{
    if (t != NULL)
        lv_masks_set(t, lv_os_signal_mask());
}

void lv_masks_wait_under(struct lv_mask_wait *wait, uint64_t mask)
{
    wait->before = wait->t->blocked;
    wait->told = true;
    lv_masks_set(wait->t, mask);
}

void lv_masks_wait_end(struct lv_mask_wait *wait)
{
    if (!wait->over)
        lv_masks_ask(wait->t);
    else if (wait->told)
        lv_masks_set(wait->t, wait->before);
}

bool lv_masks_settle(struct lv_context *ctx, struct lv_thread *t)
{
    uint64_t handled = __atomic_load_n(&ctx->handled, __ATOMIC_RELAXED) & ~lv_context_synchronous(), mask;
    bool changed;

    if (handled == 0 && t->nesting == 0)
        return false;
    mask = lv_os_signal_mask();
    changed = lv_signals_settle(t, mask);
    if (((mask ^ t->blocked) & handled) == 0)
        return changed;
    lv_context_set_mask(ctx, t, mask);
    return true;
}
