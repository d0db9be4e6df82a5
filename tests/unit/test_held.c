/* SPDX-License-Identifier: MIT */
/* The stack of held locks: releases in and out of order, pins, downgrades, the end of a lock's life. */

#include "engine.h"

#define CIRCULAR LV_FINDING_CIRCULAR
#define POTENTIAL LV_VERDICT_POTENTIAL
#define FEASIBLE LV_VERDICT_FEASIBLE
#define MISUSE LV_VERDICT_MISUSE

static const struct lv_held *held(unsigned thread, unsigned number)
{
    ck_assert_uint_lt(number, scenario_thread(s, thread)->depth);
    return &scenario_thread(s, thread)->held[number];
}

static uintptr_t address_of(const char *name)
{
    return scenario_object(s, name, LV_KIND_MUTEX)->address;
}

START_TEST(key_and_filter_come_back)
{
    const struct lv_thread *t = scenario_thread(s, 1);

    scenario_chain(s, 1, "A B C D");
    ck_assert_uint_eq(t->depth, 0);
    ck_assert_uint_eq(t->key, lv_context_first_key(0));
    ck_assert_uint_eq(t->filter, 0);
}
END_TEST

/* After a release out of order the thread is where it would be if the lock had never been taken. */
START_TEST(release_out_of_order)
{
    uint64_t key;

    write_lock(1, "A");
    write_lock(1, "C");
    key = scenario_thread(s, 1)->key;
    unlock(1, "A");
    unlock(1, "C");
    ck_assert_uint_eq(scenario_thread(s, 1)->key, lv_context_first_key(0));

    write_lock(1, "A");
    write_lock(1, "B");
    write_lock(1, "C");
    unlock(1, "B");
    ck_assert_uint_eq(scenario_thread(s, 1)->key, key);
    ck_assert_uint_eq(held(1, 0)->address, address_of("A"));
    ck_assert_uint_eq(held(1, 1)->address, address_of("C"));
    unlock(1, "A");
    unlock(1, "C");
    ck_assert_uint_eq(scenario_thread(s, 1)->key, lv_context_first_key(0));
    ck_assert_uint_eq(scenario_thread(s, 1)->filter, 0);
}
END_TEST

/* A lock that is kept past its context's exit is released when others have been in the context since. */
START_TEST(release_after_the_context)
{
    struct lv_thread *t = scenario_thread(s, 1);
    int first = lv_context_declare(&s->ctx, "timer", 0), second = lv_context_declare(&s->ctx, "bottom", 1);
    uint64_t key;

    write_lock(1, "C");
    key = t->key;
    unlock(1, "C");
    lv_context_enter(&s->ctx, t, second);
    write_lock(1, "B");
    lv_context_exit(&s->ctx, t, second);
    write_lock(1, "C");
    lv_context_enter(&s->ctx, t, first);
    lv_context_exit(&s->ctx, t, first);
    ck_assert_uint_eq(t->key, key);
    unlock(1, "C");
    unlock(1, "B");
    ck_assert_uint_eq(t->depth, 0);
    ck_assert_uint_eq(t->key, lv_context_first_key(0));
    ck_assert_uint_eq(t->filter, 0);
}
END_TEST

START_TEST(what_was_released_makes_no_edges)
{
    write_lock(1, "A");
    write_lock(1, "B");
    unlock(1, "A");
    unlock(1, "B");
    write_lock(1, "C");
    scenario_chain(s, 2, "C A");
    scenario_chain(s, 2, "C B");
}
END_TEST

START_TEST(unlock_of_what_is_not_held)
{
    const struct scenario_report *report;

    write_lock(1, "A");
    unlock(2, "A");
    report = scenario_expect(s, LV_FINDING_UNLOCK, MISUSE);
    ck_assert_str_eq(report->subject, "A");
    ck_assert_str_eq(report->detail, "is being released, but this thread does not hold it");
    unlock(2, "A");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 1);
}
END_TEST

START_TEST(unlock_twice)
{
    write_lock(1, "A");
    unlock(1, "A");
    unlock(1, "A");
    scenario_expect(s, LV_FINDING_UNLOCK, MISUSE);
}
END_TEST

/* A thread that was off for a while may have taken the lock then. */
START_TEST(unlock_proves_nothing_after_off)
{
    scenario_thread(s, 1)->ever_off = true;
    unlock(1, "A");
}
END_TEST

START_TEST(release_while_pinned)
{
    const struct scenario_report *report;

    write_lock(1, "A");
    scenario_thread(s, 1)->held[0].pins = 5;
    unlock(1, "A");
    report = scenario_expect(s, LV_FINDING_ASSERT, MISUSE);
    ck_assert_str_eq(report->subject, "A");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 0);
}
END_TEST

START_TEST(pins_do_not_count_for_inner_releases)
{
    scenario_lock_reentrant(s, 1, "A");
    scenario_lock_reentrant(s, 1, "A");
    scenario_thread(s, 1)->held[0].pins = 5;
    unlock(1, "A");
    scenario_expect_clean(s);
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 1);
}
END_TEST

