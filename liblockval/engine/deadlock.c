/* SPDX-License-Identifier: MIT */
/*
 * What is seen at one moment may be gone at the next, so a circle counts only if
 *   - it was found twice, with the same waits and with each lock's own word for its holder, a pause in between, and
 *   - each other thread in it sleeps in the kernel, on the very thing that it wants. This thread holds what the one before it
 *     wants, and does not let go while it looks; so that one stays asleep, holds what it holds, and so on round the circle.
 * Threads that spin do not sleep, and annotated locks are built as the program likes: for these, and where the kernel does
 * not say, the books alone have to agree over a longer time.
 *
 * One thread looks at a time. Another one of the same circle may go to sleep: whoever looks now sees it there.
 */

#include "engine/deadlock.h"

#include "engine/asleep.h"
#include "engine/circle.h"
#include "engine/life.h"
#include "engine/looker.h"
#include "engine/stall.h"
#include "engine/stuck.h"
#include "engine/summary.h"

enum {
    AGAIN = 3,        /* circles that fall apart, one after the other */
    JOINS = 4,        /* one behind the other, that are followed to one that holds a lock */
    LOOKS_KERNEL = 2, /* of these, so many have to agree, one after the other, */
    LOOKS_BOOKS = 20  /* or so many where the kernel does not help */
};

/* Who is joined by a thread that nobody waits for is waited for by nobody who matters. */
bool lv_deadlock_is_joined_by_holder(const struct lv_thread *t)
{
    for (int i = 0; i < JOINS; i++) {
        const struct lv_life *life = __atomic_load_n(&t->life, __ATOMIC_RELAXED);

        t = life != NULL ? __atomic_load_n(&life->join.joiner, __ATOMIC_RELAXED) : NULL;
        if (t == NULL)
            return false;
        if (__atomic_load_n(&t->depth, __ATOMIC_RELAXED) != 0)
            return true;
    }
    return true;
}

static enum lv_asleep all_sleep(const struct lv_context *ctx, const struct lv_circle *circle)
{
    enum lv_asleep all = LV_ASLEEP_YES;
    struct lv_task_sleep unused;

    for (uint32_t i = 1; i < circle->count; i++) {
        enum lv_asleep one = lv_asleep_look(ctx, circle->step[i].t->tid, &circle->step[i].on, &unused);

        if (one == LV_ASLEEP_NO)
            return one;
        if (one == LV_ASLEEP_UNKNOWN)
            all = one;
    }
    return all;
}

static bool are_same(const struct lv_circle *a, const struct lv_circle *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (a->step[i].t != b->step[i].t || a->step[i].on.number != b->step[i].on.number ||
            a->step[i].on.wanted.address != b->step[i].on.wanted.address ||
            a->step[i].through.count != b->step[i].through.count)
            return false;
    return true;
}

/* Anybody may post a semaphore: a circle through one says nothing by itself, unless nobody is left who could. */
static bool is_certain(const struct lv_circle *circle)
{
    for (uint32_t i = 0; i < circle->count; i++)
        if (circle->step[i].on.wanted.kind == LV_KIND_SEM)
            return false;
    return true;
}

/* Is one of them cancelled in its wait? The one that looks is not asleep yet, and may never be. */
static bool is_cancelled(const struct lv_context *ctx, const struct lv_circle *circle)
{
    for (uint32_t i = 0; i < circle->count; i++)
        if (lv_life_is_cancelled_in(ctx, circle->step[i].t, &circle->step[i].on))
            return true;
    return false;
}

/* Do all others in @circle sleep; where only that nobody is left would say something, does everybody? False: the circle is none. */
static bool look_at_others(const struct lv_look *look, struct lv_thread *t, const struct lv_circle *circle,
                           enum lv_asleep *ret)
{
    enum lv_stall_word word;

    if (is_certain(circle)) {
        *ret = all_sleep(look->ctx, circle);
        return true;
    }
    if (!lv_stall_by_books(look->ctx, t))
        return false;
    word = lv_stall_by_kernel(look->ctx, t);
    *ret = word == LV_STALL_ALL ? LV_ASLEEP_YES : LV_ASLEEP_NO;
    return word != LV_STALL_NEVER;
}

/* A circle as it was seen last, and as it is seen now. It is large: a thread's stack may be small. */
struct seen {
    struct lv_circle last, now;
};

/* Is @t in this circle for good? Context: this thread is the looker. */
static bool stays(const struct lv_look *look, struct lv_thread *t, struct seen *seen)
{
    struct lv_circle *circle = &seen->last;
    uint32_t asleep = 0, agreed = 0;

    for (uint32_t i = 0; i < LV_LOOKS; i++) {
        enum lv_asleep all;

        if (!lv_circle_find(look, t, &seen->now) || is_cancelled(look->ctx, &seen->now))
            return false;
        if (!are_same(circle, &seen->now))
            asleep = agreed = 0;
        *circle = seen->now;
        if (!look_at_others(look, t, circle, &all))
            return false;
        asleep = all == LV_ASLEEP_YES ? asleep + 1 : 0;
        agreed = all != LV_ASLEEP_NO ? agreed + 1 : 0;
        if (asleep >= LOOKS_KERNEL || agreed >= LOOKS_BOOKS)
            return true;
        lv_looker_pause(look->ctx);
    }
    return false;
}

