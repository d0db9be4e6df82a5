/* SPDX-License-Identifier: MIT */
/* What contexts make unsafe: each rule with what it reports and what it lets pass. */

#include "marks.h"

/* ---- one lock ---- */

START_TEST(open_then_inside)
{
    handle(SIGUSR1);
    scenario_chain(s, 1, "A");
    inside(2, SIGUSR1, "A");
    ck_assert_str_ne(expect("A>A", "SIGUSR1", LV_NEWS_INSIDE)->inside, "");
}
END_TEST

START_TEST(inside_then_open)
{
    handle(SIGUSR1);
    inside(1, SIGUSR1, "A");
    scenario_expect_clean(s);
    scenario_chain(s, 1, "A");
    expect("A>A", "SIGUSR1", LV_NEWS_OPEN);
}
END_TEST

START_TEST(blocked_around_it)
{
    handle(SIGUSR1);
    inside(1, SIGUSR1, "A");
    blocked(1, "A");
    inside(2, SIGUSR1, "A");
    blocked(2, "A");
}
END_TEST

START_TEST(another_signal_is_blocked)
{
    handle(SIGUSR1);
    inside(1, SIGUSR1, "A");
    block(1, SIGUSR2);
    scenario_chain(s, 1, "A");
    expect("A>A", "SIGUSR1", LV_NEWS_OPEN);
}
END_TEST

/* One finding a state, and no more of it, by whomever and in whichever mode. */
START_TEST(once_for_each_state)
{
    handle(SIGUSR1);
    handle(SIGUSR2);
    scenario_chain(s, 1, "A");
    inside(1, SIGUSR1, "A");
    expect("A>A", "SIGUSR1", LV_NEWS_INSIDE);
    take_inside(2, SIGUSR1, "A", LV_READ_RECURSIVE, 0);
    take(2, "A", LV_READ);
    scenario_chain(s, 3, "B A");
    scenario_expect_clean(s);
    inside(1, SIGUSR2, "A");
    expect("A>A", "SIGUSR2", LV_NEWS_INSIDE);
}
END_TEST

START_TEST(classes_not_instances)
{
    handle(SIGUSR1);
    scenario_chain(s, 1, "A1");
    inside(1, SIGUSR1, "A2");
    ck_assert_ptr_nonnull(strstr(expect("A1>A2", "SIGUSR1", LV_NEWS_INSIDE)->reasons, "different instances: 1 of 1"));
}
END_TEST

START_TEST(reasons_name_the_threads)
{
    handle(SIGUSR1);
    scenario_chain(s, 1, "A B");
    inside(1, SIGUSR1, "A");
    ck_assert_ptr_nonnull(strstr(expect("A>A", "SIGUSR1", LV_NEWS_INSIDE)->reasons, "one thread did both"));
    inside(2, SIGUSR1, "B");
    ck_assert_ptr_nonnull(strstr(expect("B>B", "SIGUSR1", LV_NEWS_INSIDE)->reasons, "one thread ran the context"));
}
END_TEST

START_TEST(unblocked_while_held)
{
    handle(SIGUSR1);
    inside(1, SIGUSR1, "A");
    block(1, ALL);
    write_lock(1, "A");
    unblock(1);
    ck_assert(expect("A>A", "SIGUSR1", LV_NEWS_OPEN)->let_in);
    unlock(1, "A");
    block(1, ALL);
    write_lock(1, "A");
    unblock(1); /* known */
    unlock(1, "A");
}
END_TEST

START_TEST(handled_while_held)
{
    inside(2, SIGUSR1, "A"); /* installed before anybody looked */
    write_lock(1, "A");
    scenario_expect_clean(s);
    handle(SIGUSR1);
    ck_assert(expect("A>A", "SIGUSR1", LV_NEWS_OPEN)->let_in);
    unlock(1, "A");
}
END_TEST

/* Another thread's lock is marked when that thread next takes one. */
START_TEST(handled_by_another_thread_while_held)
{
    inside(2, SIGUSR1, "A");
    write_lock(3, "A");
    handle(SIGUSR1);
    scenario_expect_clean(s);
    scenario_chain(s, 3, "B");
    ck_assert(expect("A>A", "SIGUSR1", LV_NEWS_OPEN)->let_in);
    unlock(3, "A");
}
END_TEST

START_TEST(not_handled_any_more)
{
    handle(SIGUSR1);
    inside(1, SIGUSR1, "A");
    lv_context_set_handled(&s->ctx, scenario_thread(s, 1), SIGUSR1, false, 0);
    scenario_chain(s, 1, "A");
    scenario_chain(s, 2, "A");
    scenario_expect_clean(s);
    handle(SIGUSR1);
    scenario_chain(s, 2, "A");
    expect("A>A", "SIGUSR1", LV_NEWS_OPEN);
}
END_TEST

/* The handler keeps what it took, and returns: then its signal is open. */
START_TEST(kept_by_the_handler)
{
    handle(SIGUSR1);
    enter(1, SIGUSR1);
    write_lock(1, "A");
    leave(1, SIGUSR1);
    ck_assert(expect("A>A", "SIGUSR1", LV_NEWS_OPEN)->let_in);
    unlock(1, "A");
}
END_TEST

