/* SPDX-License-Identifier: MIT */
/* What a thread is in and what could interrupt it: signals, masks, handlers that are left by a jump. */

#include "engine.h"

#include <signal.h>

static struct lv_thread *thread(void)
{
    return scenario_thread(s, 1);
}

static void handle(int signal)
{
    lv_context_set_handled(&s->ctx, thread(), signal, true, 0x7000);
}

static void enter(int signal)
{
    lv_context_enter_signal(&s->ctx, thread(), signal);
}

static void leave(int signal)
{
    lv_context_exit_signal(&s->ctx, thread(), signal);
}

static void block(uint64_t mask)
{
    lv_context_set_mask(&s->ctx, thread(), mask);
}

static const char *usage_of(const char *name)
{
    static char chars[5];
    uint64_t word = lv_identity_peek(&s->ctx, scenario_object(s, name, LV_KIND_MUTEX));

    lv_usage_chars(lv_classes_get(&s->ctx.classes, lv_identity_class(word))->usage, chars);
    return chars;
}

START_TEST(a_handled_signal_is_open)
{
    ck_assert_uint_eq(thread()->context_key, 0);
    handle(SIGUSR1);
    ck_assert_uint_eq(thread()->open.signals, lv_signal_bit(SIGUSR1));
    ck_assert_uint_ne(thread()->context_key, 0);
    block(lv_signal_bit(SIGUSR1) | lv_signal_bit(SIGUSR2));
    ck_assert(!lv_states_any(thread()->open));
    ck_assert_uint_eq(thread()->context_key, 0);
    block(0);
    handle(SIGUSR2);
    ck_assert_uint_eq(thread()->open.signals, lv_signal_bit(SIGUSR1) | lv_signal_bit(SIGUSR2));
    lv_context_set_handled(&s->ctx, thread(), SIGUSR1, false, 0);
    ck_assert_uint_eq(thread()->open.signals, lv_signal_bit(SIGUSR2));
}
END_TEST

START_TEST(other_threads_see_it_with_their_next_walk)
{
    struct lv_thread *other = scenario_thread(s, 2);
    uint64_t walks;

    scenario_chain(s, 2, "A");
    scenario_chain(s, 2, "A");
    walks = s->ctx.counters.slow_walks;
    scenario_chain(s, 2, "A");
    ck_assert_uint_eq(s->ctx.counters.slow_walks, walks);
    handle(SIGUSR1);
    ck_assert_uint_eq(other->open.signals, 0);
    scenario_chain(s, 2, "A");
    ck_assert_uint_eq(other->open.signals, lv_signal_bit(SIGUSR1));
    ck_assert_uint_gt(s->ctx.counters.slow_walks, walks);
    walks = s->ctx.counters.slow_walks;
    scenario_chain(s, 2, "A");
    handle(SIGUSR1); /* nothing new */
    scenario_chain(s, 2, "A");
    ck_assert_uint_eq(s->ctx.counters.slow_walks, walks);
}
END_TEST

/* Another thread installs a handler; whatever this one does next, what it holds is held with the signal open. */
static void marked_by(void (*what)(void))
{
    write_lock(1, "A");
    lv_context_set_handled(&s->ctx, scenario_thread(s, 2), SIGUSR1, true, 0x7000);
    what();
    unlock(1, "A");
    lv_context_enter_signal(&s->ctx, scenario_thread(s, 2), SIGUSR1);
    lv_context_set_mask(&s->ctx, scenario_thread(s, 2), lv_signal_bit(SIGUSR1));
    write_lock(2, "A");
    scenario_expect(s, LV_FINDING_SIGNAL, LV_VERDICT_POTENTIAL);
}

static void enter_and_leave_context(void)
{
    int context = lv_context_declare(&s->ctx, "soft", 1);

    lv_context_enter(&s->ctx, thread(), context);
    lv_context_exit(&s->ctx, thread(), context);
}

static void disable_context(void)
{
    lv_context_disable(&s->ctx, thread(), lv_context_declare(&s->ctx, "soft", 1));
}

static void block_it(void)
{
    block(lv_signal_bit(SIGUSR1));
}

/* The handler that installs it has it blocked until it returns. */
START_TEST(held_when_a_handler_returns)
{
    handle(SIGUSR2);
    write_lock(1, "A");
    enter(SIGUSR2);
    block(lv_signal_bit(SIGUSR1) | lv_signal_bit(SIGUSR2));
    handle(SIGUSR1);
    leave(SIGUSR2);
    unlock(1, "A");
    enter(SIGUSR1);
    block(lv_signal_bit(SIGUSR1));
    write_lock(1, "A");
    scenario_expect(s, LV_FINDING_SIGNAL, LV_VERDICT_POTENTIAL);
}
END_TEST

