/* SPDX-License-Identifier: MIT */
/* Semaphores made with the value 1: what makes a class of them one of locks or of events, and what is judged then. */

#include "engine.h"

#include "engine/acquire.h"

static void sem_wait_(unsigned thread, const char *name)
{
    scenario_sem_wait(s, thread, name, 0);
}

static void sem_post_(unsigned thread, const char *name)
{
    scenario_sem_post(s, thread, name);
}

/* The standing of the class of the semaphore @name. */
static enum lv_class_standing standing(const char *name)
{
    uint64_t word = lv_identity_peek(&s->ctx, scenario_object(s, name, LV_KIND_SEM));

    ck_assert_uint_ne(word, 0);
    return lv_class_standing(&s->ctx.classes, lv_identity_class(word));
}

static uint32_t depth(unsigned thread)
{
    return scenario_thread(s, thread)->depth;
}

/* @thread takes the mutex @mutex while it has the semaphore @sem, and posts that. */
static void sem_then_mutex(unsigned thread, const char *sem, const char *mutex)
{
    sem_wait_(thread, sem);
    write_lock(thread, mutex);
    unlock(thread, mutex);
    sem_post_(thread, sem);
}

static void mutex_then_sem(unsigned thread, const char *mutex, const char *sem)
{
    write_lock(thread, mutex);
    sem_wait_(thread, sem);
    sem_post_(thread, sem);
    unlock(thread, mutex);
}

START_TEST(begins_as_candidate)
{
    sem_wait_(1, "S");
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_CANDIDATE);
    ck_assert_uint_eq(depth(1), 1);
    sem_post_(1, "S");
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_LOCK);
    ck_assert_uint_eq(depth(1), 0);
    write_lock(1, "M");
    ck_assert_int_eq(lv_class_standing(&s->ctx.classes, scenario_thread(s, 1)->held[0].base), LV_CLASS_IS_LOCK);
    unlock(1, "M");
}
END_TEST

START_TEST(abba_with_mutex)
{
    sem_then_mutex(1, "S", "M");
    scenario_expect_clean(s);
    mutex_then_sem(2, "M", "S");
    ck_assert_ptr_nonnull(
        strstr(scenario_expect_cycle(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE, "M>S S>M")->reasons,
               "a semaphore counts as a lock"));
}
END_TEST

START_TEST(abba_of_two)
{
    sem_wait_(1, "S");
    sem_wait_(1, "T");
    sem_post_(1, "T");
    sem_post_(1, "S");
    scenario_expect_clean(s);
    sem_wait_(2, "T");
    sem_wait_(2, "S");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE, "T>S S>T");
    sem_post_(2, "S");
    sem_post_(2, "T");
}
END_TEST

/* Both edges exist before anybody posted: the finding is made by the post, about what was done before. */
START_TEST(promotion_judges_what_was_kept)
{
    sem_wait_(1, "S");
    write_lock(1, "M");
    unlock(1, "M");
    write_lock(2, "M");
    (void)scenario_sem_begin(s, 2, "S", 0);
    unlock(2, "M");
    scenario_expect_clean(s);
    sem_post_(1, "S");
    scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE);
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_LOCK);
}
END_TEST

/* Every edge at the class is judged, as it would have been one by one: two cycles through it are two findings. */
START_TEST(promotion_finds_each_cycle)
{
    write_lock(1, "M");
    (void)scenario_sem_begin(s, 1, "S", 0);
    unlock(1, "M");
    write_lock(1, "N");
    (void)scenario_sem_begin(s, 1, "S", 0);
    unlock(1, "N");
    scenario_chain(s, 1, "L M");
    scenario_chain(s, 1, "L N");
    sem_wait_(2, "S");
    write_lock(2, "L");
    unlock(2, "L");
    scenario_expect_clean(s);
    sem_post_(2, "S");
    ck_assert_uint_eq(scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_POTENTIAL)->edge_count, 3);
    ck_assert_uint_eq(scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_POTENTIAL)->edge_count, 3);
}
END_TEST

