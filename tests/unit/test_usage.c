/* SPDX-License-Identifier: MIT */
/* Contexts: usage characters, chains of their own, and what a context keeps out. */

#include "engine.h"

#define CIRCULAR LV_FINDING_CIRCULAR
#define POTENTIAL LV_VERDICT_POTENTIAL
#define FEASIBLE LV_VERDICT_FEASIBLE

static int hard, soft;

static void declare(void)
{
    hard = lv_context_declare(&s->ctx, "hard", 0);
    soft = lv_context_declare(&s->ctx, "soft", 1);
    ck_assert_int_eq(hard, 0);
    ck_assert_int_eq(soft, 1);
}

static struct lv_thread *thread(void)
{
    return scenario_thread(s, 1);
}

static void enter(int context)
{
    lv_context_enter(&s->ctx, thread(), context);
}

static void leave(int context)
{
    lv_context_exit(&s->ctx, thread(), context);
}

static void disable(int context)
{
    lv_context_disable(&s->ctx, thread(), context);
}

static void enable(int context)
{
    lv_context_enable(&s->ctx, thread(), context);
}

/* The usage characters of a lock's class. */
static const char *usage_of(const char *name)
{
    static char chars[5];
    uint64_t word = lv_identity_peek(&s->ctx, scenario_object(s, name, LV_KIND_MUTEX));

    lv_usage_chars(lv_classes_get(&s->ctx.classes, lv_identity_class(word))->usage, chars);
    return chars;
}

START_TEST(plain_locks_are_held_while_everything_may_interrupt)
{
    declare();
    write_lock(1, "A");
    read_lock(1, "B");
    ck_assert_str_eq(usage_of("A"), "+.+.");
    ck_assert_str_eq(usage_of("B"), ".+.+");
}
END_TEST

START_TEST(taken_inside_contexts)
{
    declare();
    enter(hard);
    write_lock(1, "A");
    unlock(1, "A");
    leave(hard);
    ck_assert_str_eq(usage_of("A"), "-...");
    enter(soft);
    write_lock(1, "B");
    unlock(1, "B");
    leave(soft);
    /* A hard context may interrupt a soft one. */
    ck_assert_str_eq(usage_of("B"), "+.-.");
}
END_TEST

START_TEST(inside_and_outside)
{
    declare();
    enter(hard);
    scenario_chain(s, 1, "A");
    leave(hard);
    scenario_chain(s, 1, "A");
    ck_assert_str_eq(usage_of("A"), "?.+.");
    scenario_expect_cycle(s, LV_FINDING_SIGNAL, POTENTIAL, "A>A");
}
END_TEST

START_TEST(disabled_contexts)
{
    declare();
    disable(hard);
    scenario_chain(s, 1, "A");
    ck_assert_str_eq(usage_of("A"), "....");
    enable(hard);
    disable(soft);
    scenario_chain(s, 1, "B");
    ck_assert_str_eq(usage_of("B"), "+...");
    enable(soft);
}
END_TEST

START_TEST(disables_nest)
{
    declare();
    disable(hard);
    disable(hard);
    enable(hard);
    scenario_chain(s, 1, "A");
    ck_assert_str_eq(usage_of("A"), "....");
    enable(hard);
    scenario_chain(s, 1, "A");
    ck_assert_str_eq(usage_of("A"), "+.+.");
    enable(hard);
    ck_assert_uint_eq(thread()->disabled[hard], 0);
}
END_TEST

START_TEST(enabling_marks_what_is_held)
{
    declare();
    disable(hard);
    write_lock(1, "A");
    read_lock(1, "B");
    ck_assert_str_eq(usage_of("A"), "....");
    enable(hard);
    ck_assert_str_eq(usage_of("A"), "+.+.");
    ck_assert_str_eq(usage_of("B"), ".+.+");
}
END_TEST

/* The interrupted code holds A, but the handler did not take B because of it. */
START_TEST(no_edge_crosses_into_a_context)
{
    declare();
    write_lock(1, "A");
    enter(hard);
    scenario_chain(s, 1, "B C");
    leave(hard);
    unlock(1, "A");
    lv_context_disable(&s->ctx, scenario_thread(s, 2), hard);
    scenario_chain(s, 2, "B A");
    scenario_expect_cycle(s, LV_FINDING_SIGNAL, POTENTIAL, "A>B B>A");
    scenario_expect_clean(s);
    scenario_chain(s, 2, "C B");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "C>B B>C");
    scenario_expect_cycle(s, LV_FINDING_SIGNAL, POTENTIAL, "A>C C>B B>A");
}
END_TEST

