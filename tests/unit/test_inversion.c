/* SPDX-License-Identifier: MIT */
/* What contexts make unsafe over chains of locks: from a lock that is taken inside to one that is held open. */

#include "marks.h"

/* ---- new marks on classes that are ordered ---- */

START_TEST(inversion_by_the_handler)
{
    handle(SIGUSR1);
    blocked(1, "A M B");
    scenario_chain(s, 2, "B");
    inside(3, SIGUSR1, "A");
    expect("B>A A>M M>B", "SIGUSR1", LV_NEWS_INSIDE);
}
END_TEST

START_TEST(inversion_by_what_is_open)
{
    handle(SIGUSR1);
    blocked(1, "A M B");
    inside(3, SIGUSR1, "A");
    scenario_expect_clean(s);
    scenario_chain(s, 2, "B");
    expect("B>A A>M M>B", "SIGUSR1", LV_NEWS_OPEN);
}
END_TEST

START_TEST(inversion_by_unblocking)
{
    handle(SIGUSR1);
    blocked(1, "A B");
    inside(3, SIGUSR1, "A");
    block(2, ALL);
    write_lock(2, "B");
    unblock(2);
    ck_assert(expect("B>A A>B", "SIGUSR1", LV_NEWS_OPEN)->let_in);
    unlock(2, "B");
}
END_TEST

START_TEST(the_nearest_is_the_finding)
{
    handle(SIGUSR1);
    blocked(1, "A B");
    blocked(1, "B C");
    scenario_chain(s, 2, "C");
    scenario_chain(s, 2, "B");
    inside(3, SIGUSR1, "A");
    expect("B>A A>B", "SIGUSR1", LV_NEWS_INSIDE);
}
END_TEST

/* What comes before the handler's lock may be interrupted; and the same with another signal. */
START_TEST(no_inversion)
{
    handle(SIGUSR1);
    handle(SIGUSR2);
    inside(1, SIGUSR1, "A");
    blocked(1, "B A");
    scenario_chain(s, 1, "B");
    blocked(1, "A C");
    block(1, SIGUSR1);
    scenario_chain(s, 1, "C");
    unblock(1);
}
END_TEST

START_TEST(inversions_and_readers)
{
    handle(SIGUSR1);
    block(1, ALL);
    write_lock(1, "A");
    read_lock(1, "B");
    unlock(1, "B");
    unlock(1, "A");
    unblock(1);
    take(1, "B", LV_READ); /* A recursive reader of B passes it */
    take_inside(1, SIGUSR1, "A", LV_WRITE, 0);
    scenario_expect_clean(s);
    take(1, "B", LV_WRITE);
    expect("B>A A>B", "SIGUSR1", LV_NEWS_OPEN);
}
END_TEST

/* A recursive reader in the handler passes the readers of A, but not its writers. */
START_TEST(inversions_and_readers_in_the_handler)
{
    handle(SIGUSR1);
    block(1, ALL);
    scenario_lock(s, 1, "A", LV_READ, 0);
    scenario_chain(s, 1, "B");
    unlock(1, "A");
    unblock(1);
    scenario_chain(s, 1, "B");
    take_inside(1, SIGUSR1, "A", LV_READ_RECURSIVE, 0);
    scenario_expect_clean(s);
    blocked(1, "A B");
    ck_assert_uint_eq(expect("B>A A>B", "SIGUSR1", LV_NEWS_EDGE)->new_edge, 1);
}
END_TEST

START_TEST(timed_acquisitions_end_by_themselves)
{
    handle(SIGUSR1);
    block(1, ALL);
    write_lock(1, "A");
    scenario_lock(s, 1, "B", LV_WRITE, LV_TIMED);
    unlock(1, "B");
    unlock(1, "A");
    unblock(1);
    scenario_chain(s, 1, "B");
    inside(1, SIGUSR1, "A");
}
END_TEST

/* ---- new dependencies ---- */

START_TEST(safe_to_unsafe)
{
    handle(SIGUSR1);
    scenario_chain(s, 1, "B");
    inside(1, SIGUSR1, "A");
    scenario_expect_clean(s);
    blocked(2, "A B");
    ck_assert_uint_eq(expect("B>A A>B", "SIGUSR1", LV_NEWS_EDGE)->new_edge, 1);
}
END_TEST

