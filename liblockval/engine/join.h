/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_JOIN_H
#define LV_ENGINE_JOIN_H

/*
 * Dependencies through joins. To join a thread while holding L makes L -> the thread's end; the end waits for every lock
 * that the thread took in its life (engine/life.h), and for those that it takes while it is joined.
 *
 * The end of a thread is an event of a class of its own for each start function and class of locks that such threads take.
 * So a circle through it says that one and the same thread was joined under the one lock and took the other: the ends of
 * threads that happen to begin in one function (all of C++'s do) are not mixed up. All these classes are called the same:
 * "join of FUNCTION".
 *
 * Where the joiner holds one lock of a class and the thread took only others of the same class, nothing is said, as for
 * other locks of one class without a rule of their own: each thread of a pool takes its own object's mutex.
 */

#include "engine/life.h"
#include "engine/stall.h"

/* A join that is under way. */
struct lv_join {
    struct lv_context *ctx;
    struct lv_thread *t;  /* null: not watched */
    struct lv_idle idle;  /* as others see the wait */
    struct lv_life *life; /* null: nothing is known of that thread */
    uint64_t uid;         /* the life's */
    bool joined;          /* by the caller: the thread was joined */
};

/* @t is about to join the thread @handle; @flags 0, LV_TIMED, or LV_TRY, which does not wait. Returns as lv_deadlock_look().
 * Context: guard not held. */
enum lv_deadlock_end lv_join_begin(struct lv_context *ctx, struct lv_thread *t, uintptr_t handle, unsigned flags,
                                   uintptr_t site, struct lv_join *ret);

/* The call is back, or the joining thread was cancelled in it. */
void lv_join_end(struct lv_join *join);

/* @t, which has a life, is about to take @record, which is not in it or is awaited by a join. Context: guard held. */
void lv_join_taken(struct lv_context *ctx, struct lv_thread *t, const struct lv_held_record *record);

#endif
