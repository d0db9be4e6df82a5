/* SPDX-License-Identifier: MIT */
/*
 * A waiter publishes its wait and then looks for others, so that of two that come together one at least sees the other.
 * Others read the wait as it is: the condition variable first and last, so that a wait that ended or changed meanwhile is
 * not believed.
 *
 * The place keeps the pair of condition variable and mutex that came last. Who comes with the same pair has nothing to look
 * for: whoever of that pair came first after another pair did look.
 */

#include "engine/waits.h"

#include <string.h>

#include "engine/acquire.h"
#include "engine/publish.h"

static uint64_t pair_of(uintptr_t cond, uintptr_t mutex)
{
    return lv_hash_mix(cond, mutex) | 1;
}

/* Is @other blocked on @cond with another mutex than @mutex, and not woken since? Then what it waits with. */
static bool is_bound_otherwise(const struct lv_wait_place *place, const struct lv_thread *other, uintptr_t cond,
                               uintptr_t mutex, struct lv_held_record *ret)
{
    uint32_t signals;

    if (__atomic_load_n(&other->waiting.cond, __ATOMIC_ACQUIRE) != cond)
        return false;
    *ret = other->waiting.with;
    signals = other->waiting.signals;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&other->waiting.cond, __ATOMIC_RELAXED) == cond && ret->address != mutex &&
           signals == __atomic_load_n(&place->signals, __ATOMIC_ACQUIRE);
}

static struct lv_thread *find_other(struct lv_context *ctx, const struct lv_thread *t, struct lv_held_record *ret)
{
    const struct lv_wait_place *place = lv_wait_place_of(ctx, t->waiting.cond);
    struct lv_thread *other = __atomic_load_n(&ctx->threads, __ATOMIC_ACQUIRE);

    for (; other != NULL; other = other->next)
        if (other != t && is_bound_otherwise(place, other, t->waiting.cond, t->waiting.with.address, ret))
            return other;
    return NULL;
}

/* Both sides, whichever of them came second. */
static uint64_t identity_of(lv_class_id one, lv_class_id two)
{
    uint32_t low = one.v < two.v ? one.v : two.v;

    return lv_hash_mix((uint64_t)LV_FINDING_COND, (uint64_t)low << 32 | (one.v ^ two.v ^ low));
}

static void check_others(struct lv_context *ctx, struct lv_thread *t, const struct lv_held_record *held, uintptr_t site)
{
    struct lv_finding finding = {
        .kind = LV_FINDING_COND,
        .verdict = LV_VERDICT_MISUSE,
        .subject = *held,
        .detail = "is waited with, while another thread waits on the same condition variable with another lock",
        .holder_waits = true,
    };
    struct lv_thread *other = find_other(ctx, t, &finding.holder);
    struct lv_locked locked;

    if (other == NULL)
        return;
    /* Under the lock the state stays the other thread's. */
    locked = lv_context_lock(ctx);
    other = find_other(ctx, t, &finding.holder);
    if (other != NULL) {
        other->witnessed = true;
        finding.holder_thread = other->info;
    }
    lv_context_unlock(ctx, &locked);
    if (other == NULL)
        return;
    finding.identity = identity_of(held->class, finding.holder.class);
    lv_finding_add_reason(&finding, (struct lv_reason){ LV_REASON_MISUSE, 0, 0 });
    lv_finding_publish(ctx, t, &finding, site);
}

bool lv_wait_begin(struct lv_context *ctx, struct lv_thread *t, uintptr_t cond, const struct lv_held_record *held,
                   const struct lv_acquisition *again)
{
    struct lv_wait_place *place = lv_wait_place_of(ctx, cond);
    uint64_t pair = pair_of(cond, held->address);

    if (t->waiting.cond != 0)
        return false;
    t->waiting.with = lv_acquisition_record(t, again);
    t->waiting.signals = __atomic_load_n(&place->signals, __ATOMIC_ACQUIRE);
    __atomic_store_n(&t->waiting.cond, cond, __ATOMIC_RELEASE);
    if (__atomic_fetch_add(&place->waiters, 1, __ATOMIC_SEQ_CST) == 0)
        __atomic_store_n(&place->pair, pair, __ATOMIC_RELAXED);
    else if (__atomic_load_n(&place->pair, __ATOMIC_RELAXED) != pair) {
        __atomic_store_n(&place->pair, pair, __ATOMIC_RELAXED);
        check_others(ctx, t, held, again->site);
    }
    return true;
}

void lv_wait_end(struct lv_context *ctx, struct lv_thread *t)
{
    struct lv_wait_place *place = lv_wait_place_of(ctx, t->waiting.cond);

    __atomic_store_n(&t->waiting.cond, 0, __ATOMIC_RELEASE);
    __atomic_fetch_sub(&place->waiters, 1, __ATOMIC_RELEASE);
}

void lv_waits_after_fork(struct lv_context *ctx, struct lv_thread *t)
{
    memset(ctx->waits, 0, sizeof(ctx->waits));
    for (struct lv_thread *other = ctx->threads; other != NULL; other = other->next)
        if (other != t)
            other->waiting.cond = 0;
    /* Forked by a signal handler in the middle of a wait, which goes on here. */
    if (t != NULL && t->waiting.cond != 0)
        lv_wait_place_of(ctx, t->waiting.cond)->waiters = 1;
    if (t != NULL && t->blocked_on.wait == LV_WAITS_COND)
        lv_wait_place_of(ctx, t->blocked_on.wanted.address)->sleepers = 1;
}