/* SA_NODEFER: the handler can interrupt itself. */
START_TEST(a_handler_that_interrupts_itself)
{
    handle(SIGUSR1);
    lv_context_enter_signal(&s->ctx, scenario_thread(s, 1), SIGUSR1);
    scenario_chain(s, 1, "A");
    leave(1, SIGUSR1);
    expect("A>A", "SIGUSR1", LV_NEWS_OPEN);
}
END_TEST

/* A handler that another may interrupt; and one whose mask keeps the other out. */
START_TEST(handlers_that_nest)
{
    handle(SIGUSR1);
    handle(SIGUSR2);
    inside(1, SIGUSR1, "A");
    inside(1, SIGUSR2, "B");
    scenario_expect_clean(s);
    inside(1, SIGUSR2, "A");
    expect("A>A", "SIGUSR2", LV_NEWS_INSIDE); /* it can come in the handler of SIGUSR1, */
    expect("A>A", "SIGUSR1", LV_NEWS_OPEN);   /* and that one in this */
    block(1, ALL);
    inside(1, SIGUSR1, "B");
    unblock(1);
    /* B was open to SIGUSR1 in the handler of SIGUSR2; to SIGUSR2 it never was. */
    expect("B>B", "SIGUSR1", LV_NEWS_INSIDE);
}
END_TEST

/* Whoever waits in an inner handler keeps the outer one, too. */
START_TEST(an_inner_handler_is_inside_the_outer)
{
    handle(SIGUSR1);
    handle(SIGUSR2);
    block(1, SIGUSR2);
    scenario_chain(s, 1, "A"); /* open to SIGUSR1 alone */
    unblock(1);
    enter(1, SIGUSR1);
    inside(1, SIGUSR2, "A");
    leave(1, SIGUSR1);
    expect("A>A", "SIGUSR1", LV_NEWS_INSIDE);
}
END_TEST

START_TEST(synchronous_signals)
{
    handle(SIGSEGV);
    scenario_chain(s, 1, "A");
    inside(1, SIGSEGV, "A");
    scenario_chain(s, 1, "A");
}
END_TEST

START_TEST(trylocks)
{
    handle(SIGUSR1);
    scenario_chain(s, 1, "A");
    take_inside(1, SIGUSR1, "A", LV_WRITE, LV_TRY);
    take_inside(1, SIGUSR1, "A", LV_WRITE, LV_TIMED);
    scenario_expect_clean(s);
    /* Held they are all the same. */
    inside(1, SIGUSR1, "B");
    scenario_lock(s, 1, "B", LV_WRITE, LV_TRY);
    expect("B>B", "SIGUSR1", LV_NEWS_OPEN);
    unlock(1, "B");
    /* And what is taken under one in the handler waits. */
    enter(1, SIGUSR1);
    scenario_lock(s, 1, "C", LV_WRITE, LV_TRY);
    scenario_chain(s, 1, "A");
    expect("A>A", "SIGUSR1", LV_NEWS_INSIDE);
    unlock(1, "C");
    leave(1, SIGUSR1);
}
END_TEST

START_TEST(what_only_waits_is_not_held)
{
    struct lv_acquisition a;

    handle(SIGUSR1);
    inside(1, SIGUSR1, "A");
    a = scenario_begin(s, 1, "A", LV_WRITE, LV_SYNC);
    ck_assert_uint_ne(a.address, 0);
    scenario_expect_clean(s);
    scenario_chain(s, 1, "B");
    enter(1, SIGUSR1);
    (void)scenario_begin(s, 1, "B", LV_WRITE, LV_SYNC); /* but it waits */
    leave(1, SIGUSR1);
    expect("B>B", "SIGUSR1", LV_NEWS_INSIDE);
}
END_TEST

START_TEST(unchecked_locks)
{
    handle(SIGUSR1);
    scenario_lock(s, 1, "A", LV_WRITE, LV_UNCHECKED);
    unlock(1, "A");
    take_inside(1, SIGUSR1, "A", LV_WRITE, LV_UNCHECKED);
    scenario_chain(s, 1, "A");
    take_inside(1, SIGUSR1, "A", LV_WRITE, LV_UNCHECKED);
}
END_TEST

/* ---- readers ---- */

START_TEST(a_recursive_reader_passes_readers)
{
    handle(SIGUSR1);
    take(1, "A", LV_READ);
    take(1, "A", LV_READ_RECURSIVE);
    take_inside(1, SIGUSR1, "A", LV_READ_RECURSIVE, 0);
    scenario_expect_clean(s);
    take_inside(1, SIGUSR1, "A", LV_WRITE, 0);
    expect("A>A", "SIGUSR1", LV_NEWS_INSIDE);
}
END_TEST

/* A writer that comes between blocks it. */
START_TEST(a_reader_that_blocks_behind_writers)
{
    handle(SIGUSR1);
    take(1, "A", LV_READ);
    take_inside(1, SIGUSR1, "A", LV_READ, 0);
    expect("A>A", "SIGUSR1", LV_NEWS_INSIDE);
}
END_TEST

