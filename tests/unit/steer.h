/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_UNIT_STEER_H
#define LV_TESTS_UNIT_STEER_H

/*
 * For tests of steering: plans, and threads that come to a role. One system thread plays all threads, so nobody is really
 * held; a thread that is held does nothing more.
 */

#include "engine.h"

#include <stdio.h>

#include "engine/life.h"
#include "engine/resolve.h"
#include "engine/steer.h"

static int64_t now;
static char text[4096];

/* The key of the class of the lock @name. */
static inline const char *key_of(const char *name)
{
    static char keys[8][256];
    static unsigned next;
    struct lv_text out;
    uint64_t word = lv_identity_find(&s->ctx, scenario_thread(s, 1), scenario_object(s, name, LV_KIND_MUTEX), 0x1000);

    next = (next + 1) % 8;
    lv_text_init(&out, keys[next], sizeof(keys[next]));
    lv_class_run_key(lv_classes_get(&s->ctx.classes, lv_identity_class(word)), &out);
    return keys[next];
}

static inline void begin_plan(const char *settings)
{
    (void)snprintf(text, sizeof(text), "lockval-plan 1\n%s", settings);
}

/* A role that holds a lock of the class of @held, if that is not null, and wants one of that of @wanted. */
static inline void add_role(const char *held, const char *wanted, const char *more)
{
    size_t len = strlen(text);

    (void)snprintf(text + len, sizeof(text) - len, "role\n%s%s%swanted %s\n%s", held != NULL ? "held " : "",
                   held != NULL ? key_of(held) : "", held != NULL ? "\n" : "", key_of(wanted), more);
}

static inline void take_plan(void)
{
    uint32_t line;
    const char *wrong;

    s->ctx.steer = lv_arena_alloc(&s->ctx.arena, sizeof(*s->ctx.steer));
    wrong = lv_plan_parse(&s->ctx.steer->plan, text, strlen(text), &s->ctx.arena, &line);
    ck_assert_msg(wrong == NULL, "line %u of the plan %s", line, wrong);
    for (unsigned i = 1; i <= 6; i++)
        (void)scenario_thread(s, i);
}

/* Two roles: A, then B; B, then A. */
static inline void plan_abba(const char *settings)
{
    begin_plan(settings);
    add_role("A", "B", "");
    add_role("B", "A", "");
    take_plan();
}

/* Thread @thread is about to take the lock @name. Where it is held, or null. */
static inline struct lv_steer_player *reach_as(unsigned thread, const char *name, enum lv_mode mode, unsigned flags)
{
    struct lv_acquisition a = scenario_begin(s, thread, name, mode, flags);
    struct lv_thread *t = scenario_thread(s, thread);
    struct lv_steer_player *player;

    t->guard++;
    player = lv_steer_reach(&s->ctx, t, &a, now);
    t->guard--;
    return player;
}

static inline struct lv_steer_player *reach(unsigned thread, const char *name)
{
    return reach_as(thread, name, LV_WRITE, 0);
}

/* The held one's time is over. */
static inline void leave(struct lv_steer_player *player)
{
    lv_steer_leave(&s->ctx, player, player->number, now);
}

static inline const struct lv_steer_count *count(uint32_t role)
{
    return &s->ctx.steer->counts[role];
}

/* Thread @thread waits for the lock @name, or with it on a condition variable. */
static inline void wait_as(unsigned thread, enum lv_wait_kind wait, const char *name, enum lv_mode mode, bool timed)
{
    struct lv_acquisition a = scenario_begin(s, thread, name, mode, timed ? LV_TIMED : 0);
    struct lv_thread *t = scenario_thread(s, thread);
    struct lv_blocked what = { .wait = wait, .timed = timed }, outer;

    if (wait == LV_WAITS_LOCK)
        what.wanted = lv_acquisition_record(t, &a);
    else
        what.with = lv_acquisition_record(t, &a);
    lv_blocked_begin(t, &what, &outer);
}

/* Findings are no concern of these tests. */
static inline void forget_findings(void)
{
    s->report_read = s->report_count;
    s->upgrade_read = s->upgrade_count;
}

#endif