START_TEST(downgrade)
{
    write_lock(1, "A");
    write_lock(1, "B");
    ck_assert(lv_downgrade(scenario_thread(s, 1), address_of("A")));
    ck_assert_int_eq(held(1, 0)->mode, LV_READ);
    ck_assert(!lv_downgrade(scenario_thread(s, 1), address_of("A")));
    ck_assert(!lv_downgrade(scenario_thread(s, 1), address_of("C")));
    unlock(1, "B");
    unlock(1, "A");
    ck_assert_uint_eq(scenario_thread(s, 1)->key, lv_context_first_key(0));
}
END_TEST

/* Held for reading after the downgrade: two such threads and recursive readers do not block each other. */
START_TEST(downgrade_changes_the_edges)
{
    write_lock(1, "A");
    ck_assert(lv_downgrade(scenario_thread(s, 1), address_of("A")));
    read_lock(1, "B");
    write_lock(2, "B");
    ck_assert(lv_downgrade(scenario_thread(s, 2), address_of("B")));
    read_lock(2, "A");
    scenario_expect_clean(s);
    unlock(2, "A");
    write_lock(2, "A");
    scenario_expect_clean(s);
    unlock(2, "A");
    unlock(2, "B");
    write_lock(2, "B");
    write_lock(2, "A");
    scenario_expect(s, CIRCULAR, FEASIBLE);
}
END_TEST

/* ---- the end of a lock's life -------------------------------------------------------------------------------------- */

START_TEST(destroyed_while_held)
{
    const struct scenario_report *report;

    write_lock(1, "A");
    write_lock(1, "B");
    lv_lifetime_destroy(&s->ctx, scenario_thread(s, 1), address_of("A"), LV_KIND_MUTEX, 0x1000);
    report = scenario_expect(s, LV_FINDING_LIFETIME, MISUSE);
    ck_assert_str_eq(report->subject, "A");
    ck_assert_str_eq(report->detail, "is destroyed while it is held");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 1);
    ck_assert_uint_eq(held(1, 0)->address, address_of("B"));
}
END_TEST

START_TEST(initialised_while_held)
{
    const struct scenario_report *report;

    scenario_lock_reentrant(s, 1, "A");
    scenario_lock_reentrant(s, 1, "A");
    lv_lifetime_init(&s->ctx, scenario_thread(s, 1), address_of("A"), LV_KIND_MUTEX, 0x1000);
    report = scenario_expect(s, LV_FINDING_LIFETIME, MISUSE);
    ck_assert_str_eq(report->detail, "is initialised anew while it is held");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 0);
}
END_TEST

START_TEST(life_ends_while_not_held)
{
    write_lock(1, "A");
    unlock(1, "A");
    lv_lifetime_init(&s->ctx, scenario_thread(s, 1), address_of("A"), LV_KIND_MUTEX, 0x1000);
    lv_lifetime_destroy(&s->ctx, scenario_thread(s, 1), address_of("A"), LV_KIND_MUTEX, 0x1000);
    write_lock(2, "A");
    lv_lifetime_destroy(&s->ctx, scenario_thread(s, 1), address_of("A"), LV_KIND_MUTEX, 0x1000);
}
END_TEST

/* What is held at an address when another kind of object begins there is gone, and that is all that is known. */
START_TEST(memory_used_for_another_kind)
{
    write_lock(1, "A");
    lv_lifetime_init(&s->ctx, scenario_thread(s, 1), address_of("A"), LV_KIND_RWLOCK, 0x1000);
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 0);
}
END_TEST

/* The lock that is lost, and whether a handler came while it was looked at. */
static uintptr_t lost_address;
static bool interrupted;

/* Plays a signal handler that takes a lock, if the thread is watched at that moment. */
static bool lost_and_interrupted(enum lv_kind kind, uintptr_t address, int tid)
{
    (void)kind;
    (void)tid;
    if (address == lost_address && !interrupted) {
        interrupted = true;
        if (scenario_thread(s, 1)->guard == 0) {
            write_lock(1, "H");
            unlock(1, "H");
        }
    }
    return address == lost_address;
}

/* A handler that comes while a lost lock is dropped must not drop it too: one removal is one lock. */
START_TEST(dropped_once)
{
    write_lock(1, "A");
    write_lock(1, "B");
    lost_address = address_of("B");
    s->ctx.is_lost = lost_and_interrupted;
    write_lock(1, "C");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 2);
    ck_assert_uint_eq(held(1, 0)->address, address_of("A"));
    ck_assert_uint_eq(held(1, 1)->address, address_of("C"));
    ck_assert(interrupted);
    s->ctx.is_lost = NULL;
    unlock(1, "C");
    unlock(1, "A");
    ck_assert_uint_eq(scenario_thread(s, 1)->key, lv_context_first_key(0));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        key_and_filter_come_back,
        release_out_of_order,
        release_after_the_context,
        what_was_released_makes_no_edges,
        unlock_of_what_is_not_held,
        unlock_twice,
        unlock_proves_nothing_after_off,
        release_while_pinned,
        pins_do_not_count_for_inner_releases,
        downgrade,
        downgrade_changes_the_edges,
        destroyed_while_held,
        initialised_while_held,
        life_ends_while_not_held,
        memory_used_for_another_kind,
        dropped_once,
    };

    return engine_run("held", tests, LV_ARRAY_SIZE(tests));
}
