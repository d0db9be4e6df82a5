/* SPDX-License-Identifier: MIT */
/* The lives of threads: what is noted of them, who waits for their ends, and when they are forgotten. */

#include "lives.h"

START_TEST(a_thread_that_joins_is_joined)
{
    lives(3, "L");
    born(2);
    join(2, 3);
    joined(2);
    ends(2);
    scenario_expect_clean(s);
    join_under(1, "L", 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>? ?>L");
}
END_TEST

START_TEST(a_thread_that_waits_in_a_join_is_joined)
{
    born(3);
    born(2);
    join(2, 3);
    write_lock(1, "L");
    join(1, 2);
    scenario_expect_clean(s);
    (void)scenario_begin(s, 3, "L", LV_WRITE, 0);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "?>? ?>L L>?");
}
END_TEST

START_TEST(threads_that_join_each_other)
{
    born(2);
    born(3);
    join(2, 3);
    join(3, 2);
    scenario_chain(s, 2, "L"); /* it runs a handler */
    ck_assert_uint_lt(s->ctx.classes.all.count, 64);
}
END_TEST

/* It is remembered with the life of the thread that is meant, also before it begins, and goes with that. */
START_TEST(a_cancelled_thread)
{
    const struct lv_blocked joining = { .wait = LV_WAITS_JOIN }, locking = { .wait = LV_WAITS_LOCK };
    struct lv_thread *first = scenario_thread(s, 1);
    struct lv_life *life = make_life(STARTS);

    born(3);
    lv_life_name(life, life->uid, handle_of(2));
    lv_life_cancel(&s->ctx, first, handle_of(2));
    lv_life_begin(&s->ctx, scenario_thread(s, 2), life, handle_of(2));
    ck_assert(lv_life_is_cancelled_in(&s->ctx, scenario_thread(s, 2), &joining));
    ck_assert(!lv_life_is_cancelled_in(&s->ctx, scenario_thread(s, 2), &locking));
    ck_assert(!lv_life_is_cancelled_in(&s->ctx, scenario_thread(s, 3), &joining));
    ck_assert(!lv_life_is_cancelled_in(&s->ctx, first, &joining));
    lv_life_cancel(&s->ctx, first, handle_of(1)); /* a thread without a life */
    ck_assert(lv_life_is_cancelled_in(&s->ctx, first, &joining));
    ck_assert(!lv_life_is_cancelled_in(&s->ctx, scenario_thread(s, 3), &joining));
    ends(2);
    join(1, 2);
    joined(1);
    ck_assert_ptr_eq(make_life(STARTS), life);
    ck_assert(!life->cancelled);
    ck_assert_uint_eq(first->guard, 0);
}
END_TEST

/* Its wait for a condition may end before it begins, so it closes no circle. */
START_TEST(a_cancelled_thread_in_a_circle)
{
    struct lv_blocked cond = { .wait = LV_WAITS_COND, .wanted = { .address = 0x7000 } },
                      lock = { .wait = LV_WAITS_LOCK };
    struct lv_thread *first = scenario_thread(s, 1), *second = scenario_thread(s, 2);
    struct lv_blocked outer;

    first->tid = 100001; /* the threads of a scenario are one task */
    second->tid = 100002;
    scenario_lock(s, 1, "A", LV_WRITE, LV_UNCHECKED);
    scenario_lock(s, 2, "M", LV_WRITE, LV_UNCHECKED);
    cond.with = lv_held_record_of(&second->held[0]);
    lock.wanted = lv_held_record_of(&first->held[0]);
    lv_blocked_begin(first, &cond, &outer);
    lv_blocked_begin(second, &lock, &outer);
    s->ctx.stranger_cancelled = true;
    lv_deadlock_look(&s->ctx, second, 0x1234, false);
    scenario_expect_clean(s);
    ck_assert(!lv_stall_by_books(&s->ctx, second));
    s->ctx.stranger_cancelled = false;
    lv_deadlock_look(&s->ctx, second, 0x1234, false);
    scenario_expect(s, LV_FINDING_DEADLOCK, LV_VERDICT_DEADLOCK);
}
END_TEST

START_TEST(a_thread_that_joins_itself)
{
    born(2);
    write_lock(2, "L");
    join(2, 2);
    gave_up(2);
    unlock(2, "L");
}
END_TEST

