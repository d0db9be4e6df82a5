/* SPDX-License-Identifier: MIT */
/* Waits for events that are known by the address of an object: who waits, since when, and what of it is recycled. In the
 * cycles that are expected "?" is the event. */

#include "engine.h"

#include "engine/wake.h"

#define EVENT LV_FINDING_EVENT
#define POTENTIAL LV_VERDICT_POTENTIAL
#define PLACES ((uintptr_t)0x580000000000)

static struct lv_wake_wait waits[SCENARIO_THREADS];

static uintptr_t event(unsigned number)
{
    return PLACES + number * (uintptr_t)64;
}

static uintptr_t site(unsigned thread)
{
    return 0x590000000000 + thread * (uintptr_t)64;
}

static void begin(void)
{
    s->ctx.events_in_use = true;
}

static void made(unsigned number)
{
    lv_wake_make(&s->ctx, scenario_thread(s, 0), event(number), 0x5a0000000000);
}

static void wait_with(unsigned thread, unsigned number, unsigned flags, bool adopt)
{
    waits[thread] = lv_wake_begin(&s->ctx, scenario_thread(s, thread), event(number), flags, adopt, site(thread));
}

static void wait_for(unsigned thread, unsigned number)
{
    wait_with(thread, number, 0, true);
}

static void woken(unsigned thread)
{
    lv_wake_end(&s->ctx, &waits[thread]);
}

static void wake(unsigned thread, unsigned number)
{
    lv_wake_up(&s->ctx, scenario_thread(s, thread), event(number), site(thread));
}

static uint32_t waited_for(void)
{
    return s->ctx.wake_of.live;
}

START_TEST(what_the_waker_took_since)
{
    begin();
    scenario_chain(s, 2, "M");
    write_lock(1, "L");
    wait_for(1, 1);
    scenario_expect_clean(s);
    scenario_chain(s, 2, "L");
    wake(2, 1);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "?>L L>?");
    woken(1);
    ck_assert_uint_eq(waited_for(), 0);
}
END_TEST

START_TEST(what_it_took_before_does_not_count)
{
    begin();
    scenario_chain(s, 2, "L");
    write_lock(1, "L");
    wait_for(1, 1);
    wake(2, 1);
    woken(1);
}
END_TEST

START_TEST(a_timed_wait_is_guarded)
{
    begin();
    write_lock(1, "L");
    wait_with(1, 1, LV_TIMED, true);
    scenario_chain(s, 2, "L");
    wake(2, 1);
    scenario_expect(s, EVENT, LV_VERDICT_GUARDED);
}
END_TEST

START_TEST(nobody_waits)
{
    begin();
    write_lock(1, "L");
    wait_for(1, 1);
    woken(1);
    unlock(1, "L");
    scenario_chain(s, 2, "L");
    wake(2, 1);
    wake(2, 7); /* of which nothing is known */
}
END_TEST

/* The oldest wait counts, until all are over. */
START_TEST(two_wait)
{
    begin();
    write_lock(1, "L");
    wait_for(1, 1);
    scenario_chain(s, 2, "L");
    wait_for(3, 1);
    woken(1);
    ck_assert_uint_eq(waited_for(), 1);
    wake(2, 1);
    scenario_expect(s, EVENT, POTENTIAL);
    woken(3);
    woken(3);
    ck_assert_uint_eq(waited_for(), 0);
}
END_TEST

/* Events of one class are one: the wait for the one, and the wake of the other. */
START_TEST(one_class)
{
    begin();
    made(1);
    made(2);
    write_lock(1, "L");
    wait_for(1, 1);
    unlock(1, "L");
    wait_for(3, 2);
    scenario_chain(s, 2, "L");
    wake(2, 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "?>L L>?");
}
END_TEST

START_TEST(two_classes)
{
    begin();
    write_lock(1, "L");
    wait_for(1, 1);
    unlock(1, "L");
    wait_for(3, 2);
    scenario_chain(s, 2, "L");
    wake(2, 2);
}
END_TEST

START_TEST(only_what_was_made)
{
    begin();
    write_lock(1, "L");
    wait_with(1, 1, 0, false);
    ck_assert_ptr_null(waits[1].wake);
    scenario_chain(s, 2, "L");
    wake(2, 1);
    woken(1);
    made(1);
    wait_with(1, 1, 0, false);
    ck_assert_ptr_nonnull(waits[1].wake);
    woken(1);
    lv_wake_forget(&s->ctx, scenario_thread(s, 1), event(1));
    wait_with(1, 1, 0, false);
    ck_assert_ptr_null(waits[1].wake);
}
END_TEST

/* Destroyed and made anew while somebody is on the way out of its wait. */
START_TEST(made_anew)
{
    begin();
    write_lock(1, "L");
    wait_for(1, 1);
    made(1);
    scenario_chain(s, 2, "L");
    wake(2, 1);
    scenario_expect_clean(s);
    wait_for(3, 1);
    ck_assert_uint_eq(waited_for(), 2);
    woken(1);
    woken(3);
    ck_assert_uint_eq(waited_for(), 0);
}
END_TEST

START_TEST(records_are_recycled)
{
    begin();
    for (unsigned i = 0; i < 1000; i++) {
        wait_for(1, i);
        wait_for(2, i);
        woken(1);
        woken(2);
    }
    ck_assert_uint_eq(s->ctx.wakes.count, 2);
}
END_TEST

/* A child of fork has nobody that waits, but for its own thread, forked by a handler in the middle of a wait. */
START_TEST(forked)
{
    begin();
    wait_for(1, 1);
    wait_for(2, 2);
    wait_for(3, 2);
    lv_thread_after_fork(&s->ctx, scenario_thread(s, 1));
    ck_assert_uint_eq(waited_for(), 0);
    woken(1);
    wait_for(1, 2);
    wait_for(1, 1);
    ck_assert_uint_eq(s->ctx.wakes.count, 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_the_waker_took_since,
        what_it_took_before_does_not_count,
        a_timed_wait_is_guarded,
        nobody_waits,
        two_wait,
        one_class,
        two_classes,
        only_what_was_made,
        made_anew,
        records_are_recycled,
        forked,
    };

    return engine_run("wake", tests, LV_ARRAY_SIZE(tests));
}