START_TEST(held_when_a_context_is_entered)
{
    marked_by(enter_and_leave_context);
}
END_TEST

START_TEST(held_when_a_context_is_disabled)
{
    marked_by(disable_context);
}
END_TEST

START_TEST(held_when_the_mask_changes)
{
    marked_by(block_it);
}
END_TEST

START_TEST(a_thread_that_begins_later_sees_it)
{
    handle(SIGUSR1);
    scenario_chain(s, 3, "A");
    ck_assert_uint_eq(scenario_thread(s, 3)->open.signals, lv_signal_bit(SIGUSR1));
}
END_TEST

START_TEST(synchronous_signals_are_never_open)
{
    const int synchronous[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT };

    for (size_t i = 0; i < LV_ARRAY_SIZE(synchronous); i++)
        handle(synchronous[i]);
    ck_assert(!lv_states_any(thread()->open));
    enter(SIGSEGV);
    ck_assert_uint_eq(thread()->in.signals, lv_signal_bit(SIGSEGV));
    leave(SIGSEGV);
    ck_assert(!lv_states_any(thread()->in));
}
END_TEST

START_TEST(a_handler_begins_a_chain_and_goes_back)
{
    uint64_t key, context_key;

    handle(SIGUSR1);
    write_lock(1, "A");
    key = thread()->key;
    context_key = thread()->context_key;
    enter(SIGUSR1);
    ck_assert_uint_eq(thread()->level, 1);
    block(lv_signal_bit(SIGUSR1));
    ck_assert_uint_ne(thread()->context_key, context_key);
    scenario_chain(s, 1, "B C");
    leave(SIGUSR1);
    ck_assert_uint_eq(thread()->key, key);
    ck_assert_uint_eq(thread()->context_key, context_key);
    ck_assert_uint_eq(thread()->blocked, 0);
    unlock(1, "A");
    lv_context_set_mask(&s->ctx, scenario_thread(s, 2), UINT64_MAX);
    scenario_chain(s, 2, "B A");
    scenario_expect_cycle(s, LV_FINDING_SIGNAL, LV_VERDICT_POTENTIAL, "A>B B>A");
    scenario_expect_clean(s);
}
END_TEST

/* The code that faulted called the handler: what it holds comes before what the handler takes. */
START_TEST(edges_lead_into_the_handler_of_a_fault)
{
    handle(SIGSEGV);
    write_lock(1, "A");
    enter(SIGSEGV);
    ck_assert_uint_eq(thread()->level, 0);
    scenario_chain(s, 1, "B");
    leave(SIGSEGV);
    unlock(1, "A");
    ck_assert_uint_eq(thread()->key, lv_context_first_key(0));
    scenario_chain(s, 2, "B A");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE, "B>A A>B");
}
END_TEST

START_TEST(handlers_nest)
{
    handle(SIGUSR1);
    handle(SIGUSR2);
    enter(SIGUSR1);
    enter(SIGUSR2);
    enter(SIGUSR2); /* SA_NODEFER */
    ck_assert_uint_eq(thread()->level, 3);
    leave(SIGUSR2);
    ck_assert_uint_eq(thread()->in.signals, lv_signal_bit(SIGUSR1) | lv_signal_bit(SIGUSR2));
    leave(SIGUSR2);
    ck_assert_uint_eq(thread()->in.signals, lv_signal_bit(SIGUSR1));
    leave(SIGUSR1);
    ck_assert_uint_eq(thread()->in.signals, 0);
    ck_assert_uint_eq(thread()->level, 0);
    leave(SIGUSR1);
    ck_assert_uint_eq(thread()->nesting, 0);
}
END_TEST

/* An outer one is left first: what stays is the inner one. */
START_TEST(left_in_another_order)
{
    int context = lv_context_declare(&s->ctx, "hard", 0);

    handle(SIGUSR1);
    lv_context_enter(&s->ctx, thread(), context);
    enter(SIGUSR1);
    lv_context_exit(&s->ctx, thread(), context);
    ck_assert_uint_eq(thread()->in.declared, 0);
    ck_assert_uint_eq(thread()->in.signals, lv_signal_bit(SIGUSR1));
    leave(SIGUSR1);
    ck_assert(!lv_states_any(thread()->in));
    ck_assert_uint_eq(thread()->key, lv_context_first_key(0));
}
END_TEST