/* Who made the thread may know its handle first, and may join it before it begins. */
START_TEST(joined_before_it_begins)
{
    struct lv_life *life = make_life(STARTS);

    lv_life_name(life, life->uid, handle_of(2));
    write_lock(1, "L");
    join(1, 2);
    ck_assert_ptr_eq(joins[1].life, life);
    lv_life_begin(&s->ctx, scenario_thread(s, 2), life, handle_of(2));
    (void)scenario_begin(s, 2, "L", LV_WRITE, 0);
    scenario_expect(s, EVENT, POTENTIAL);
}
END_TEST

/* The call that made it is back after it ended and was joined by another. */
START_TEST(named_too_late)
{
    struct lv_life *life = make_life(STARTS);
    uint64_t uid = life->uid;

    lv_life_begin(&s->ctx, scenario_thread(s, 2), life, handle_of(2));
    ends(2);
    join(3, 2);
    joined(3);
    lv_life_name(life, uid, handle_of(2));
    ck_assert_ptr_null(lv_life_find(&s->ctx, handle_of(2)));
    ck_assert_ptr_eq(make_life(STARTS), life);
    lv_life_name(life, uid, handle_of(2));
    ck_assert_ptr_null(lv_life_find(&s->ctx, handle_of(2)));
}
END_TEST

START_TEST(the_handle_goes_to_another_thread)
{
    lives(2, "L"); /* is never joined */
    lv_life_begin(&s->ctx, scenario_thread(s, 3), make_life(STARTS), handle_of(2));
    join_under(1, "L", 2);
    ck_assert_uint_eq(s->ctx.lives.count, 3);
}
END_TEST

/* The join is back from the real call, but not from ours, when the next thread gets the handle. */
START_TEST(the_handle_goes_to_another_thread_during_the_join)
{
    struct lv_life *next = make_life(STARTS);

    born(2);
    write_lock(1, "L");
    join(1, 2);
    ends(2);
    lv_life_begin(&s->ctx, scenario_thread(s, 3), next, handle_of(2));
    joined(1);
    ck_assert_ptr_eq(lv_life_find(&s->ctx, handle_of(2)), next);
    scenario_chain(s, 3, "L");
    unlock(1, "L");
}
END_TEST

START_TEST(detached)
{
    struct lv_life *life;

    born(2);
    lv_life_detach(&s->ctx, scenario_thread(s, 1), handle_of(2));
    ck_assert_ptr_nonnull(lv_life_find(&s->ctx, handle_of(2)));
    ends(2);
    ck_assert_ptr_null(lv_life_find(&s->ctx, handle_of(2)));
    lives(3, "L");
    lv_life_detach(&s->ctx, scenario_thread(s, 1), handle_of(3));
    ck_assert_ptr_null(lv_life_find(&s->ctx, handle_of(3)));
    life = make_life(STARTS);
    lv_life_name(life, life->uid, handle_of(4));
    lv_life_detach(&s->ctx, scenario_thread(s, 1), handle_of(4));
    lv_life_begin(&s->ctx, scenario_thread(s, 4), life, handle_of(4));
    ends(4);
    ck_assert_ptr_null(lv_life_find(&s->ctx, handle_of(4)));
    lv_life_detach(&s->ctx, scenario_thread(s, 1), handle_of(5)); /* of which nothing is known */
}
END_TEST

/* What is taken in a context that interrupted the thread does not keep it from ending. */
START_TEST(what_a_context_takes)
{
    int context = lv_context_declare(&s->ctx, "interrupt", 0);

    born(2);
    lv_context_enter(&s->ctx, scenario_thread(s, 2), context);
    scenario_chain(s, 2, "L");
    lv_context_exit(&s->ctx, scenario_thread(s, 2), context);
    lv_context_disable(&s->ctx, scenario_thread(s, 1), context);
    join_under(1, "L", 2);
}
END_TEST

/* Nothing is said of semaphores, on either side. */
START_TEST(semaphores)
{
    scenario_sem_wait(s, 3, "S", 0);
    scenario_sem_post(s, 3, "S"); /* it is a lock */
    born(2);
    scenario_sem_wait(s, 2, "S", 0);
    scenario_sem_post(s, 2, "S");
    ends(2);
    scenario_sem_wait(s, 1, "S", 0);
    join(1, 2);
    joined(1);
    scenario_sem_post(s, 1, "S");
}
END_TEST

