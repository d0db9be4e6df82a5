/* SPDX-License-Identifier: MIT */
/* The counts of threads that wait for nobody in particular, when waits end in other ways than by their end. */

#include "engine.h"
#include "engine/circle.h"
#include "engine/looker.h"
#include "engine/stall.h"
#include "engine/waits.h"

enum {
    COND = 0x7000
};

static struct lv_task_sleep asleep; /* what the kernel says of each thread */

static int look_at(int tid, struct lv_task_sleep *ret)
{
    (void)tid;
    *ret = asleep;
    return 0;
}

static bool never(const struct lv_blocked *on, bool begun)
{
    (void)on;
    (void)begun;
    return false;
}

static void begin(unsigned threads)
{
    asleep = (struct lv_task_sleep){ .sleeps = false };
    s->ctx.task = look_at;
    s->ctx.may_pass = never;
    for (unsigned i = 0; i < threads; i++)
        scenario_thread(s, i)->tid = 1000 + (int)i;
}

static struct lv_idle waits_for(unsigned thread, enum lv_wait_kind wait, uintptr_t address)
{
    const struct lv_blocked what = { .wait = wait, .wanted = { .address = address } };
    struct lv_idle idle;

    lv_idle_begin(&s->ctx, scenario_thread(s, thread), &what, false, &idle);
    return idle;
}

/* The handler that interrupted a wait jumps, but not out of it: the wait goes on, and ends. */
START_TEST(a_wait_ends_that_was_dropped)
{
    struct lv_idle idle;

    begin(2);
    idle = waits_for(1, LV_WAITS_COND, COND);
    lv_idle_drop(&s->ctx, scenario_thread(s, 1));
    ck_assert_uint_eq(s->ctx.idle, 0);
    lv_idle_end(&s->ctx, &idle);
    ck_assert_uint_eq(s->ctx.idle, 0);
    ck_assert_uint_eq(scenario_thread(s, 1)->idle, 0);
    ck_assert_uint_eq(lv_wait_place_of(&s->ctx, COND)->sleepers, 0);
}
END_TEST

/* A wait that is left for good leaves no sleeper behind, for whom wakes would be due. */
START_TEST(nobody_sleeps_in_a_wait_that_was_left)
{
    begin(2);
    (void)waits_for(1, LV_WAITS_COND, COND);
    lv_idle_drop(&s->ctx, scenario_thread(s, 1));
    lv_idle_wake(&s->ctx, COND, false);
    ck_assert_uint_eq(lv_wait_place_of(&s->ctx, COND)->due, 0);
}
END_TEST

START_TEST(who_looks_may_leave)
{
    struct lv_thread *t, *other;

    begin(3);
    t = scenario_thread(s, 1);
    other = scenario_thread(s, 2);
    ck_assert_ptr_null(lv_looker_begin(&s->ctx.looker, t));
    ck_assert_ptr_eq(lv_looker_begin(&s->ctx.looker, other), t);
    /* Another one's end is not this one's. */
    lv_idle_drop(&s->ctx, other);
    ck_assert_ptr_eq(s->ctx.looker, t);
    lv_idle_drop(&s->ctx, t);
    ck_assert_ptr_null(s->ctx.looker);
}
END_TEST

/* A state of the parent that is used again in the child waits for nothing, and takes nothing from the counts. */
START_TEST(a_forked_child)
{
    struct lv_idle own;
    struct lv_thread *t;

    begin(3);
    own = waits_for(0, LV_WAITS_COND, COND);
    (void)waits_for(1, LV_WAITS_SEM, COND + 64);
    (void)waits_for(2, LV_WAITS_COND, COND);
    lv_thread_after_fork(&s->ctx, scenario_thread(s, 0));
    ck_assert_uint_eq(s->ctx.idle, 1);
    ck_assert_uint_eq(lv_wait_place_of(&s->ctx, COND)->sleepers, 1);
    for (int i = 0; i < 2; i++) {
        t = lv_thread_new(&s->ctx);
        ck_assert_uint_eq(lv_blocked_read(t).wait, LV_WAITS_NOT);
        lv_idle_drop(&s->ctx, t);
        ck_assert_uint_eq(s->ctx.idle, 1);
    }
    lv_idle_end(&s->ctx, &own);
    ck_assert_uint_eq(s->ctx.idle, 0);
    ck_assert_uint_eq(lv_wait_place_of(&s->ctx, COND)->sleepers, 0);
}
END_TEST

/* Three wakes for two that wait: when both went on, none is left over for the next. */
START_TEST(more_wakes_than_sleepers)
{
    struct lv_idle first, second, third;

    begin(4);
    first = waits_for(0, LV_WAITS_COND, COND);
    second = waits_for(1, LV_WAITS_COND, COND);
    for (int i = 0; i < 3; i++)
        lv_idle_wake(&s->ctx, COND, false);
    ck_assert_uint_eq(lv_wait_place_of(&s->ctx, COND)->due, 2);
    lv_idle_end(&s->ctx, &first);
    third = waits_for(2, LV_WAITS_COND, COND);
    lv_idle_end(&s->ctx, &second);
    ck_assert_uint_eq(lv_wait_place_of(&s->ctx, COND)->due, 0);
    lv_idle_end(&s->ctx, &third);
}
END_TEST

/* A wake that nobody took for long was another one's, if the thread sleeps on. */
START_TEST(a_wake_that_nobody_took)
{
    struct lv_idle first, second;
    struct lv_thread *t;

    begin(2);
    t = scenario_thread(s, 1);
    first = waits_for(0, LV_WAITS_COND, COND);
    second = waits_for(1, LV_WAITS_SEM, COND + 64);
    ck_assert(lv_stall_by_books(&s->ctx, t));
    lv_idle_wake(&s->ctx, COND, false);
    asleep = (struct lv_task_sleep){ .sleeps = true, .futex = true, .address = COND + 40 };
    ck_assert(!lv_stall_by_books(&s->ctx, t));
    lv_wait_place_of(&s->ctx, COND)->waked -= UINT64_C(1) << 32;
    ck_assert(lv_stall_by_books(&s->ctx, t));
    asleep.futex = asleep.sleeps = false;
    ck_assert(!lv_stall_by_books(&s->ctx, t));
    lv_idle_end(&s->ctx, &second);
    lv_idle_end(&s->ctx, &first);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_wait_ends_that_was_dropped, nobody_sleeps_in_a_wait_that_was_left,
        who_looks_may_leave,          a_forked_child,
        more_wakes_than_sleepers,     a_wake_that_nobody_took,
    };

    return engine_run("stall", tests, LV_ARRAY_SIZE(tests));
}
