/* SPDX-License-Identifier: MIT */
/* Steering: who plays which role, who fits whom, and when everybody may go. */

#include "steer.h"

START_TEST(two_threads_meet)
{
    struct lv_steer_player *first;

    plan_abba("");
    write_lock(1, "A");
    first = reach(1, "B");
    ck_assert_ptr_nonnull(first);
    ck_assert_uint_eq(first->go, 0);
    write_lock(2, "B");
    ck_assert_ptr_null(reach(2, "A"));
    ck_assert_uint_eq(first->go, 1);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(count(i)->reached, 1);
        ck_assert_uint_eq(count(i)->held, 1);
        ck_assert_uint_eq(count(i)->met, 1);
    }
    leave(first);
    ck_assert_ptr_null(first->t);
    ck_assert_uint_eq(count(0)->expired, 0);
    forget_findings();
}
END_TEST

START_TEST(one_thread_does_not_play_two_roles)
{
    struct lv_steer_player *first;

    plan_abba("");
    write_lock(1, "A");
    first = reach(1, "B");
    ck_assert_ptr_nonnull(first);
    leave(first);
    unlock(1, "A");
    write_lock(1, "B");
    first = reach(1, "A");
    ck_assert_ptr_nonnull(first);
    ck_assert_uint_eq(first->go, 0);
    ck_assert_uint_eq(count(0)->met, 0);
    forget_findings();
}
END_TEST

/* Nothing held, or something else. */
START_TEST(who_plays_nothing)
{
    plan_abba("");
    ck_assert_ptr_null(reach(1, "B"));
    write_lock(1, "C");
    ck_assert_ptr_null(reach(1, "B"));
    ck_assert_ptr_null(reach(1, "D"));
    write_lock(2, "A");
    ck_assert_ptr_null(reach(2, "C"));
    ck_assert_uint_eq(count(0)->reached, 0);
    ck_assert_uint_eq(count(1)->reached, 0);
    forget_findings();
}
END_TEST

/* The first two hold locks that nobody wants; those that fit are not kept out by them. */
START_TEST(other_instances)
{
    struct lv_steer_player *first, *second, *third;

    plan_abba("");
    write_lock(1, "A1");
    first = reach(1, "B1");
    write_lock(2, "B2");
    second = reach(2, "A2");
    ck_assert(first != NULL && second != NULL && first->go == 0 && second->go == 0);
    write_lock(3, "A3");
    third = reach(3, "B3");
    ck_assert_ptr_nonnull(third);
    write_lock(4, "B3");
    ck_assert_ptr_null(reach(4, "A3"));
    ck_assert(first->go == 0 && second->go == 0 && third->go == 1);
    /* Half of a fit is none: 5 wants what 2 holds, and 2 not what 5 holds. */
    write_lock(5, "A5");
    ck_assert_ptr_nonnull(reach(5, "B2"));
    ck_assert_uint_eq(second->go, 0);
    forget_findings();
}
END_TEST

START_TEST(three_roles)
{
    struct lv_steer_player *first, *second;

    begin_plan("");
    add_role("A", "B", "");
    add_role("B", "C", "");
    add_role("C", "A", "");
    take_plan();
    write_lock(1, "C");
    first = reach(1, "A");
    write_lock(2, "A");
    second = reach(2, "B");
    ck_assert(first != NULL && second != NULL && first->go == 0 && second->go == 0);
    write_lock(3, "B");
    ck_assert_ptr_null(reach(3, "C"));
    ck_assert(first->go == 1 && second->go == 1);
    ck_assert_uint_eq(first->role, 2);
    ck_assert_uint_eq(second->role, 0);
    forget_findings();
}
END_TEST

/* A circle of instances: everybody can play every role. */
START_TEST(one_class)
{
    struct lv_steer_player *first, *second;

    begin_plan("");
    for (unsigned i = 0; i < 3; i++)
        add_role("A", "A", "");
    take_plan();
    write_lock(1, "A1");
    first = reach(1, "A2");
    write_lock(2, "A2");
    second = reach(2, "A3");
    ck_assert(first != NULL && second != NULL);
    ck_assert_uint_eq(second->roles, 7);
    write_lock(3, "A3");
    ck_assert_ptr_null(reach(3, "A1"));
    ck_assert(first->go == 1 && second->go == 1);
    forget_findings();
}
END_TEST