/* Of a cycle with and without a time, the one without is shown. */
START_TEST(promotion_prefers_untimed)
{
    sem_wait_(1, "S");
    write_lock(1, "M");
    unlock(1, "M");
    write_lock(2, "M");
    (void)scenario_sem_begin(s, 2, "S", LV_TIMED);
    unlock(2, "M");
    write_lock(3, "M");
    (void)scenario_sem_begin(s, 3, "S", 0);
    unlock(3, "M");
    sem_post_(1, "S");
    scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE);
}
END_TEST

START_TEST(promotion_with_timed_only)
{
    sem_wait_(1, "S");
    write_lock(1, "M");
    unlock(1, "M");
    write_lock(2, "M");
    (void)scenario_sem_begin(s, 2, "S", LV_TIMED);
    unlock(2, "M");
    sem_post_(1, "S");
    scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_GUARDED);
}
END_TEST

START_TEST(promotion_with_both_timed)
{
    scenario_sem_wait(s, 1, "S", LV_TIMED);
    scenario_lock(s, 1, "M", LV_WRITE, LV_TIMED);
    unlock(1, "M");
    write_lock(2, "M");
    (void)scenario_sem_begin(s, 2, "S", LV_TIMED);
    unlock(2, "M");
    sem_post_(1, "S");
    scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_GUARDED);
}
END_TEST

/* Readers on both sides of the circle do not hang, a recursive reader against a writer does. */
START_TEST(promotion_with_readers)
{
    sem_wait_(1, "S");
    scenario_lock(s, 1, "R", LV_READ_RECURSIVE, 0);
    unlock(1, "R");
    read_lock(2, "R");
    (void)scenario_sem_begin(s, 2, "S", 0);
    unlock(2, "R");
    sem_post_(1, "S");
    scenario_expect_clean(s);
    sem_wait_(1, "T");
    scenario_lock(s, 1, "R", LV_READ_RECURSIVE, 0);
    unlock(1, "R");
    write_lock(2, "R");
    (void)scenario_sem_begin(s, 2, "T", 0);
    unlock(2, "R");
    sem_post_(1, "T");
    scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE);
}
END_TEST

START_TEST(other_thread_posts)
{
    sem_wait_(1, "S");
    write_lock(1, "M");
    unlock(1, "M");
    write_lock(2, "M");
    (void)scenario_sem_begin(s, 2, "S", 0);
    unlock(2, "M");
    sem_post_(3, "S");
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_EVENT);
    /* For good, and its semaphores are not followed. */
    sem_then_mutex(1, "S", "M");
    mutex_then_sem(1, "M", "S");
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_EVENT);
    ck_assert_uint_eq(scenario_sem_begin(s, 1, "S", 0).address, 0);
}
END_TEST

/* A lock that another thread posts is none any more: its edges do not count, also together with other classes'. */
START_TEST(demotion_silences)
{
    sem_then_mutex(1, "S", "M");
    scenario_chain(s, 1, "M N");
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_LOCK);
    sem_post_(2, "S");
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_EVENT);
    mutex_then_sem(2, "M", "S");
    mutex_then_sem(2, "N", "S");
    scenario_expect_clean(s);
    scenario_chain(s, 2, "N M");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE, "N>M M>N");
}
END_TEST

/* No path leads through it any more, whoever closes the circle. */
START_TEST(demotion_cuts_paths)
{
    mutex_then_sem(1, "M", "S");
    sem_then_mutex(1, "S", "N");
    sem_post_(2, "S");
    scenario_chain(s, 2, "N M");
}
END_TEST

/* The orders of other locks around an event are learned in full: nothing is left to a path through it. */
START_TEST(event_hides_no_order)
{
    write_lock(1, "A");
    sem_wait_(1, "S");
    write_lock(1, "B");
    unlock(1, "B");
    unlock(1, "A");
    sem_post_(2, "S");
    scenario_chain(s, 2, "B A");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE, "B>A A>B");
}
END_TEST

