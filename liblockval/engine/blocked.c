/* SPDX-License-Identifier: MIT */
/*
 * A wait has a number, which others look at before and after they copy it. A copy that was made while the thread put another
 * wait in the place of the first is thrown away.
 */

#include "engine/blocked.h"

#include "engine/thread.h"
#include "sys/clock.h"

/* Others see no wait while the fields change. */
static void set(struct lv_blocked *b, const struct lv_blocked *what, uint64_t since)
{
    uint32_t wait = what->wait;
    struct lv_blocked next = *what;

    __atomic_store_n(&b->wait, LV_WAITS_NOT, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    next.wait = LV_WAITS_NOT;
    next.number = b->number + 1;
    next.since = since;
    *b = next;
    __atomic_store_n(&b->wait, wait, __ATOMIC_RELEASE);
}

void lv_blocked_begin(struct lv_thread *t, const struct lv_blocked *what, struct lv_blocked *ret_outer)
{
    struct lv_blocked *b = &t->blocked_on;

    if (LV_LIKELY(b->wait == LV_WAITS_NOT)) {
        ret_outer->wait = LV_WAITS_NOT;
        set(b, what, lv_clock_ticks());
    } else {
        struct lv_blocked inner = *what;

        *ret_outer = *b;
        inner.event = b->wait == LV_WAITS_EVENT ? b->wanted : b->event;
        set(b, &inner, lv_clock_ticks());
    }
}

/* Only the fields that a lock needs, written where they stay. */
void lv_blocked_begin_lock(struct lv_thread *t, const struct lv_held_record *wanted, bool timed, uintptr_t site,
                           uint64_t since, struct lv_blocked *ret_outer)
{
    struct lv_blocked *b = &t->blocked_on;

    if (LV_UNLIKELY(b->wait != LV_WAITS_NOT)) {
        const struct lv_blocked what = { .wait = LV_WAITS_LOCK, .timed = timed, .site = site, .wanted = *wanted };

        lv_blocked_begin(t, &what, ret_outer);
        return;
    }
    ret_outer->wait = LV_WAITS_NOT;
    __atomic_store_n(&b->number, b->number + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    b->timed = timed;
    b->shared = false;
    b->since = since;
    b->site = site;
    b->wanted = *wanted;
    b->with.class.v = b->event.class.v = 0;
    b->life = NULL;
    __atomic_store_n(&b->wait, LV_WAITS_LOCK, __ATOMIC_RELEASE);
}

void lv_blocked_end(struct lv_thread *t, const struct lv_blocked *outer)
{
    if (LV_LIKELY(outer->wait == LV_WAITS_NOT))
        __atomic_store_n(&t->blocked_on.wait, LV_WAITS_NOT, __ATOMIC_RELEASE);
    else
        set(&t->blocked_on, outer, outer->since);
}

void lv_blocked_begin_event(struct lv_thread *t, const struct lv_held_record *event, uintptr_t site)
{
    const struct lv_blocked what = { .wait = LV_WAITS_EVENT, .site = site, .wanted = *event };

    if (t->blocked_on.wait == LV_WAITS_NOT)
        set(&t->blocked_on, &what, lv_clock_ticks());
}

void lv_blocked_end_event(struct lv_thread *t)
{
    if (t->blocked_on.wait == LV_WAITS_EVENT)
        __atomic_store_n(&t->blocked_on.wait, LV_WAITS_NOT, __ATOMIC_RELEASE);
}

struct lv_blocked lv_blocked_read(const struct lv_thread *t)
{
    const struct lv_blocked *b = &t->blocked_on;
    uint32_t wait = __atomic_load_n(&b->wait, __ATOMIC_ACQUIRE);
    uint32_t number = __atomic_load_n(&b->number, __ATOMIC_RELAXED);
    struct lv_blocked copy;

    if (wait == LV_WAITS_NOT)
        return (struct lv_blocked){ .wait = LV_WAITS_NOT };
    copy = *b;
    copy.wait = wait;
    copy.number = number;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&b->wait, __ATOMIC_RELAXED) != wait || __atomic_load_n(&b->number, __ATOMIC_RELAXED) != number)
        copy.wait = LV_WAITS_NOT;
    return copy;
}
