/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_UNIT_MARKS_H
#define LV_TESTS_UNIT_MARKS_H

/* For tests of what contexts make unsafe: signals that come, and the findings about them. */

#include "engine.h"

#include <signal.h>

#define SIGNAL LV_FINDING_SIGNAL
#define POTENTIAL LV_VERDICT_POTENTIAL

enum {
    ALL = 99 /* every signal */
};

static inline void handle(int signal)
{
    lv_context_set_handled(&s->ctx, scenario_thread(s, 1), signal, true, 0x7000);
}

static inline void block(unsigned thread, int signal)
{
    uint64_t mask = signal == ALL ? UINT64_MAX : lv_signal_bit(signal);

    lv_context_set_mask(&s->ctx, scenario_thread(s, thread), mask);
}

static inline void unblock(unsigned thread)
{
    lv_context_set_mask(&s->ctx, scenario_thread(s, thread), 0);
}

/* As the kernel calls a handler: its own signal is blocked. */
static inline void enter(unsigned thread, int signal)
{
    struct lv_thread *t = scenario_thread(s, thread);

    lv_context_enter_signal(&s->ctx, t, signal);
    lv_context_set_mask(&s->ctx, t, t->blocked | lv_signal_bit(signal));
}

static inline void leave(unsigned thread, int signal)
{
    lv_context_exit_signal(&s->ctx, scenario_thread(s, thread), signal);
}

/* A write lock of each name, in the handler of @signal. */
static inline void inside(unsigned thread, int signal, const char *names)
{
    enter(thread, signal);
    scenario_chain(s, thread, names);
    leave(thread, signal);
}

/* The same with every signal blocked. */
static inline void blocked(unsigned thread, const char *names)
{
    block(thread, ALL);
    scenario_chain(s, thread, names);
    unblock(thread);
}

static inline void take_inside(unsigned thread, int signal, const char *name, enum lv_mode mode, unsigned flags)
{
    enter(thread, signal);
    scenario_lock(s, thread, name, mode, flags);
    unlock(thread, name);
    leave(thread, signal);
}

static inline void take(unsigned thread, const char *name, enum lv_mode mode)
{
    scenario_lock(s, thread, name, mode, 0);
    unlock(thread, name);
}

static inline const struct scenario_report *expect(const char *edges, const char *state, enum lv_report_news news)
{
    const struct scenario_report *report = scenario_expect_cycle(s, SIGNAL, POTENTIAL, edges);

    ck_assert_str_eq(report->state, state);
    ck_assert_int_eq(report->news, news);
    return report;
}

#endif