START_TEST(the_chain_goes_on_after_a_context)
{
    uint64_t key;

    declare();
    write_lock(1, "A");
    key = thread()->key;
    enter(hard);
    scenario_chain(s, 1, "B");
    leave(hard);
    ck_assert_uint_eq(thread()->key, key);
    scenario_chain(s, 1, "C");
    scenario_chain(s, 2, "C A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "C>A A>C");
}
END_TEST

/* The same lock in the interrupted code and in the handler hangs for certain. */
START_TEST(a_handler_takes_what_it_interrupted)
{
    declare();
    write_lock(1, "A");
    enter(hard);
    write_lock(1, "A");
    scenario_expect(s, LV_FINDING_RECURSIVE, LV_VERDICT_DEADLOCK);
    leave(hard);
}
END_TEST

START_TEST(contexts_nest)
{
    declare();
    enter(soft);
    write_lock(1, "A");
    enter(hard);
    write_lock(1, "B");
    ck_assert_uint_eq(thread()->level, 2);
    unlock(1, "B");
    leave(hard);
    write_lock(1, "C");
    unlock(1, "C");
    unlock(1, "A");
    leave(soft);
    ck_assert_uint_eq(thread()->level, 0);
    ck_assert_uint_eq(thread()->key, lv_context_first_key(0));
    lv_context_disable(&s->ctx, scenario_thread(s, 2), hard);
    scenario_chain(s, 2, "C A");
    scenario_expect_cycle(s, CIRCULAR, FEASIBLE, "C>A A>C");
}
END_TEST

/* A lock of the interrupted code, released inside the context: the key that the exit goes back to knows it. */
START_TEST(release_below_a_context)
{
    uint64_t key_a, key_b;

    declare();
    write_lock(1, "A");
    key_a = thread()->key;
    enter(hard);
    write_lock(1, "B");
    key_b = thread()->key;
    unlock(1, "A");
    ck_assert_uint_eq(thread()->key, key_b);
    unlock(1, "B");
    leave(hard);
    ck_assert_uint_eq(thread()->key, lv_context_first_key(0));
    write_lock(1, "A");
    ck_assert_uint_eq(thread()->key, key_a);
    enter(hard);
    unlock(1, "A");
    leave(hard);
    ck_assert_uint_eq(thread()->key, lv_context_first_key(0));
}
END_TEST

/* Who waits for an event does not hold it. */
START_TEST(an_event_is_not_held)
{
    lv_event_state state = 0;

    declare();
    scenario_wait(s, 1, "E", &state);
    lv_event_end_wait(&state);
    enter(hard);
    scenario_wait(s, 1, "E", &state);
    lv_event_end_wait(&state);
    leave(hard);
}
END_TEST

/* A is taken in the context, and held by who waits for the event; who completes it needs B, held with the context open. */
START_TEST(over_an_event_to_an_unsafe_class)
{
    lv_event_state state = 0;

    declare();
    scenario_chain(s, 2, "B");
    enter(hard);
    write_lock(1, "A");
    unlock(1, "A");
    leave(hard);
    disable(hard);
    write_lock(1, "A");
    scenario_wait(s, 1, "E", &state);
    scenario_expect_clean(s);
    scenario_chain(s, 2, "B");
    scenario_complete(s, 2, "E", &state);
    scenario_expect(s, LV_FINDING_SIGNAL, POTENTIAL);
}
END_TEST

START_TEST(nonsense_is_ignored)
{
    leave(0);
    enter(0);
    declare();
    leave(hard);
    enter(7);
    enter(-1);
    enable(soft);
    disable(12);
    ck_assert_uint_eq(thread()->nesting, 0);
    ck_assert(!lv_states_any(thread()->in));
    ck_assert_int_eq(lv_context_declare(&s->ctx, "third level", 2), -1);
    for (unsigned i = 2; i < LV_CONTEXTS; i++)
        ck_assert_int_eq(lv_context_declare(&s->ctx, "more", 0), (int)i);
    ck_assert_int_eq(lv_context_declare(&s->ctx, "too many", 0), -1);
}
END_TEST

/* More entries than are kept do no harm; the exits of those that were not kept are ignored from the inside out. */
START_TEST(very_deep_nesting)
{
    declare();
    for (unsigned i = 0; i < 100; i++)
        enter(hard);
    write_lock(1, "A");
    unlock(1, "A");
    for (unsigned i = 0; i < 100; i++)
        leave(hard);
    ck_assert_uint_eq(thread()->nesting, 0);
    ck_assert_uint_eq(thread()->level, 0);
    ck_assert_uint_eq(thread()->key, lv_context_first_key(0));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        plain_locks_are_held_while_everything_may_interrupt,
        taken_inside_contexts,
        inside_and_outside,
        disabled_contexts,
        disables_nest,
        enabling_marks_what_is_held,
        no_edge_crosses_into_a_context,
        the_chain_goes_on_after_a_context,
        a_handler_takes_what_it_interrupted,
        contexts_nest,
        release_below_a_context,
        an_event_is_not_held,
        over_an_event_to_an_unsafe_class,
        nonsense_is_ignored,
        very_deep_nesting,
    };

    return engine_run("usage", tests, LV_ARRAY_SIZE(tests));
}