static bool is_in(const struct lv_circle *circle, const struct lv_thread *t)
{
    for (uint32_t i = 0; i < circle->count; i++)
        if (circle->step[i].t == t)
            return true;
    return false;
}

/* Become the one that looks. False: one that is in the circle is looking already. One that is not may have this thread in a circle
 * of its own, and looks in vain until this thread sleeps; so its looks are waited for, all of them. */
static bool begin_looking(const struct lv_look *look, struct lv_thread *t, struct lv_circle *circle)
{
    for (uint32_t i = 0; i < 2 * LV_LOOKS; i++) {
        const struct lv_thread *other = lv_looker_begin(&look->ctx->looker, t);

        if (other == NULL)
            return true;
        if (is_in(circle, other))
            return false;
        lv_looker_pause(look->ctx);
        if (!lv_circle_find(look, t, circle))
            return false;
    }
    return false;
}

/* Another thread's finding may be on its way: the process does not end before it was said. */
static void let_publish(const struct lv_context *ctx)
{
    for (uint32_t i = 0; i < LV_LOOKS && __atomic_load_n(&ctx->unpublished, __ATOMIC_ACQUIRE) != 0; i++)
        lv_os_pause();
}

enum lv_deadlock_end lv_deadlock_act(struct lv_context *ctx, bool may_refuse)
{
    switch (ctx->options.on_deadlock) {
    case LV_DEADLOCK_REPORT:
        break;
    case LV_DEADLOCK_EXIT:
        let_publish(ctx);
        lv_summary_say(ctx, true);
        lv_recorder_end(ctx, ctx->options.exitcode);
        lv_os_exit(ctx->options.exitcode);
    case LV_DEADLOCK_ABORT:
        let_publish(ctx);
        lv_summary_say(ctx, true);
        lv_os_abort();
    case LV_DEADLOCK_BREAK:
        if (may_refuse)
            return LV_DEADLOCK_REFUSE;
        break;
    }
    return LV_DEADLOCK_WAIT;
}

/* A lock that its own holder takes again was reported before this (engine/same.c), but for one that is not judged. */
static bool was_reported(const struct lv_circle *circle)
{
    return circle->count == 1 && circle->step[0].on.wait == LV_WAITS_LOCK && circle->step[0].through.count == 0 &&
           (circle->step[0].on.wanted.flags & LV_UNCHECKED) == 0;
}

/* libc does not let a thread join itself, nor one that joins it. */
static bool is_refused(const struct lv_circle *circle)
{
    for (uint32_t i = 0; i < circle->count; i++)
        if (circle->step[i].on.wait != LV_WAITS_JOIN)
            return false;
    return circle->count <= 2;
}

/* There is a circle, at this moment. Returns whether it was looked at, and is to be looked for again: who came meanwhile may
 * have gone to sleep since this thread looks. */
static bool look_closely(struct lv_look *look, struct lv_thread *t, struct seen *seen, uintptr_t site, bool may_refuse,
                         enum lv_deadlock_end *ret)
{
    struct lv_context *ctx = look->ctx;
    bool stuck;

    if (!lv_circle_find(look, t, &seen->last) || is_refused(&seen->last) || !begin_looking(look, t, &seen->last))
        return false;
    stuck = stays(look, t, seen);
    if (stuck && !was_reported(&seen->last))
        lv_stuck_report(ctx, t, &seen->last, site);
    if (stuck)
        *ret = lv_deadlock_act(ctx, may_refuse);
    if (stuck && *ret == LV_DEADLOCK_WAIT)
        __atomic_store_n(&ctx->stuck_for_good, true, __ATOMIC_RELAXED);
    lv_looker_end(&ctx->looker, t);
    return !stuck;
}

enum lv_deadlock_end lv_deadlock_look(struct lv_context *ctx, struct lv_thread *t, uintptr_t site, bool may_refuse)
{
    struct lv_look look = { .ctx = ctx, .self = t };
    enum lv_deadlock_end end = LV_DEADLOCK_WAIT;
    struct seen *seen;

    t->guard++;
    if (LV_UNLIKELY(t->depth != 0 && __atomic_load_n(&ctx->findings, __ATOMIC_RELAXED) != 0))
        lv_os_barrier_all();
    if (LV_UNLIKELY(lv_circle_find(&look, t, NULL)) && (seen = lv_os_map(sizeof(*seen))) != NULL) {
        look.ask = true;
        for (int i = 0; i < AGAIN && look_closely(&look, t, seen, site, may_refuse, &end); i++)
            ;
        lv_os_unmap(seen, sizeof(*seen));
    }
    t->guard--;
    return end;
}