/* The wanted lock is not the youngest that its holder holds. */
START_TEST(held_deep)
{
    struct lv_steer_player *first;

    plan_abba("");
    write_lock(1, "A");
    write_lock(1, "C");
    write_lock(1, "D");
    first = reach(1, "B");
    ck_assert_ptr_nonnull(first);
    write_lock(2, "E");
    write_lock(2, "B");
    write_lock(2, "F");
    ck_assert_ptr_null(reach(2, "A"));
    ck_assert_uint_eq(first->go, 1);
    forget_findings();
}
END_TEST

START_TEST(readers)
{
    struct lv_steer_player *first;

    plan_abba("");
    /* A reader does not wait for a reader, */
    read_lock(1, "A");
    first = reach(1, "B");
    ck_assert_ptr_nonnull(first);
    write_lock(2, "B");
    ck_assert_ptr_nonnull(reach_as(2, "A", LV_READ_RECURSIVE, 0));
    ck_assert_uint_eq(first->go, 0);
    /* but a writer does. */
    write_lock(3, "B1");
    (void)reach(3, "A");
    ck_assert_uint_eq(first->go, 0);
    unlock(2, "B");
    write_lock(4, "B");
    ck_assert_ptr_null(reach(4, "A"));
    ck_assert_uint_eq(first->go, 1);
    forget_findings();
}
END_TEST

/* Between two readers there must be a writer who waits. */
START_TEST(readers_behind_a_writer)
{
    struct lv_steer_player *first, *second;

    plan_abba("");
    read_lock(1, "A");
    first = reach(1, "B");
    write_lock(2, "B");
    second = reach_as(2, "A", LV_READ, 0);
    ck_assert(first != NULL && second != NULL && second->go == 0);
    wait_as(3, LV_WAITS_LOCK, "A", LV_READ, false);
    lv_steer_match(&s->ctx, now);
    ck_assert_uint_eq(second->go, 0);
    wait_as(4, LV_WAITS_LOCK, "A", LV_WRITE, false);
    lv_steer_match(&s->ctx, now);
    ck_assert(first->go == 1 && second->go == 1);
    forget_findings();
}
END_TEST

/* A reader that reads again: the only role wants the lock that it holds. */
START_TEST(reads_again_behind_a_writer)
{
    struct lv_steer_player *player;

    begin_plan("");
    add_role("A", "A", "");
    take_plan();
    scenario_lock(s, 1, "A", LV_READ, 0);
    player = reach_as(1, "A", LV_READ, 0);
    ck_assert_ptr_nonnull(player);
    wait_as(2, LV_WAITS_LOCK, "A1", LV_WRITE, false);
    lv_steer_match(&s->ctx, now);
    ck_assert_uint_eq(player->go, 0);
    wait_as(3, LV_WAITS_LOCK, "A", LV_WRITE, false);
    lv_steer_match(&s->ctx, now);
    ck_assert_uint_eq(player->go, 1);
    forget_findings();
}
END_TEST

/* A partner that went on when its time was up, and waits for good. */
START_TEST(a_partner_that_waits)
{
    plan_abba("");
    write_lock(1, "A");
    wait_as(1, LV_WAITS_LOCK, "B", LV_WRITE, false);
    write_lock(2, "B");
    ck_assert_ptr_null(reach(2, "A"));
    ck_assert_uint_eq(count(0)->met, 1);
    ck_assert_uint_eq(count(0)->reached, 0);
    forget_findings();
}
END_TEST

/* One whose wait ends by itself does not help, nor does one that waits for something else. */
START_TEST(partners_that_wait_otherwise)
{
    plan_abba("");
    write_lock(1, "A");
    wait_as(1, LV_WAITS_LOCK, "B", LV_WRITE, true);
    write_lock(3, "A3");
    wait_as(3, LV_WAITS_LOCK, "B", LV_WRITE, false);
    write_lock(2, "B");
    ck_assert_ptr_nonnull(reach(2, "A"));
    ck_assert_uint_eq(count(0)->met, 0);
    forget_findings();
}
END_TEST