/* So also around what is still taken for a lock, and becomes an event later. */
START_TEST(lock_hides_no_order)
{
    sem_wait_(1, "S");
    sem_post_(1, "S");
    write_lock(1, "A");
    sem_wait_(1, "S");
    write_lock(1, "B");
    unlock(1, "B");
    sem_post_(1, "S");
    unlock(1, "A");
    sem_post_(2, "S");
    scenario_chain(s, 2, "B A");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE, "B>A A>B");
}
END_TEST

/* Who still has it in the books drops it when something new is learned, or when it posts. */
START_TEST(event_leaves_the_books)
{
    sem_wait_(1, "S");
    sem_wait_(4, "S");
    sem_post_(2, "S");
    ck_assert_uint_eq(depth(1), 1);
    write_lock(1, "M");
    ck_assert_uint_eq(depth(1), 1);
    ck_assert_uint_eq(scenario_thread(s, 1)->held[0].kind, LV_KIND_MUTEX);
    unlock(1, "M");
    ck_assert_uint_eq(depth(4), 1);
    sem_post_(4, "S");
    ck_assert_uint_eq(depth(4), 0);
}
END_TEST

/* Somebody posted where it was not seen: the thread that had it got it again. */
START_TEST(got_again)
{
    sem_wait_(1, "S");
    sem_wait_(1, "S");
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_EVENT);
    ck_assert_uint_eq(depth(1), 0);
}
END_TEST

/* To want it again is no mistake, and nothing is known as long as it is not got. */
START_TEST(wanted_again)
{
    sem_wait_(1, "S");
    (void)scenario_sem_begin(s, 1, "S", 0);
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_CANDIDATE);
    sem_post_(1, "S");
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_LOCK);
    sem_wait_(1, "S");
    (void)scenario_sem_begin(s, 1, "S", 0);
    (void)scenario_sem_begin(s, 1, "S", LV_TIMED);
    sem_post_(1, "S");
}
END_TEST

START_TEST(post_in_another_context)
{
    int context = lv_context_declare(&s->ctx, "signal", 0);

    sem_wait_(1, "S");
    lv_context_enter(&s->ctx, scenario_thread(s, 1), context);
    sem_post_(1, "S");
    /* The books of what it interrupted are not touched there, nor when something is learned. */
    ck_assert_uint_eq(depth(1), 1);
    write_lock(1, "H");
    unlock(1, "H");
    ck_assert_uint_eq(depth(1), 1);
    lv_context_exit(&s->ctx, scenario_thread(s, 1), context);
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_EVENT);
    sem_post_(1, "S");
    ck_assert_uint_eq(depth(1), 0);
}
END_TEST

/* One event among the instances of a class makes events of all of them. */
START_TEST(instances_share_their_standing)
{
    sem_then_mutex(1, "S1", "M");
    ck_assert_int_eq(standing("S2"), LV_CLASS_IS_LOCK);
    sem_wait_(1, "S2");
    sem_post_(2, "S2");
    ck_assert_int_eq(standing("S1"), LV_CLASS_IS_EVENT);
    mutex_then_sem(1, "M", "S1");
}
END_TEST

START_TEST(trywait_has_no_edge_to_it)
{
    sem_then_mutex(1, "S", "M");
    write_lock(1, "M");
    scenario_sem_wait(s, 1, "S", LV_TRY);
    sem_post_(1, "S");
    unlock(1, "M");
    scenario_expect_clean(s);
    scenario_sem_wait(s, 1, "T", LV_TRY);
    write_lock(1, "M");
    unlock(1, "M");
    sem_post_(1, "T");
    mutex_then_sem(1, "M", "T");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, LV_VERDICT_POTENTIAL, "M>T T>M");
}
END_TEST

