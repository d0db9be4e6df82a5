/* SPDX-License-Identifier: MIT */
/* What the program says of locks and classes: another class for a held lock, an order within a class, wait types. */

#include "engine/nest.h"
#include "engine/rekey.h"
#include "engine/wait.h"

#include "engine.h"

#define POTENTIAL LV_VERDICT_POTENTIAL

static lv_class_id class_of(const char *lock)
{
    return lv_identity_class(lv_identity_peek(&s->ctx, scenario_object(s, lock, LV_KIND_MUTEX)));
}

static uintptr_t address_of(const char *lock)
{
    return scenario_object(s, lock, LV_KIND_MUTEX)->address;
}

/* @lock, held by thread 1, is of the class of @other from here on. */
static bool rekey(const char *lock, const char *other)
{
    const struct lv_rekey to = { .base = class_of(other), .class = class_of(other) };

    return lv_rekey_held(&s->ctx, scenario_thread(s, 1), address_of(lock), &to, 0x550000000000);
}

START_TEST(stack_stays)
{
    const struct lv_thread *t = scenario_thread(s, 1);
    uint64_t key;

    write_lock(1, "B");
    write_lock(1, "C");
    key = t->key;
    unlock(1, "C");
    unlock(1, "B");
    write_lock(1, "A");
    write_lock(1, "C");
    scenario_thread(s, 1)->held[0].pins = 7;
    ck_assert(rekey("A", "B"));
    ck_assert_uint_eq(t->depth, 2);
    ck_assert_uint_eq(t->key, key);
    ck_assert_uint_eq(t->held[0].address, address_of("A"));
    ck_assert_uint_eq(t->held[0].class.v, class_of("B").v);
    ck_assert_uint_eq(t->held[0].pins, 7);
    ck_assert_uint_eq(t->held[1].address, address_of("C"));
    scenario_thread(s, 1)->held[0].pins = 0;
    unlock(1, "A");
    unlock(1, "C");
    ck_assert_uint_eq(t->key, lv_context_first_key(0));
    ck_assert_uint_eq(t->filter, 0);
    ck_assert(!rekey("A", "B"));
}
END_TEST

START_TEST(edges_of_the_new_class)
{
    write_lock(1, "C");
    write_lock(1, "A");
    write_lock(1, "D");
    rekey("A", "B");
    unlock(1, "D");
    unlock(1, "A");
    unlock(1, "C");
    scenario_chain(s, 2, "B C");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, LV_VERDICT_POTENTIAL, "B>C C>A");
    scenario_chain(s, 2, "D B");
    scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_POTENTIAL);
}
END_TEST

/* ---- the order within a class -------------------------------------------------------------------------------------- */

static unsigned compared;

static int by_address(const void *held, const void *wanted)
{
    compared++;
    return held < wanted ? -1 : 1;
}

static const struct lv_class_order order = { by_address, NULL };

static void set_order(const char *lock)
{
    compared = 0;
    lv_nest_set_order(&s->ctx, class_of(lock), &order);
}

START_TEST(compared_each_time)
{
    write_lock(1, "A1");
    unlock(1, "A1");
    set_order("A1");
    for (unsigned i = 0; i < 3; i++)
        scenario_chain(s, 1, "A1 A2");
    ck_assert_uint_eq(compared, 3);
    scenario_expect_clean(s);
    scenario_chain(s, 1, "A2 A1");
    scenario_expect(s, LV_FINDING_RECURSIVE, POTENTIAL);
}
END_TEST

START_TEST(compared_with_all_that_are_held)
{
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    (void)address_of("A1");
    (void)address_of("A2");
    write_lock(1, "A3");
    unlock(1, "A3");
    set_order("A3");
    write_lock(1, "A1");
    write_lock(1, "A2");
    write_lock(1, "A3");
    ck_assert_uint_eq(compared, 3);
    scenario_expect_clean(s);
}
END_TEST

/* ---- wait types ---------------------------------------------------------------------------------------------------- */

static void set_wait(const char *lock, uint8_t type)
{
    const struct lv_wait wait = { .outer = type, .inner = type, .stated = true };

    (void)address_of(lock);
    lv_wait_set_class(&s->ctx, class_of(lock), &wait);
}

START_TEST(sleeping_under_spinning)
{
    const struct scenario_report *report;

    set_wait("A", LV_WAIT_SPIN);
    set_wait("B", LV_WAIT_SLEEP);
    scenario_chain(s, 1, "B A");
    scenario_expect_clean(s);
    set_wait("C", LV_WAIT_SLEEP);
    scenario_chain(s, 1, "A C");
    report = scenario_expect(s, LV_FINDING_WAIT_CONTEXT, POTENTIAL);
    ck_assert_str_eq(report->subject, "C");
    scenario_chain(s, 2, "A C");
    scenario_expect_clean(s);
}
END_TEST

/* What was walked before is judged again when the types are known. */
START_TEST(types_that_come_late)
{
    scenario_chain(s, 1, "A B");
    set_wait("A", LV_WAIT_SPIN);
    scenario_chain(s, 1, "A B");
    scenario_expect(s, LV_FINDING_WAIT_CONTEXT, POTENTIAL);
}
END_TEST

START_TEST(unstated_types)
{
    struct lv_class class = { .key = { .kind = LV_KIND_SPIN } };

    ck_assert_uint_eq(lv_wait_of(&class).inner, LV_WAIT_SPIN);
    class.key.kind = LV_KIND_MUTEX;
    ck_assert_uint_eq(lv_wait_of(&class).outer, LV_WAIT_SLEEP);
    class.key.kind = LV_KIND_MAP;
    ck_assert_uint_eq(lv_wait_of(&class).outer, LV_WAIT_UNCHECKED);
    class.wait_stated = true;
    class.wait_inner = LV_WAIT_CONFIG;
    ck_assert_uint_eq(lv_wait_of(&class).outer, LV_WAIT_CONFIG);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        stack_stays,
        edges_of_the_new_class,
        compared_each_time,
        compared_with_all_that_are_held,
        sleeping_under_spinning,
        types_that_come_late,
        unstated_types,
    };

    return engine_run("rekey", tests, LV_ARRAY_SIZE(tests));
}