START_TEST(a_reader_in_the_handler_and_a_writer)
{
    handle(SIGUSR1);
    take_inside(1, SIGUSR1, "A", LV_READ_RECURSIVE, 0);
    take(1, "A", LV_READ);
    scenario_expect_clean(s);
    take(1, "A", LV_WRITE);
    expect("A>A", "SIGUSR1", LV_NEWS_OPEN);
}
END_TEST

START_TEST(a_semaphore_in_the_handler)
{
    handle(SIGUSR1);
    scenario_sem_wait(s, 1, "S", 0);
    enter(2, SIGUSR1);
    scenario_sem_wait(s, 2, "S", 0);
    scenario_expect_clean(s);
    scenario_sem_post(s, 2, "S");
    leave(2, SIGUSR1);
    expect("S>S", "SIGUSR1", LV_NEWS_INSIDE);
    scenario_sem_post(s, 1, "S");
}
END_TEST

/* ---- declared contexts ---- */

START_TEST(declared_contexts)
{
    int hard = lv_context_declare(&s->ctx, "timer", 0), soft = lv_context_declare(&s->ctx, "bottom", 1);
    struct lv_thread *t = scenario_thread(s, 1);

    lv_context_enter(&s->ctx, t, soft);
    scenario_chain(s, 1, "A");
    lv_context_exit(&s->ctx, t, soft);
    lv_context_disable(&s->ctx, t, hard);
    scenario_chain(s, 1, "A"); /* what is soft is kept out with what is hard */
    scenario_expect_clean(s);
    write_lock(1, "A");
    lv_context_enable(&s->ctx, t, hard);
    ck_assert(expect("A>A", "bottom", LV_NEWS_OPEN)->let_in);
    unlock(1, "A");
    lv_context_enter(&s->ctx, t, hard);
    scenario_chain(s, 1, "A");
    lv_context_exit(&s->ctx, t, hard);
    expect("A>A", "timer", LV_NEWS_INSIDE); /* it was open in the soft one */
}
END_TEST

START_TEST(two_hard_contexts)
{
    int first = lv_context_declare(&s->ctx, "first", 0), second = lv_context_declare(&s->ctx, "second", 0);
    struct lv_thread *t = scenario_thread(s, 1);

    lv_context_enter(&s->ctx, t, first);
    scenario_chain(s, 1, "A");
    lv_context_exit(&s->ctx, t, first);
    lv_context_enter(&s->ctx, t, second);
    scenario_chain(s, 1, "A"); /* the first may interrupt the second */
    lv_context_exit(&s->ctx, t, second);
    expect("A>A", "second", LV_NEWS_INSIDE);
    expect("A>A", "first", LV_NEWS_OPEN);
}
END_TEST

/* ---- the findings ---- */

START_TEST(fingerprints_tell_states_and_ends_apart)
{
    char first[20], second[20];

    handle(SIGUSR1);
    handle(SIGUSR2);
    scenario_chain(s, 1, "A B");
    block(1, ALL);
    inside(1, SIGUSR1, "A");
    (void)strcpy(first, expect("A>A", "SIGUSR1", LV_NEWS_INSIDE)->fingerprint);
    inside(1, SIGUSR2, "A");
    (void)strcpy(second, expect("A>A", "SIGUSR2", LV_NEWS_INSIDE)->fingerprint);
    ck_assert_str_ne(first, second);
    inside(1, SIGUSR1, "B");
    ck_assert_str_ne(first, expect("B>B", "SIGUSR1", LV_NEWS_INSIDE)->fingerprint);
}
END_TEST

START_TEST(classes_in_no_context_have_no_uses)
{
    scenario_chain(s, 1, "A B C");
    ck_assert_uint_eq(s->ctx.uses.all.count, 1);
    handle(SIGUSR1);
    scenario_chain(s, 1, "A B C");
    scenario_chain(s, 2, "A B C");
    ck_assert_uint_eq(s->ctx.uses.all.count, 4); /* one each, whoever takes them */
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        open_then_inside,
        inside_then_open,
        blocked_around_it,
        another_signal_is_blocked,
        once_for_each_state,
        classes_not_instances,
        reasons_name_the_threads,
        unblocked_while_held,
        handled_while_held,
        handled_by_another_thread_while_held,
        not_handled_any_more,
        kept_by_the_handler,
        a_handler_that_interrupts_itself,
        handlers_that_nest,
        an_inner_handler_is_inside_the_outer,
        synchronous_signals,
        trylocks,
        what_only_waits_is_not_held,
        unchecked_locks,
        a_recursive_reader_passes_readers,
        a_reader_that_blocks_behind_writers,
        a_reader_in_the_handler_and_a_writer,
        a_semaphore_in_the_handler,
        declared_contexts,
        two_hard_contexts,
        fingerprints_tell_states_and_ends_apart,
        classes_in_no_context_have_no_uses,
    };

    return engine_run("marks", tests, LV_ARRAY_SIZE(tests));
}
