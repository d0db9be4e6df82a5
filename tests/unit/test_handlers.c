/* SPDX-License-Identifier: MIT */
/* Which signal handlers run: nested, left by a jump, or found to be gone. Stack addresses are made up. */

#include "engine/handlers.h"

#include "unit.h"

#include <signal.h>
#include <stdlib.h>

static struct lv_handlers handlers;

static void begin(void)
{
    handlers = (struct lv_handlers){ 0 };
}

static struct lv_handlers_entered enter(uintptr_t frame, int number)
{
    const struct lv_handler_running running = { .frame = frame, .site = frame + 1, .signal = number };
    struct lv_handlers_entered entered;

    lv_handlers_enter(&handlers, &running, &entered);
    return entered;
}

/* The signal whose handler runs, for a caller at @stack; 0: none. */
static int current(uintptr_t stack)
{
    const struct lv_handler_running *running = lv_handlers_current(&handlers, stack);

    if (running != NULL)
        ck_assert_uint_eq(running->site, running->frame + 1);
    return running != NULL ? running->signal : 0;
}

START_TEST(nested)
{
    struct lv_handlers_entered outer, inner;

    ck_assert_int_eq(current(0), 0);
    outer = enter(9000, 1);
    ck_assert_int_eq(current(8900), 1);
    inner = enter(8000, 2);
    ck_assert_int_eq(current(7900), 2);
    ck_assert_uint_eq(handlers.depth, 2);
    lv_handlers_leave(&inner);
    ck_assert_int_eq(current(8900), 1);
    lv_handlers_leave(&outer);
    ck_assert_int_eq(current(8900), 0);
}
END_TEST

/* Deeper than there are entries: the innermost is always known, and all come off again. */
START_TEST(nested_deep)
{
    enum {
        DEEP = 3 * LV_HANDLERS
    };
    struct lv_handlers_entered entered[DEEP];

    for (int i = 0; i < DEEP; i++) {
        entered[i] = enter(90000 - (uintptr_t)i * 1000, i + 1);
        ck_assert_int_eq(current(90000 - (uintptr_t)i * 1000 - 10), i + 1);
    }
    ck_assert_uint_eq(handlers.depth, DEEP);
    for (int i = DEEP; i-- > 0;) {
        ck_assert_int_eq(current(90000 - (uintptr_t)i * 1000 - 10), i + 1);
        lv_handlers_leave(&entered[i]);
    }
    ck_assert_uint_eq(handlers.depth, 0);
}
END_TEST

START_TEST(deep_and_left)
{
    for (int i = 0; i < 3 * LV_HANDLERS; i++)
        enter(90000 - (uintptr_t)i * 1000, i + 1);
    ck_assert(lv_handlers_jump(&handlers, 100, 89500)); /* into the first */
    ck_assert_uint_eq(handlers.depth, 1);
    ck_assert_int_eq(current(89400), 1);
}
END_TEST

START_TEST(jump_out)
{
    enter(9000, 1);
    ck_assert(lv_handlers_jump(&handlers, 8500, 9500));
    ck_assert_int_eq(current(8000), 0); /* deeper than the handler was, but not in it */
    ck_assert(!lv_handlers_jump(&handlers, 8500, 9500));
}
END_TEST

START_TEST(jump_inside)
{
    enter(9000, 1);
    ck_assert(!lv_handlers_jump(&handlers, 8500, 8800));
    ck_assert_int_eq(current(8700), 1);
}
END_TEST

START_TEST(jump_into_the_outer_one)
{
    enter(9000, 1);
    enter(8000, 2);
    ck_assert(lv_handlers_jump(&handlers, 7500, 8500));
    ck_assert_int_eq(current(8400), 1);
    ck_assert(lv_handlers_jump(&handlers, 8400, 9500));
    ck_assert_uint_eq(handlers.depth, 0);
}
END_TEST

/* A stack for signals above the thread's, and one below. */
START_TEST(jump_from_another_stack)
{
    enter(70000, 1);
    ck_assert(lv_handlers_jump(&handlers, 69000, 9500));
    ck_assert_uint_eq(handlers.depth, 0);
    enter(1000, 1);
    ck_assert(lv_handlers_jump(&handlers, 900, 9500));
    ck_assert_uint_eq(handlers.depth, 0);
    /* One handler on the thread's stack, one on the other: out of the second only, and out of both. */
    enter(9000, 1);
    enter(1000, 2);
    ck_assert(lv_handlers_jump(&handlers, 900, 8500));
    ck_assert_int_eq(current(8400), 1);
    enter(1000, 2);
    ck_assert(lv_handlers_jump(&handlers, 900, 9500));
    ck_assert_uint_eq(handlers.depth, 0);
}
END_TEST

