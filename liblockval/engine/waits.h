/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_WAITS_H
#define LV_ENGINE_WAITS_H

/*
 * Who waits on which condition variable, and with which mutex. POSIX binds a condition variable to one mutex while anybody
 * is blocked on it; to wait with another one then is a finding (cond).
 *
 * A wait is in its thread's state for others to read. A small table, by a hash of the condition variable, says whether
 * there is anything to look for: the threads are looked over only when somebody waits in the same place of the table with
 * something else.
 */

#include "base/hash.h"
#include "engine/thread.h"

static inline struct lv_wait_place *lv_wait_place_of(struct lv_context *ctx, uintptr_t cond)
{
    return &ctx->waits[lv_hash_mix(cond, ctx->secret[0]) % LV_WAIT_PLACES];
}

/*
 * The thread is about to wait on @cond with the mutex of @held, which it holds so, or held until now; @again is its
 * acquisition when the wait is over, by the call that waits. Makes the finding. False: it waits on another one already (a
 * signal handler), and lv_wait_end() must not be called.
 * Context: guard not held. Cost: linear in the threads when the place is used with something else, and an atomic write.
 */
bool lv_wait_begin(struct lv_context *ctx, struct lv_thread *t, uintptr_t cond, const struct lv_held_record *held,
                   const struct lv_acquisition *again) LV_MUST_CHECK;

/* The wait is over, whatever ended it. */
void lv_wait_end(struct lv_context *ctx, struct lv_thread *t);

/* In a forked child, whose only thread is @t (null: not watched): nobody else waits. Context: lock held. */
void lv_waits_after_fork(struct lv_context *ctx, struct lv_thread *t);

/*
 * Waiters of @cond are woken: from here on none of those that began to wait before counts, since it is not known which
 * ones are still blocked. Called before the real call, since the first that wakes may go on while others that were woken
 * wait for the mutex; and after it, for those that began to wait meanwhile.
 */
static inline void lv_wait_signalled(struct lv_context *ctx, uintptr_t cond)
{
    struct lv_wait_place *place = lv_wait_place_of(ctx, cond);

    if (__atomic_load_n(&place->waiters, __ATOMIC_RELAXED) != 0)
        __atomic_fetch_add(&place->signals, 1, __ATOMIC_RELEASE);
}

#endif