/* The order within a class is kept while nothing is known, and judged by the post of a third. */
START_TEST(order_of_instances)
{
    sem_wait_(1, "S1");
    sem_wait_(2, "S2");
    (void)scenario_sem_begin(s, 1, "S2", 0);
    (void)scenario_sem_begin(s, 2, "S1", 0);
    scenario_expect_clean(s);
    sem_wait_(3, "S3");
    sem_post_(3, "S3");
    scenario_expect(s, LV_FINDING_RECURSIVE, LV_VERDICT_FEASIBLE);
}
END_TEST

START_TEST(order_of_instances_of_locks)
{
    sem_wait_(1, "S1");
    sem_wait_(1, "S2");
    sem_post_(1, "S2");
    sem_post_(1, "S1");
    sem_wait_(1, "S1");
    sem_wait_(1, "S2");
    sem_post_(1, "S2");
    sem_post_(1, "S1");
    scenario_expect_clean(s);
    sem_wait_(1, "S2");
    sem_wait_(1, "S1");
    scenario_expect_cycle(s, LV_FINDING_RECURSIVE, LV_VERDICT_POTENTIAL, "S2>S1 S1>S2");
    sem_post_(1, "S1");
    sem_post_(1, "S2");
}
END_TEST

/* With a key of its own, nesting in one class needs a rule; that is said when the class is one of locks, and once. */
START_TEST(explicit_class_nested)
{
    scenario_class(s, "S", SCENARIO_EXPLICIT);
    sem_wait_(1, "S1");
    sem_wait_(1, "S2");
    scenario_expect_clean(s);
    sem_post_(1, "S2");
    scenario_expect_cycle(s, LV_FINDING_RECURSIVE, LV_VERDICT_POTENTIAL, "S1>S2");
    sem_post_(1, "S1");
    sem_wait_(1, "S1");
    sem_wait_(1, "S2");
    sem_post_(1, "S2");
    sem_post_(1, "S1");
}
END_TEST

/* A subclass has the standing of its class. */
START_TEST(subclasses)
{
    lv_acquire_next(scenario_thread(s, 1), scenario_object(s, "S", LV_KIND_SEM)->address, 1, 0);
    sem_wait_(1, "S");
    write_lock(1, "M");
    unlock(1, "M");
    write_lock(2, "M");
    lv_acquire_next(scenario_thread(s, 2), scenario_object(s, "S", LV_KIND_SEM)->address, 1, 0);
    (void)scenario_sem_begin(s, 2, "S", 0);
    unlock(2, "M");
    scenario_expect_clean(s);
    sem_post_(1, "S");
    scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE);
}
END_TEST

START_TEST(value_not_one)
{
    const struct lv_object *object = scenario_object(s, "S", LV_KIND_SEM);

    lv_sem_init(&s->ctx, scenario_thread(s, 1), object, false, 0x1000);
    ck_assert_uint_eq(lv_sem_find(&s->ctx, scenario_thread(s, 1), object), 0);
    sem_then_mutex(1, "S", "M");
    mutex_then_sem(1, "M", "S");
    ck_assert_uint_eq(depth(1), 0);
}
END_TEST

/* Made anew or gone while a thread has it: no finding, and the thread has it no longer. */
START_TEST(lives_and_deaths)
{
    const struct lv_object *object = scenario_object(s, "S", LV_KIND_SEM);
    struct lv_thread *t = scenario_thread(s, 1);

    sem_wait_(1, "S");
    lv_sem_init(&s->ctx, t, object, true, 0x530000000000);
    ck_assert_uint_eq(depth(1), 0);
    sem_wait_(1, "S");
    lv_sem_forget(&s->ctx, t, object);
    ck_assert_uint_eq(depth(1), 0);
    ck_assert_uint_eq(lv_sem_find(&s->ctx, t, object), 0);
    lv_sem_open(&s->ctx, t, object, 0x530000000000);
    ck_assert_uint_ne(lv_sem_find(&s->ctx, t, object), 0);
}
END_TEST

