/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_LOOKER_H
#define LV_ENGINE_LOOKER_H

/*
 * One thread looks at a time whether it is stuck, since it does not sleep meanwhile, and the others are to be seen asleep.
 * Who finds that another one looks may leave it to that one and go to sleep, if it has published its wait before: the
 * one that looks finds nothing, gives up its place, and then looks once more, so it sees who came until then.
 *
 * The place of a thread that left by a jump, or ended, is free (lv_idle_drop()).
 */

#include "engine/thread.h"

enum {
    LV_LOOKS = 400 /* of about a millisecond each, at most */
};

/* Returns null when @t looks now, else who does. */
static inline struct lv_thread *lv_looker_begin(struct lv_thread **place, struct lv_thread *t)
{
    struct lv_thread *other = NULL;

    return __atomic_compare_exchange_n(place, &other, t, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ? NULL : other;
}

/* @t does not look any more, if it did. What others published before they saw it look is seen from here on. */
static inline void lv_looker_end(struct lv_thread **place, struct lv_thread *t)
{
    struct lv_thread *looker = t;

    (void)__atomic_compare_exchange_n(place, &looker, NULL, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* Before the next look: a millisecond. Counted, since programs in good order are not to meet it. */
static inline void lv_looker_pause(struct lv_context *ctx)
{
    __atomic_fetch_add(&ctx->counters.looks_paused, 1, __ATOMIC_RELAXED);
    lv_os_pause();
}

#endif
