/* SPDX-License-Identifier: MIT */
/* Memory runs out at every single allocation that a program can bring about, for once and for good: nothing crashes, no
 * finding is invented, and what needs no memory still works. */

#include "engine.h"

#include <signal.h>

#include <stdio.h>

/* A validator of its own whose log nobody sees. */
static void begin(void)
{
    scenario_restart(s, s->table ? "identity=table:log=none:record=/dev/null" : "identity=auto:log=none:record=/dev/null");
    lv_recorder_start(&s->ctx);
    scenario_class(s, "X", SCENARIO_EXPLICIT);
    (void)scenario_thread(s, 1);
    (void)scenario_thread(s, 2);
    write_lock(1, "A");
    unlock(1, "A");
}

static void name_of(char *name, size_t size, unsigned i)
{
    (void)snprintf(name, size, "%c%c%u", (char)('B' + i / 26), (char)('a' + i % 26), i % 3);
}

static void nest_deep(unsigned thread, unsigned count)
{
    char name[16];

    for (unsigned i = 0; i < count; i++) {
        name_of(name, sizeof(name), i);
        scenario_lock(s, thread, name, i % 5 == 1 ? LV_READ : LV_WRITE,
                      i % 7 == 1   ? LV_TRY
                      : i % 7 == 2 ? LV_TIMED
                                   : 0);
    }
    for (unsigned i = count; i-- > 0;) {
        name_of(name, sizeof(name), i);
        unlock(thread, name);
    }
}

/* Locks held while contexts can interrupt: taken then, and before that. */
static void mark_much(int context)
{
    struct lv_thread *t = s->threads[1];

    lv_context_disable(&s->ctx, t, context);
    lv_context_set_mask(&s->ctx, t, UINT64_MAX);
    write_lock(1, "V1");
    lv_context_set_handled(&s->ctx, t, SIGUSR1, true, 0x7000);
    lv_context_set_mask(&s->ctx, t, 0);
    unlock(1, "V1");
    nest_deep(1, 70);
    write_lock(1, "V2");
    lv_context_enable(&s->ctx, t, context);
    unlock(1, "V2");
}

/* One of everything, in an order that nothing contradicts. */
static void use_everything(void)
{
    lv_event_state state = 0;
    struct lv_thread *t;
    int context;

    nest_deep(1, 70); /* the held stack grows twice */
    nest_deep(2, 40);
    /* Locks of one class: explicit, with subclasses; guessed, in one order of instances. */
    write_lock(1, "X1");
    scenario_lock_sub(s, 1, "X2", 1);
    scenario_lock_sub(s, 1, "X3", 2);
    unlock(1, "X3");
    unlock(1, "X2");
    unlock(1, "X1");
    scenario_chain(s, 1, "Y1 Y2 Y3");
    scenario_chain(s, 2, "Y1 Y2 Y3");
    scenario_chain(s, 2, "A Y1 Y2");
    /* An event, and histories. */
    write_lock(1, "A");
    scenario_wait(s, 1, "E", &state);
    unlock(1, "A");
    scenario_chain(s, 2, "Z1");
    scenario_complete(s, 2, "E", &state);
    lv_event_end_wait(&state);
    /* Contexts, and threads that come and go. */
    context = lv_context_declare(&s->ctx, "hardirq", 0);
    lv_context_enter(&s->ctx, s->threads[1], context);
    scenario_chain(s, 1, "W1");
    lv_context_exit(&s->ctx, s->threads[1], context);
    mark_much(context);
    t = lv_thread_new(&s->ctx);
    if (t != NULL)
        lv_thread_free(&s->ctx, t);
    /* The cache grows. */
    for (unsigned i = 0; i < 300; i++) {
        lv_thread_empty_cache(s->threads[1]);
        scenario_chain(s, 1, "A");
    }
}

/* Nothing was found, nothing is stuck; and a deadlock with oneself, in a lock that is known, is still seen. */
static void check_after(bool failed)
{
    scenario_expect_clean(s);
    ck_assert_uint_eq(s->ctx.lock.word, 0);
    ck_assert_int_eq(s->ctx.state, failed ? LV_STATE_DEGRADED : LV_STATE_ON);
    for (unsigned i = 1; i <= 2; i++) {
        ck_assert_uint_eq(s->threads[i]->guard, 0);
        ck_assert_uint_eq(s->threads[i]->depth, 0);
        ck_assert_uint_eq(s->threads[i]->key, lv_context_first_key(0));
    }
    write_lock(1, "A");
    (void)scenario_begin(s, 1, "A", LV_WRITE, 0);
    scenario_expect(s, LV_FINDING_RECURSIVE, LV_VERDICT_DEADLOCK);
    unlock(1, "A");
    scenario_expect_clean(s);
}

/* The number of allocations that it takes. */
static uint32_t count_allocations(void)
{
    uint32_t before;

    begin();
    before = s->ctx.arena.count;
    use_everything();
    check_after(false);
    return s->ctx.arena.count - before;
}

START_TEST(each_allocation_fails)
{
    uint32_t total = count_allocations(), failures = 0, runs = 0;

    ck_assert_uint_gt(total, 50);
    for (uint32_t n = 1; n <= total; n++) {
        /* For good every third time: what fails after the first matters little. */
        for (int for_good = 0; for_good < (n % 3 == 0 ? 2 : 1); for_good++, runs++) {
            begin();
            s->ctx.arena.fail_from = s->ctx.arena.count + n;
            s->ctx.arena.fail_to = for_good ? UINT32_MAX : s->ctx.arena.fail_from + 1;
            use_everything();
            failures += s->ctx.arena.failed;
            check_after(s->ctx.arena.failed);
        }
    }
    /* A run may need one more or fewer: how many slots of a cache collide is chance. */
    ck_assert_uint_ge(failures, runs - 8);
}
END_TEST

/* No validator, or a whole one. */
START_TEST(start_fails)
{
    static struct lv_context ctx;
    struct lv_options options;
    uint32_t total;

    lv_options_default(&options);
    ck_assert_int_eq(lv_context_init(&ctx, &options), 0);
    total = ctx.arena.count;
    ck_assert_uint_gt(total, 5);
    for (uint32_t n = 1; n <= total; n++) {
        memset(&ctx, 0, sizeof(ctx));
        ctx.arena.fail_from = n;
        ctx.arena.fail_to = n + 1;
        ck_assert_int_lt(lv_context_init(&ctx, &options), 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { each_allocation_fails, start_fails };

    return engine_run("memory", tests, LV_ARRAY_SIZE(tests));
}