/* Who waited for a signal with the lock was told that the thread has done its work. */
START_TEST(a_lock_that_was_waited_with)
{
    struct lv_acquisition a;

    lives(2, "L");
    lives(3, "L");
    s->site = 0x590000000000;
    a = scenario_begin(s, 1, "L", LV_WRITE, 0);
    lv_acquired(&s->ctx, scenario_thread(s, 1), &a);
    lv_thread_note_wait(scenario_thread(s, 1), a.stack);
    join(1, 2);
    joined(1);
    unlock(1, "L");
    s->site = 0;
    join_under(1, "L", 3); /* taken anew, elsewhere */
    scenario_expect(s, EVENT, POTENTIAL);
}
END_TEST

/* An event that the thread waits for is one more thing that its end waits for. */
START_TEST(an_event_waited_for)
{
    lv_event_state state = 0;

    born(2);
    write_lock(1, "L");
    join(1, 2);
    scenario_wait(s, 2, "E", &state);
    scenario_chain(s, 3, "L");
    scenario_complete(s, 3, "E", &state);
    scenario_expect(s, EVENT, POTENTIAL);
}
END_TEST

/* A thread that takes more classes than fit into the first chunks. */
START_TEST(a_long_life)
{
    char name[8];

    born(2);
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "%c%c", 'A' + i / 26, 'A' + i % 26);
        scenario_chain(s, 2, name);
    }
    scenario_chain(s, 2, "L");
    ck_assert_uint_eq(scenario_thread(s, 2)->life->count, 101);
    scenario_chain(s, 2, "L");
    ck_assert_uint_eq(scenario_thread(s, 2)->life->count, 101);
    join_under(1, "L", 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>L");
}
END_TEST

/* The thread is named by what is known of it, although its state went to others. */
START_TEST(the_thread_is_gone)
{
    lv_thread_id before;

    lives(2, "M");
    before = scenario_thread(s, 4)->info;
    scenario_chain(s, 3, "M L");
    join_under(1, "L", 2);
    scenario_expect_cycle(s, EVENT, POTENTIAL, "L>? ?>M M>L");
    ck_assert_uint_ne(before.v, 0);
    ck_assert_uint_ge(s->ctx.thread_infos.count, 4);
}
END_TEST

START_TEST(lives_are_recycled)
{
    uint32_t infos = 0, classes = 0, chunks = 0;

    for (unsigned i = 0; i < 1000; i++) {
        lives(2, "M N");
        join_under(1, "L", 2);
        if (i == LV_CHAIN_FINISHED) {
            infos = s->ctx.thread_infos.count;
            classes = s->ctx.classes.all.count;
            chunks = s->ctx.life_chunks;
        }
    }
    ck_assert_uint_eq(s->ctx.thread_infos.count, infos);
    ck_assert_uint_eq(s->ctx.classes.all.count, classes);
    ck_assert_uint_eq(s->ctx.life_chunks, chunks);
    ck_assert_uint_eq(s->ctx.lives.count, 2);
}
END_TEST

START_TEST(a_forked_child_has_no_lives)
{
    lives(2, "L");
    born(3);
    born(4);
    lv_thread_after_fork(&s->ctx, scenario_thread(s, 3));
    ck_assert_ptr_null(scenario_thread(s, 3)->life);
    join_under(3, "L", 2);
    join_under(3, "L", 4);
    memset(s->threads, 0, sizeof(s->threads));
    lives(2, "L");
    ck_assert_uint_eq(s->ctx.lives.count, 4);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_thread_that_joins_is_joined,
        a_thread_that_waits_in_a_join_is_joined,
        threads_that_join_each_other,
        a_cancelled_thread,
        a_cancelled_thread_in_a_circle,
        a_thread_that_joins_itself,
        joined_before_it_begins,
        named_too_late,
        the_handle_goes_to_another_thread,
        the_handle_goes_to_another_thread_during_the_join,
        detached,
        what_a_context_takes,
        semaphores,
        a_lock_that_was_waited_with,
        an_event_waited_for,
        a_long_life,
        the_thread_is_gone,
        lives_are_recycled,
        a_forked_child_has_no_lives,
    };

    return engine_run("life", tests, LV_ARRAY_SIZE(tests));
}
