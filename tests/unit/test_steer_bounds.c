/* SPDX-License-Identifier: MIT */
/* Steering: who is held how often and how long, and what is counted. */

#include "steer.h"

START_TEST(who_does_not_wait_is_not_held)
{
    struct lv_acquisition a;

    plan_abba("pause 60000\n");
    write_lock(1, "A");
    a = scenario_begin(s, 1, "B", LV_WRITE, LV_TRY);
    lv_steer(&s->ctx, scenario_thread(s, 1), &a);
    a = scenario_begin(s, 1, "B", LV_WRITE, LV_TIMED);
    lv_steer(&s->ctx, scenario_thread(s, 1), &a);
    ck_assert_uint_eq(count(0)->reached, 0);
    forget_findings();
}
END_TEST

/* As many pauses without a partner as the plan says, and no more. */
START_TEST(tries)
{
    struct lv_steer_player *player;

    plan_abba("tries 3\n");
    write_lock(1, "A");
    for (unsigned i = 1; i <= 3; i++) {
        player = reach(1, "B");
        ck_assert_ptr_nonnull(player);
        leave(player);
        ck_assert_uint_eq(count(0)->expired, i);
    }
    ck_assert_ptr_null(reach(1, "B"));
    ck_assert_uint_eq(count(0)->reached, 4);
    ck_assert_uint_eq(count(0)->held, 3);
    /* The other role has its own. */
    write_lock(2, "B");
    ck_assert_ptr_nonnull(reach(2, "A"));
    forget_findings();
}
END_TEST

START_TEST(time_is_up)
{
    struct lv_steer_player *player;

    plan_abba("pause 250\n");
    now = 1000;
    write_lock(1, "A");
    player = reach(1, "B");
    ck_assert_int_eq(player->since_ms, 1000);
    ck_assert_int_eq(player->until_ms, 1250);
    /* Who never came back is forgotten some time after. */
    now = 1250;
    lv_steer_match(&s->ctx, now);
    ck_assert_ptr_nonnull(player->t);
    now = 60000;
    lv_steer_match(&s->ctx, now);
    ck_assert_ptr_null(player->t);
    forget_findings();
}
END_TEST

/* A place is used again; who was held there before does not end the pause of the next. */
START_TEST(places)
{
    struct lv_steer_player *player;
    uint32_t number;

    plan_abba("");
    write_lock(1, "A");
    player = reach(1, "B");
    number = player->number;
    lv_steer_forget(&s->ctx, scenario_thread(s, 1));
    write_lock(2, "A1");
    ck_assert_ptr_eq(reach(2, "B"), player);
    lv_steer_leave(&s->ctx, player, number, now);
    ck_assert_ptr_eq(player->t, scenario_thread(s, 2));
    ck_assert_uint_eq(count(0)->expired, 0);
    forget_findings();
}
END_TEST

START_TEST(alone)
{
    struct lv_thread *mine = scenario_thread(s, 1);

    plan_abba("");
    for (struct lv_thread *t = s->ctx.threads; t != NULL; t = t->next)
        t->used = t == mine;
    write_lock(1, "A");
    ck_assert_ptr_null(reach(1, "B"));
    ck_assert_uint_eq(count(0)->reached, 1);
    ck_assert_uint_eq(count(0)->held, 0);
    for (struct lv_thread *t = s->ctx.threads; t != NULL; t = t->next)
        t->used = true;
    ck_assert_ptr_nonnull(reach(1, "B"));
    forget_findings();
}
END_TEST

START_TEST(odds)
{
    unsigned held = 0;

    plan_abba("odds 30\nseed 5\ntries 100000\n");
    write_lock(1, "A");
    for (unsigned i = 0; i < 1000; i++) {
        struct lv_steer_player *player = reach(1, "B");

        held += player != NULL;
        if (player != NULL)
            leave(player);
    }
    ck_assert_uint_ge(held, 200);
    ck_assert_uint_le(held, 400);
    forget_findings();
}
END_TEST

/* Held before A until somebody plays the other role. */
START_TEST(early)
{
    struct lv_steer_player *first, *second;

    begin_plan("");
    add_role("A", "B", "early\n");
    add_role("B", "A", "");
    take_plan();
    first = reach(1, "A");
    ck_assert_ptr_nonnull(first);
    ck_assert(first->early);
    write_lock(2, "B");
    second = reach(2, "A");
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_eq(first->go, 1);
    ck_assert_uint_eq(second->go, 0);
    leave(first);
    ck_assert_uint_eq(count(0)->early, 1);
    ck_assert_uint_eq(count(0)->early_expired, 0);
    write_lock(1, "A");
    ck_assert_ptr_null(reach(1, "B"));
    ck_assert_uint_eq(second->go, 1);
    forget_findings();
}
END_TEST

START_TEST(early_ends_by_time)
{
    begin_plan("tries 1\n");
    add_role("A", "B", "early\n");
    add_role("B", "A", "");
    take_plan();
    leave(reach(1, "A"));
    ck_assert_uint_eq(count(0)->early_expired, 1);
    ck_assert_ptr_null(reach(1, "A"));
    ck_assert_uint_eq(count(0)->early, 1);
}
END_TEST

/* The locks that are held each time a role is reached. */
START_TEST(gates)
{
    plan_abba("tries 0\n");
    write_lock(1, "G");
    write_lock(1, "H");
    write_lock(1, "A");
    (void)reach(1, "B");
    ck_assert_uint_eq(count(0)->gate_count, 2);
    write_lock(2, "B");
    (void)reach(2, "A");
    ck_assert_uint_eq(count(1)->gate_count, 0);
    unlock(1, "H");
    (void)reach(1, "B");
    ck_assert_uint_eq(count(0)->gate_count, 1);
    ck_assert_uint_eq(count(0)->gates[0].address, scenario_object(s, "G", LV_KIND_MUTEX)->address);
    unlock(1, "G");
    write_lock(1, "G1");
    (void)reach(1, "B");
    ck_assert_uint_eq(count(0)->gate_count, 0);
    forget_findings();
}
END_TEST

/* A class of the plan is never in a thread's cache; others are. */
START_TEST(classes_of_the_plan_are_not_remembered)
{
    uint64_t walks;

    plan_abba("");
    s->site = 0x1000;
    for (unsigned i = 0; i < 8; i++)
        scenario_chain(s, 1, "C D");
    walks = s->ctx.counters.slow_walks;
    scenario_chain(s, 1, "C D");
    ck_assert_uint_eq(s->ctx.counters.slow_walks, walks);
    for (unsigned i = 0; i < 8; i++)
        scenario_chain(s, 1, "A B");
    walks = s->ctx.counters.slow_walks;
    scenario_chain(s, 1, "A B");
    ck_assert_uint_eq(s->ctx.counters.slow_walks, walks + 2);
}
END_TEST

START_TEST(forked)
{
    struct lv_steer_player *player;

    plan_abba("");
    write_lock(1, "A");
    player = reach(1, "B");
    ck_assert_ptr_nonnull(player);
    lv_steer_after_fork(&s->ctx);
    ck_assert_ptr_null(player->t);
    ck_assert_uint_eq(count(0)->reached, 0);
    write_lock(2, "B");
    ck_assert_ptr_nonnull(reach(2, "A"));
    forget_findings();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        who_does_not_wait_is_not_held,
        tries,
        time_is_up,
        places,
        alone,
        odds,
        early,
        early_ends_by_time,
        gates,
        classes_of_the_plan_are_not_remembered,
        forked,
    };

    return engine_run("steer-bounds", tests, LV_ARRAY_SIZE(tests));
}