/* Left without a jump that was seen: known to be gone once the stack is above it. */
START_TEST(gone)
{
    enter(9000, 1);
    enter(8000, 2);
    ck_assert_int_eq(current(7900), 2);
    ck_assert_int_eq(current(8100), 1);
    ck_assert_int_eq(current(9100), 0);
    ck_assert_uint_eq(handlers.depth, 0);
}
END_TEST

START_TEST(gone_when_the_next_starts)
{
    struct lv_handlers_entered entered;

    for (int i = 0; i < 100; i++)
        entered = enter(9000, 1); /* again and again from one place */
    ck_assert_uint_eq(handlers.depth, 1);
    entered = enter(9200, 2); /* from higher up */
    ck_assert_uint_eq(handlers.depth, 1);
    ck_assert_int_eq(current(9100), 2);
    lv_handlers_leave(&entered);
    ck_assert_uint_eq(handlers.depth, 0);
}
END_TEST

/* On a stack for signals that lies above the thread's, a handler may be nested in one that is lower. */
static int seen_depth, seen_signal;

static void on_signal(int number)
{
    const struct lv_handler_running running = { .frame = (uintptr_t)&number, .signal = number };
    struct lv_handlers_entered entered;

    lv_handlers_enter(&handlers, &running, &entered);
    seen_depth = (int)handlers.depth;
    lv_handlers_leave(&entered);
    seen_signal = current(500);
}

START_TEST(nested_on_a_higher_stack)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
    stack_t stack = { .ss_size = 65536, .ss_sp = malloc(65536) };

    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    enter(1000, 5); /* lower than any real stack */
    ck_assert_int_eq(raise(SIGUSR1), 0);
    ck_assert_int_eq(seen_depth, 2);
    ck_assert_int_eq(seen_signal, 5);
    action.sa_flags = 0; /* on the thread's own stack the other one would have to be there too */
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    ck_assert_int_eq(raise(SIGUSR1), 0);
    ck_assert_int_eq(seen_depth, 1);
    ck_assert_int_eq(seen_signal, 0);
    stack.ss_flags = SS_DISABLE;
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    free(stack.ss_sp);
}
END_TEST

/* A jump that was wrongly taken for one out of the handler: its return changes nothing. */
START_TEST(return_after_a_jump)
{
    struct lv_handlers_entered outer = enter(9000, 1), inner = enter(8000, 2);

    ck_assert(lv_handlers_jump(&handlers, 7000, 3000));
    ck_assert_uint_eq(handlers.depth, 1);
    lv_handlers_leave(&inner);
    ck_assert_int_eq(current(8500), 1);
    lv_handlers_leave(&outer);
    ck_assert_uint_eq(handlers.depth, 0);
}
END_TEST

/* Told to be gone; what was kept of it can still be read. */
START_TEST(dropped)
{
    enter(9000, 1);
    enter(8000, 2);
    lv_handlers_drop(&handlers);
    ck_assert_uint_eq(handlers.depth, 1);
    ck_assert_int_eq(lv_handlers_at(&handlers, 0)->signal, 1);
    ck_assert_int_eq(lv_handlers_at(&handlers, 1)->signal, 2);
    ck_assert_int_eq(current(7000), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("handlers");
    TCase *tcase = tcase_create("handlers");

    tcase_add_checked_fixture(tcase, begin, NULL);
    tcase_add_test(tcase, nested);
    tcase_add_test(tcase, nested_deep);
    tcase_add_test(tcase, deep_and_left);
    tcase_add_test(tcase, jump_out);
    tcase_add_test(tcase, jump_inside);
    tcase_add_test(tcase, jump_into_the_outer_one);
    tcase_add_test(tcase, jump_from_another_stack);
    tcase_add_test(tcase, gone);
    tcase_add_test(tcase, gone_when_the_next_starts);
    tcase_add_test(tcase, nested_on_a_higher_stack);
    tcase_add_test(tcase, return_after_a_jump);
    tcase_add_test(tcase, dropped);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