START_TEST(in_the_middle_of_a_path)
{
    handle(SIGUSR1);
    scenario_chain(s, 1, "D");
    inside(1, SIGUSR1, "A");
    blocked(1, "A B");
    blocked(1, "C D");
    scenario_expect_clean(s);
    blocked(2, "B C");
    ck_assert_uint_eq(expect("D>A A>B B>C C>D", "SIGUSR1", LV_NEWS_EDGE)->new_edge, 2);
}
END_TEST

START_TEST(for_each_state_that_it_connects)
{
    handle(SIGUSR1);
    handle(SIGUSR2);
    scenario_chain(s, 1, "B");
    block(1, ALL);
    inside(1, SIGUSR1, "A");
    inside(1, SIGUSR2, "A");
    unblock(1);
    blocked(2, "A B");
    expect("B>A A>B", "SIGUSR1", LV_NEWS_EDGE);
    expect("B>A A>B", "SIGUSR2", LV_NEWS_EDGE);
}
END_TEST

/* The handler itself makes it. */
START_TEST(a_dependency_in_the_handler)
{
    handle(SIGUSR1);
    scenario_chain(s, 1, "B");
    enter(1, SIGUSR1);
    write_lock(1, "A");
    scenario_lock(s, 1, "B", LV_WRITE, LV_TIMED);
    unlock(1, "B");
    unlock(1, "A");
    leave(1, SIGUSR1);
    scenario_expect_clean(s);
    blocked(1, "A B");
    expect("B>A A>B", "SIGUSR1", LV_NEWS_EDGE);
}
END_TEST

START_TEST(dependencies_that_connect_nothing)
{
    handle(SIGUSR1);
    handle(SIGUSR2);
    scenario_chain(s, 1, "B");
    inside(1, SIGUSR1, "A");
    blocked(1, "B A");
    block(1, SIGUSR1);
    scenario_chain(s, 1, "C"); /* open to SIGUSR2 only */
    unblock(1);
    blocked(1, "A C");
    block(1, ALL);
    write_lock(1, "A");
    scenario_lock(s, 1, "B", LV_WRITE, LV_TRY);
    unlock(1, "B");
    unlock(1, "A");
    unblock(1);
}
END_TEST

/* Each of these would be the finding about A again. */
START_TEST(what_contradicts_itself_is_not_safe)
{
    handle(SIGUSR1);
    scenario_chain(s, 1, "A B");
    inside(1, SIGUSR1, "A");
    expect("A>A", "SIGUSR1", LV_NEWS_INSIDE);
    scenario_chain(s, 1, "A C");
    scenario_chain(s, 1, "C D");
}
END_TEST

/* Paths through a semaphore count from when it is one that is used as a lock. */
START_TEST(semaphores)
{
    handle(SIGUSR1);
    scenario_chain(s, 1, "B");
    inside(1, SIGUSR1, "A");
    block(1, ALL);
    block(2, ALL);
    scenario_sem_wait(s, 2, "S2", 0);
    scenario_chain(s, 2, "B");
    write_lock(1, "A");
    scenario_sem_wait(s, 1, "S1", 0);
    scenario_expect_clean(s);
    scenario_sem_post(s, 1, "S1");
    expect("B>A A>S1 S2>B", "SIGUSR1", LV_NEWS_EDGE);
    unlock(1, "A");
    scenario_sem_post(s, 2, "S2");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        inversion_by_the_handler,
        inversion_by_what_is_open,
        inversion_by_unblocking,
        the_nearest_is_the_finding,
        no_inversion,
        inversions_and_readers,
        inversions_and_readers_in_the_handler,
        timed_acquisitions_end_by_themselves,
        safe_to_unsafe,
        in_the_middle_of_a_path,
        for_each_state_that_it_connects,
        a_dependency_in_the_handler,
        dependencies_that_connect_nothing,
        what_contradicts_itself_is_not_safe,
        semaphores,
    };

    return engine_run("inversion", tests, LV_ARRAY_SIZE(tests));
}