START_TEST(left_by_a_jump)
{
    uint32_t nesting;
    uint64_t key;

    handle(SIGUSR1);
    handle(SIGUSR2);
    write_lock(1, "A");
    key = thread()->key;
    nesting = lv_context_nesting(thread());
    enter(SIGUSR1);
    enter(SIGUSR2);
    block(UINT64_MAX);
    lv_context_unwind(&s->ctx, thread(), nesting);
    ck_assert_uint_eq(thread()->key, key);
    ck_assert_uint_eq(thread()->level, 0);
    ck_assert(!lv_states_any(thread()->in));
    ck_assert_uint_eq(thread()->blocked, UINT64_MAX); /* a jump need not change the mask */
    unlock(1, "A");
    ck_assert_uint_eq(thread()->key, lv_context_first_key(0));
}
END_TEST

/* What the handler took is held by the code that it jumped to. */
START_TEST(a_lock_is_taken_along_in_a_jump)
{
    handle(SIGUSR1);
    block(UINT64_MAX);
    lv_context_set_mask(&s->ctx, scenario_thread(s, 2), UINT64_MAX);
    enter(SIGUSR1);
    write_lock(1, "A");
    lv_context_unwind(&s->ctx, thread(), 0);
    scenario_chain(s, 1, "B");
    unlock(1, "A");
    ck_assert_uint_eq(thread()->key, lv_context_first_key(0));
    scenario_chain(s, 2, "B A");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE, "B>A A>B");
}
END_TEST

START_TEST(nested_deeper_than_is_told_apart)
{
    handle(SIGUSR1);
    write_lock(1, "A");
    for (unsigned i = 0; i < 3 * LV_NESTS; i++)
        enter(SIGUSR1);
    ck_assert_uint_eq(thread()->level, LV_NESTS);
    lv_context_unwind(&s->ctx, thread(), 2 * LV_NESTS);
    for (unsigned i = 0; i < 2 * LV_NESTS; i++) {
        ck_assert_uint_eq(thread()->in.signals, lv_signal_bit(SIGUSR1));
        leave(SIGUSR1);
    }
    ck_assert_uint_eq(thread()->in.signals, 0);
    unlock(1, "A");
    ck_assert_uint_eq(thread()->key, lv_context_first_key(0));
}
END_TEST

START_TEST(characters_know_signals)
{
    handle(SIGUSR1);
    block(lv_signal_bit(SIGUSR1));
    scenario_chain(s, 1, "A");
    ck_assert_str_eq(usage_of("A"), "..+.");
    enter(SIGUSR1);
    scenario_chain(s, 1, "A");
    ck_assert_str_eq(usage_of("A"), "-.+.");
    leave(SIGUSR1);
    block(0);
    scenario_chain(s, 1, "B");
    ck_assert_str_eq(usage_of("B"), "+.+.");
}
END_TEST

START_TEST(no_signal_has_these_numbers)
{
    handle(0);
    handle(65);
    handle(-1);
    enter(0);
    enter(65);
    leave(-1);
    ck_assert_uint_eq(thread()->nesting, 0);
    ck_assert_uint_eq(s->ctx.handled, 0);
    handle(64);
    ck_assert_uint_eq(s->ctx.handled, UINT64_C(1) << 63);
}
END_TEST

/* In the handler, with the signal blocked as it is there. */
static void take_inside(int signal, const char *name)
{
    enter(signal);
    block(lv_signal_bit(signal));
    scenario_chain(s, 1, name);
    leave(signal);
}

/* One handler came while A was held, another takes it: each is judged by itself. */
START_TEST(another_handler_knows_nothing_of_the_last)
{
    handle(SIGUSR1);
    scenario_chain(s, 1, "A");
    lv_context_forget_signal(&s->ctx, SIGUSR1);
    take_inside(SIGUSR1, "A");
    lv_context_forget_signal(&s->ctx, SIGUSR1);
    scenario_chain(s, 1, "A");
    scenario_expect_clean(s);
    take_inside(SIGUSR1, "A");
    scenario_expect(s, LV_FINDING_SIGNAL, LV_VERDICT_POTENTIAL);
}
END_TEST

/* However many threads took it before: what is forgotten is learned anew. */
START_TEST(what_is_forgotten_is_learned_anew)
{
    handle(SIGUSR1);
    for (unsigned round = 0; round < 2; round++) {
        lv_context_forget_signal(&s->ctx, SIGUSR1);
        for (unsigned thread_number = 1; thread_number <= 9; thread_number++)
            scenario_chain(s, thread_number, "A");
    }
    take_inside(SIGUSR1, "A");
    scenario_expect(s, LV_FINDING_SIGNAL, LV_VERDICT_POTENTIAL);
}
END_TEST