/* It will want the mutex again. */
START_TEST(a_partner_in_a_wait_on_a_condition)
{
    plan_abba("");
    write_lock(1, "A");
    wait_as(1, LV_WAITS_COND, "B", LV_WRITE, false);
    write_lock(2, "B");
    ck_assert_ptr_null(reach(2, "A"));
    ck_assert_uint_eq(count(0)->met, 1);
    forget_findings();
}
END_TEST

/* All wait: that is the deadlock itself, and nobody is left to be let go. */
START_TEST(a_deadlock_is_left_alone)
{
    plan_abba("");
    write_lock(1, "A");
    write_lock(2, "B");
    wait_as(1, LV_WAITS_LOCK, "B", LV_WRITE, false);
    wait_as(2, LV_WAITS_LOCK, "A", LV_WRITE, false);
    lv_steer_match(&s->ctx, now);
    ck_assert_uint_eq(count(0)->met, 0);
    forget_findings();
}
END_TEST

/* Who is joined with a lock held that it wants. Only the very thread that is joined counts. */
START_TEST(join)
{
    struct lv_class end = { .key = { .origin = LV_CLASS_JOIN, .place = 0x5000 } };
    struct lv_life *lives[2];
    struct lv_steer_player *other, *joiner;
    struct lv_locked locked;
    struct lv_text out;
    char key[256];

    lv_text_init(&out, key, sizeof(key));
    lv_class_run_key(&end, &out);
    begin_plan("");
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "role\nheld %s\nwanted %s\n", key_of("A"), key);
    add_role(NULL, "A", "");
    take_plan();
    for (unsigned i = 0; i < 2; i++) {
        scenario_thread(s, 1)->guard++;
        locked = lv_context_lock(&s->ctx);
        lives[i] = lv_life_new(&s->ctx, 0x5000, false);
        ck_assert_ptr_nonnull(lives[i]);
        lives[i]->module = NULL;
        lives[i]->place = 0x5000;
        scenario_thread(s, i + 2)->life = lives[i];
        lv_context_unlock(&s->ctx, &locked);
        scenario_thread(s, 1)->guard--;
    }
    other = reach(3, "A");
    write_lock(1, "A");
    scenario_thread(s, 1)->guard++;
    joiner = lv_steer_reach_join(&s->ctx, scenario_thread(s, 1), lives[0], 0x1000, now);
    scenario_thread(s, 1)->guard--;
    ck_assert_ptr_nonnull(other);
    ck_assert_ptr_nonnull(joiner);
    ck_assert_uint_eq(other->go, 0);
    ck_assert_ptr_null(reach(2, "A"));
    ck_assert(other->go == 0 && joiner->go == 1);
    scenario_thread(s, 2)->life = scenario_thread(s, 3)->life = NULL;
    forget_findings();
}
END_TEST

/* The last role takes the lock before it brings about what the first waits for; it need hold nothing. */
START_TEST(a_role_that_holds_nothing)
{
    struct lv_steer_player *first;

    begin_plan("");
    add_role("A", "B", "");
    add_role(NULL, "A", "");
    take_plan();
    first = reach(2, "A");
    ck_assert_ptr_nonnull(first);
    write_lock(1, "A");
    ck_assert_ptr_null(reach(1, "B"));
    ck_assert_uint_eq(first->go, 1);
    forget_findings();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        two_threads_meet,
        one_thread_does_not_play_two_roles,
        who_plays_nothing,
        other_instances,
        three_roles,
        one_class,
        held_deep,
        readers,
        readers_behind_a_writer,
        reads_again_behind_a_writer,
        a_partner_that_waits,
        partners_that_wait_otherwise,
        a_partner_in_a_wait_on_a_condition,
        a_deadlock_is_left_alone,
        join,
        a_role_that_holds_nothing,
    };

    return engine_run("steer", tests, LV_ARRAY_SIZE(tests));
}
