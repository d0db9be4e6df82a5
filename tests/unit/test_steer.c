/* SPDX-License-Identifier: MIT */
/* Steering: who plays which role, who fits whom, and when everybody may go. One system thread plays all threads, so nobody
 * is really held; a thread that is held does nothing more. */

#include "engine.h"

#include <stdio.h>

#include "engine/life.h"
#include "engine/resolve.h"
#include "engine/steer.h"

static int64_t now;
static char text[4096];

/* The key of the class of the lock @name. */
static const char *key_of(const char *name)
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

static void begin_plan(const char *settings)
{
    (void)snprintf(text, sizeof(text), "lockval-plan 1\n%s", settings);
}

/* A role that holds a lock of the class of @held, if that is not null, and wants one of that of @wanted. */
static void add_role(const char *held, const char *wanted, const char *more)
{
    size_t len = strlen(text);

    (void)snprintf(text + len, sizeof(text) - len, "role\n%s%s%swanted %s\n%s", held != NULL ? "held " : "",
                   held != NULL ? key_of(held) : "", held != NULL ? "\n" : "", key_of(wanted), more);
}

static void take_plan(void)
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
static void plan_abba(const char *settings)
{
    begin_plan(settings);
    add_role("A", "B", "");
    add_role("B", "A", "");
    take_plan();
}

/* Thread @thread is about to take the lock @name. Where it is held, or null. */
static struct lv_steer_player *reach_as(unsigned thread, const char *name, enum lv_mode mode, unsigned flags)
{
    struct lv_acquisition a = scenario_begin(s, thread, name, mode, flags);
    struct lv_thread *t = scenario_thread(s, thread);
    struct lv_steer_player *player;

    t->guard++;
    player = lv_steer_reach(&s->ctx, t, &a, now);
    t->guard--;
    return player;
}

static struct lv_steer_player *reach(unsigned thread, const char *name)
{
    return reach_as(thread, name, LV_WRITE, 0);
}

/* The held one's time is over. */
static void leave(struct lv_steer_player *player)
{
    lv_steer_leave(&s->ctx, player, player->number, now);
}

static const struct lv_steer_count *count(uint32_t role)
{
    return &s->ctx.steer->counts[role];
}

/* Findings are no concern of these tests. */
static void forget_findings(void)
{
    s->report_read = s->report_count;
    s->upgrade_read = s->upgrade_count;
}

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
        two_threads_meet,
        one_thread_does_not_play_two_roles,
        who_plays_nothing,
        other_instances,
        three_roles,
        one_class,
        held_deep,
        readers,
        who_does_not_wait_is_not_held,
        tries,
        time_is_up,
        places,
        alone,
        odds,
        early,
        early_ends_by_time,
        a_role_that_holds_nothing,
        gates,
        classes_of_the_plan_are_not_remembered,
        forked,
    };

    return engine_run("steer", tests, LV_ARRAY_SIZE(tests));
}
