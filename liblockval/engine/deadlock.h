/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_DEADLOCK_H
#define LV_ENGINE_DEADLOCK_H

/*
 * Deadlocks that happen: a thread that is about to wait looks whether its wait closes a circle, and says so before it waits.
 *
 *     publish what is waited for (engine/blocked.h)
 *       -> a circle through this thread (engine/circle.h)? no: wait
 *       -> look again, after a pause: is it still there, and do the others sleep in the kernel, each on what it wants?
 *       -> finding, then what option on_deadlock says
 *
 * There is no helper thread, and no wait is made of shorter ones. The last thread that blocks sees the whole circle, since
 * each publishes before it looks. Why that holds, and where it does not: docs/adr/0031-deadlocks-that-happen.md.
 */

#include "engine/life.h"

/* How a wait that closes a circle may end. */
enum lv_deadlock_end {
    LV_DEADLOCK_WAIT,  /* the thread waits, or the process ends here */
    LV_DEADLOCK_REFUSE /* on_deadlock=break: the call returns EDEADLK instead */
};

/*
 * @t has published a wait at @site that does not give up. @may_refuse: the call can return EDEADLK.
 * Context: guard not held. Cost: that of lv_circle_find(); where there is a circle, some milliseconds.
 */
enum lv_deadlock_end lv_deadlock_look(struct lv_context *ctx, struct lv_thread *t, uintptr_t site, bool may_refuse);

/* Threads are stuck, and the finding was made: do what option on_deadlock says. May end the process. */
enum lv_deadlock_end lv_deadlock_act(struct lv_context *ctx, bool may_refuse);

/* Can a wait of @t close a circle at all? Only if somebody may wait for @t: for a lock that it holds, or for its end. */
bool lv_deadlock_is_joined_by_holder(const struct lv_thread *t);

static inline bool lv_deadlock_is_joined(const struct lv_thread *t)
{
    return t->life != NULL && LV_UNLIKELY(__atomic_load_n(&t->life->join.joiner, __ATOMIC_RELAXED) != NULL) &&
           lv_deadlock_is_joined_by_holder(t);
}

static inline bool lv_deadlock_may_close(const struct lv_thread *t)
{
    return t->depth != 0 || lv_deadlock_is_joined(t);
}

#endif