START_TEST(open_keeps_what_is_known)
{
    const struct lv_object *object = scenario_object(s, "S", LV_KIND_SEM);
    uint64_t word = lv_sem_find(&s->ctx, scenario_thread(s, 1), object);

    ck_assert_uint_ne(word, 0);
    lv_sem_open(&s->ctx, scenario_thread(s, 1), object, 0x530000001000);
    ck_assert_uint_eq(lv_sem_find(&s->ctx, scenario_thread(s, 1), object), word);
}
END_TEST

/* What was another kind of lock at this place, in a table, says nothing of the semaphore. */
START_TEST(other_kind_at_its_place)
{
    struct lv_object object = *scenario_object(s, "M", LV_KIND_MUTEX);

    object.kind = LV_KIND_SEM;
    object.word = NULL; /* a semaphore has its words in another place */
    ck_assert_uint_eq(lv_sem_find(&s->ctx, scenario_thread(s, 1), &object), 0);
    lv_sem_post(&s->ctx, scenario_thread(s, 1), &object, 0x1000);
    scenario_chain(s, 1, "M N");
    scenario_chain(s, 1, "N M");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, LV_VERDICT_POTENTIAL, "N>M M>N");
}
END_TEST

/* What a forked child finds in its books is the parent's to post, or its own: neither edges nor conclusions. */
START_TEST(after_fork)
{
    sem_then_mutex(1, "S", "M");
    mutex_then_sem(1, "N", "S");
    sem_wait_(1, "S");
    lv_thread_after_fork(&s->ctx, scenario_thread(s, 1));
    scenario_chain(s, 1, "N");
    scenario_expect_clean(s);
    sem_wait_(1, "S");
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_LOCK);
    ck_assert_uint_eq(depth(1), 1);
    sem_post_(1, "S");
    ck_assert_uint_eq(depth(1), 0);
}
END_TEST

START_TEST(candidate_after_fork)
{
    sem_wait_(1, "S");
    lv_thread_after_fork(&s->ctx, scenario_thread(s, 1));
    sem_post_(1, "S");
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_CANDIDATE);
    ck_assert_uint_eq(depth(1), 0);
}
END_TEST

/* Through an event of an annotated program: the edge from the completion to the semaphore is kept like others. */
START_TEST(with_an_annotated_event)
{
    lv_event_state state = 0;

    write_lock(1, "M");
    scenario_wait(s, 1, "E", &state);
    unlock(1, "M");
    sem_wait_(2, "S");
    sem_wait_(3, "T");
    write_lock(3, "M");
    unlock(3, "M");
    scenario_complete(s, 2, "E", &state);
    write_lock(1, "N");
    unlock(1, "N");
    sem_wait_(1, "S");
    write_lock(1, "M");
    unlock(1, "M");
    scenario_expect_clean(s);
    sem_post_(1, "S");
    scenario_expect(s, LV_FINDING_EVENT, LV_VERDICT_POTENTIAL);
    ck_assert_int_eq(standing("T"), LV_CLASS_IS_CANDIDATE);
    sem_post_(3, "T");
    sem_post_(2, "S");
    ck_assert_int_eq(standing("S"), LV_CLASS_IS_LOCK);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        begins_as_candidate,
        abba_with_mutex,
        abba_of_two,
        promotion_judges_what_was_kept,
        promotion_finds_each_cycle,
        promotion_prefers_untimed,
        promotion_with_timed_only,
        promotion_with_both_timed,
        promotion_with_readers,
        other_thread_posts,
        demotion_silences,
        demotion_cuts_paths,
        event_hides_no_order,
        lock_hides_no_order,
        event_leaves_the_books,
        got_again,
        wanted_again,
        post_in_another_context,
        instances_share_their_standing,
        trywait_has_no_edge_to_it,
        order_of_instances,
        order_of_instances_of_locks,
        explicit_class_nested,
        subclasses,
        value_not_one,
        lives_and_deaths,
        open_keeps_what_is_known,
        other_kind_at_its_place,
        after_fork,
        candidate_after_fork,
        with_an_annotated_event,
    };

    return engine_run("sem", tests, LV_ARRAY_SIZE(tests));
}
