/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_UNIT_LIVES_H
#define LV_TESTS_UNIT_LIVES_H

/* Threads that are born, end and are joined. In the cycles that are expected "?" is the end of a thread. */

#include "engine.h"

#include <stdio.h>

#include "engine/join.h"

#define EVENT LV_FINDING_EVENT
#define POTENTIAL LV_VERDICT_POTENTIAL
#define STARTS ((uintptr_t)0x560000000000)
#define HANDLES ((uintptr_t)0x570000000000)

static struct lv_join joins[SCENARIO_THREADS];

static inline uintptr_t handle_of(unsigned thread)
{
    return HANDLES + thread * (uintptr_t)4096;
}

static inline struct lv_life *make_life(uintptr_t start)
{
    struct lv_locked locked = lv_context_lock(&s->ctx);
    struct lv_life *life = lv_life_new(&s->ctx, start, true);

    lv_context_unlock(&s->ctx, &locked);
    ck_assert_ptr_nonnull(life);
    return life;
}

/* A thread that begins with a function of its own. */
static inline void born(unsigned thread)
{
    lv_life_begin(&s->ctx, scenario_thread(s, thread), make_life(STARTS + thread * 64), handle_of(thread));
}

static inline void ends(unsigned thread)
{
    lv_thread_free(&s->ctx, scenario_thread(s, thread));
    s->threads[thread] = NULL;
}

/* @thread begins to wait for the end of @other. */
static inline void join_with(unsigned thread, unsigned other, unsigned flags)
{
    lv_join_begin(&s->ctx, scenario_thread(s, thread), handle_of(other), flags, 0x580000000000 + thread * 64,
                  &joins[thread]);
}

static inline void join(unsigned thread, unsigned other)
{
    join_with(thread, other, 0);
}

static inline void joined(unsigned thread)
{
    joins[thread].joined = true;
    lv_join_end(&joins[thread]);
}

static inline void gave_up(unsigned thread)
{
    joins[thread].joined = false;
    lv_join_end(&joins[thread]);
}

/* Born, takes @names, ends. */
static inline void lives(unsigned thread, const char *names)
{
    born(thread);
    scenario_chain(s, thread, names);
    ends(thread);
}

static inline void join_under(unsigned thread, const char *held, unsigned other)
{
    write_lock(thread, held);
    join(thread, other);
    joined(thread);
    unlock(thread, held);
}

#endif
