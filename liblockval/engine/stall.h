/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_STALL_H
#define LV_ENGINE_STALL_H

/*
 * Waits for something that nobody in particular has to do: a signal to a condition variable, a post, the others at a barrier,
 * the end of a thread. Who could do it is not known, so such a wait is only hopeless when nobody is left who could: when
 * every task of the process sleeps in a wait that we see, without a timeout, for something of this process alone, and no
 * signal handler is installed.
 *
 *     begin: publish, count                         how many threads wait so, and how many of them hold a lock
 *       -> all threads of the books wait, and by the books nobody is about to wake? no: wait
 *       -> the kernel's list of tasks has nobody else, and each of them sleeps in a futex call that only this process can end?
 *       -> finding (engine/stuck.h), and option on_deadlock
 *
 * The end of a thread may leave the others so, too: it looks in its last round of destructors.
 */

#include "engine/deadlock.h"

struct lv_wait_place;

/* A wait that is under way. */
struct lv_idle {
    struct lv_thread *t; /* null: not published */
    struct lv_blocked outer;
    uint64_t counted;            /* in lv_context.idle */
    struct lv_wait_place *place; /* of a condition variable; else null */
};

/* @t is about to wait for @what, which is no lock. Returns as lv_deadlock_look(); when the call is refused there is nothing to
 * end. Context: guard not held. Cost: one atomic addition; a look at each thread where all others wait too. */
enum lv_deadlock_end lv_idle_begin(struct lv_context *ctx, struct lv_thread *t, const struct lv_blocked *what,
                                   bool may_refuse, struct lv_idle *ret);
void lv_idle_end(struct lv_context *ctx, struct lv_idle *idle);

/* The thread left its waits without an end: it ended itself, or a signal handler jumped. */
void lv_idle_drop(struct lv_context *ctx, struct lv_thread *t);

/* One who waits for @cond, or with @all each of them, is about to be woken. Context: any thread. */
void lv_idle_wake(struct lv_context *ctx, uintptr_t cond, bool all);

/* Does a thread that holds a lock wait so, or did one end with it? Then a wait for a lock may be the one after which nobody is left. */
static inline bool lv_stall_may_begin(const struct lv_context *ctx)
{
    return __atomic_load_n(&ctx->idle, __ATOMIC_RELAXED) >> 32 != 0 ||
           __atomic_load_n(&ctx->ended_holding, __ATOMIC_RELAXED);
}

/* Does the end of a thread, which holds nothing, perhaps leave all the others in waits? */
static inline bool lv_stall_may_be_left(const struct lv_context *ctx)
{
    uint32_t others = __atomic_load_n(&ctx->threads_used, __ATOMIC_RELAXED) - 1;
    uint64_t idle = __atomic_load_n(&ctx->idle, __ATOMIC_RELAXED);

    return others != 0 && (uint32_t)idle != 0 && ((uint32_t)idle >= others || lv_stall_may_begin(ctx));
}

/* Has the published wait of @t at @site, or its end, if it waits for nothing, left nobody who could wake anybody? Says so, and acts. Context: guard not held. */
void lv_stall_look(struct lv_context *ctx, struct lv_thread *t, uintptr_t site);

/* The same question at one moment, without a report: by the books, and by the kernel's word. Context: guard held. */
enum lv_stall_word {
    LV_STALL_ALL,  /* all but @t sleep for good */
    LV_STALL_SOME, /* not all, but that may change in a moment */
    LV_STALL_NEVER /* there is a task that will not do so, or the kernel does not say */
};
bool lv_stall_by_books(struct lv_context *ctx, struct lv_thread *t);
enum lv_stall_word lv_stall_by_kernel(struct lv_context *ctx, const struct lv_thread *t);

#endif