START_TEST(other_signals_are_not_forgotten)
{
    handle(SIGUSR1);
    handle(SIGUSR2);
    scenario_chain(s, 1, "A");
    lv_context_forget_signal(&s->ctx, SIGUSR1);
    lv_context_forget_signal(&s->ctx, 0);
    lv_context_forget_signal(&s->ctx, 65);
    block(lv_signal_bit(SIGUSR1));
    take_inside(SIGUSR1, "A");
    scenario_expect_clean(s);
    enter(SIGUSR2);
    block(lv_signal_bit(SIGUSR1) | lv_signal_bit(SIGUSR2));
    scenario_chain(s, 1, "A");
    leave(SIGUSR2);
    scenario_expect(s, LV_FINDING_SIGNAL, LV_VERDICT_POTENTIAL);
}
END_TEST

START_TEST(forgetting_takes_no_memory)
{
    uint32_t uses;

    handle(SIGUSR1);
    handle(SIGUSR2);
    scenario_chain(s, 1, "A B");
    lv_context_forget_signal(&s->ctx, SIGUSR1);
    scenario_chain(s, 1, "A B");
    uses = s->ctx.uses.all.count;
    for (int i = 0; i < 100; i++) {
        lv_context_forget_signal(&s->ctx, SIGUSR1);
        scenario_chain(s, 1, "A B");
    }
    ck_assert_uint_eq(s->ctx.uses.all.count, uses);
}
END_TEST

/* A handler goes on after another one took its place, which may never do the same. */
START_TEST(a_replaced_handler_marks_nothing)
{
    static struct lv_handlers handlers;

    handle(SIGUSR1);
    handlers = (struct lv_handlers){ .depth = 2 };
    handlers.running[0] = (struct lv_handler_running){ .frame = UINTPTR_MAX, .site = 0x6000, .signal = SIGUSR1 };
    handlers.running[1] = (struct lv_handler_running){ .frame = UINTPTR_MAX - 1, .site = 0x7000, .signal = SIGUSR2 };
    thread()->handlers = &handlers;
    scenario_chain(s, 1, "A");
    take_inside(SIGUSR1, "A");
    scenario_expect_clean(s);
    handlers.running[0].site = 0x7000; /* the one that handle() says is there */
    scenario_chain(s, 1, "B");
    take_inside(SIGUSR1, "B");
    scenario_expect(s, LV_FINDING_SIGNAL, LV_VERDICT_POTENTIAL);
    thread()->handlers = NULL;
}
END_TEST

/* The process may know better what a thread's mask is. */
static uint64_t true_mask;
static unsigned asked;

static bool settle(struct lv_context *ctx, struct lv_thread *t)
{
    asked++;
    if (t->blocked == true_mask)
        return false;
    lv_context_set_mask(ctx, t, true_mask);
    return true;
}

START_TEST(the_mask_is_put_right_before_anything_is_learned)
{
    handle(SIGUSR1);
    take_inside(SIGUSR1, "A");
    s->ctx.settle = settle;
    true_mask = lv_signal_bit(SIGUSR1);
    scenario_chain(s, 1, "A");
    scenario_expect_clean(s);
    ck_assert_uint_eq(thread()->blocked, true_mask);
    asked = 0;
    scenario_chain(s, 1, "A");
    ck_assert_uint_eq(asked, 0); /* nothing to learn */
    block(0);
    write_lock(1, "B");
    handle(SIGUSR2); /* what is held is marked under the mask that there is */
    unlock(1, "B");
    true_mask = 0;
    scenario_chain(s, 1, "C");
    scenario_expect_clean(s);
    scenario_chain(s, 1, "A");
    scenario_expect(s, LV_FINDING_SIGNAL, LV_VERDICT_POTENTIAL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_handled_signal_is_open,
        other_threads_see_it_with_their_next_walk,
        held_when_a_handler_returns,
        held_when_a_context_is_entered,
        held_when_a_context_is_disabled,
        held_when_the_mask_changes,
        a_thread_that_begins_later_sees_it,
        synchronous_signals_are_never_open,
        a_handler_begins_a_chain_and_goes_back,
        edges_lead_into_the_handler_of_a_fault,
        handlers_nest,
        left_in_another_order,
        left_by_a_jump,
        a_lock_is_taken_along_in_a_jump,
        nested_deeper_than_is_told_apart,
        characters_know_signals,
        no_signal_has_these_numbers,
        another_handler_knows_nothing_of_the_last,
        what_is_forgotten_is_learned_anew,
        other_signals_are_not_forgotten,
        forgetting_takes_no_memory,
        a_replaced_handler_marks_nothing,
        the_mask_is_put_right_before_anything_is_learned,
    };

    return engine_run("states", tests, LV_ARRAY_SIZE(tests));
}
