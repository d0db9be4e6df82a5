/* SPDX-License-Identifier: MIT */
/*
 * Who blocks whom, and when that is a deadlock. Threads say what they wait for as the hooks do; which of them sleep in the
 * kernel, and on what, the tests say.
 */

#include "engine.h"
#include "engine/circle.h"
#include "engine/fast.h"
#include "engine/stall.h"

#define DEADLOCK LV_FINDING_DEADLOCK

enum {
    THREADS = 8
};

/* What the kernel says of thread number i of the scenario: 0 for one that runs. */
static struct lv_task_sleep sleeps[THREADS];
static uint32_t asked;
static bool kernel_is_there;

/* Threads of a scenario are one task; so each has a number of its own here. */
static int tid_of(unsigned thread)
{
    return 1000 + (int)thread;
}

static int look_at(int tid, struct lv_task_sleep *ret)
{
    asked++;
    if (!kernel_is_there || tid < 1000 || tid >= 1000 + THREADS)
        return -1;
    *ret = sleeps[tid - 1000];
    return 0;
}

static void begin(unsigned threads)
{
    kernel_is_there = true;
    asked = 0;
    memset(sleeps, 0, sizeof(sleeps));
    s->ctx.task = look_at;
    for (unsigned i = 0; i < threads; i++)
        scenario_thread(s, i)->tid = tid_of(i);
}

static struct lv_held_record wanted_of(const char *name, enum lv_mode mode, enum lv_kind kind)
{
    const struct lv_object *object = scenario_object(s, name, LV_KIND_MUTEX);
    uint64_t word = lv_identity_peek(&s->ctx, object);

    return (struct lv_held_record){ .address = object->address,
                                    .uid = lv_identity_uid(word),
                                    .class = lv_identity_class(word),
                                    .mode = (uint8_t)mode,
                                    .kind = kind & 15u };
}

/* The thread waits for the lock; with @asleep the kernel says so. */
static void waits_as(unsigned thread, const char *name, enum lv_mode mode, enum lv_kind kind, bool timed, bool asleep)
{
    const struct lv_held_record wanted = wanted_of(name, mode, kind);
    const struct lv_blocked what = { .wait = LV_WAITS_LOCK, .timed = timed, .wanted = wanted };
    struct lv_blocked outer;

    lv_blocked_begin(scenario_thread(s, thread), &what, &outer);
    sleeps[thread] = (struct lv_task_sleep){ .sleeps = asleep, .futex = asleep, .address = wanted.address };
}

static void waits(unsigned thread, const char *name, enum lv_mode mode)
{
    waits_as(thread, name, mode, LV_KIND_MUTEX, false, true);
}

static void waits_no_more(unsigned thread)
{
    const struct lv_blocked none = { .wait = LV_WAITS_NOT };

    lv_blocked_end(scenario_thread(s, thread), &none);
    sleeps[thread].sleeps = sleeps[thread].futex = false;
}

static enum lv_deadlock_end look(unsigned thread)
{
    return lv_deadlock_look(&s->ctx, scenario_thread(s, thread), 0x1234, true);
}

static uint32_t circle_of(unsigned thread)
{
    const struct lv_look how = { .ctx = &s->ctx };
    struct lv_circle circle;

    return lv_circle_find(&how, scenario_thread(s, thread), &circle) ? circle.count : 0;
}

/* What the rules of order say of these locks is another test's affair. */
static void hold(unsigned thread, const char *name, enum lv_mode mode)
{
    scenario_lock(s, thread, name, mode, LV_UNCHECKED);
}

/* ---- circles ------------------------------------------------------------------------------------------------------- */

START_TEST(two_threads)
{
    begin(3);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    waits(1, "B", LV_WRITE);
    ck_assert_uint_eq(circle_of(1), 0);
    waits(2, "A", LV_WRITE);
    ck_assert_uint_eq(circle_of(1), 2);
    ck_assert_uint_eq(circle_of(2), 2);
    ck_assert_int_eq(look(2), LV_DEADLOCK_WAIT);
    scenario_expect(s, DEADLOCK, LV_VERDICT_DEADLOCK);
    /* Once is enough, from whichever side. */
    look(1);
}
END_TEST

START_TEST(five_threads)
{
    static const char *const forks[] = { "A0", "A1", "A2", "A3", "A4" };

    begin(6);
    for (unsigned i = 0; i < 5; i++)
        hold(i, forks[i], LV_WRITE);
    for (unsigned i = 0; i < 4; i++) {
        waits(i, forks[(i + 1) % 5], LV_WRITE);
        ck_assert_int_eq(look(i), LV_DEADLOCK_WAIT);
        scenario_expect_clean(s);
    }
    waits(4, forks[0], LV_WRITE);
    ck_assert_uint_eq(circle_of(4), 5);
    look(4);
    scenario_expect(s, DEADLOCK, LV_VERDICT_DEADLOCK);
}
END_TEST

/* A thread that waits for somebody in the circle is in none. */
START_TEST(behind_the_circle)
{
    begin(4);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    hold(3, "C", LV_WRITE);
    waits(1, "B", LV_WRITE);
    waits(2, "A", LV_WRITE);
    waits(3, "A", LV_WRITE);
    ck_assert_uint_eq(circle_of(3), 0);
    ck_assert_int_eq(look(3), LV_DEADLOCK_WAIT);
}
END_TEST

START_TEST(the_fast_path_says_what_it_takes)
{
    struct lv_thread *t;
    struct lv_held_record wanted;

    begin(3);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    t = scenario_thread(s, 1);
    wanted = wanted_of("B", LV_WRITE, LV_KIND_MUTEX);
    lv_fast_fill(t, t->depth, wanted.address, (uint64_t)wanted.uid << 32 | wanted.class.v, LV_KIND_MUTEX, LV_WRITE, 0,
                 (lv_stack_id){ 0 }, 1, 1);
    sleeps[1] = (struct lv_task_sleep){ .sleeps = true, .futex = true, .address = wanted.address };
    waits(2, "A", LV_WRITE);
    ck_assert_uint_eq(circle_of(2), 2);
    look(2);
    scenario_expect(s, DEADLOCK, LV_VERDICT_DEADLOCK);
    t->held[t->depth].address = 0;
    ck_assert_uint_eq(circle_of(2), 0);
}
END_TEST

/* ---- readers and writers ------------------------------------------------------------------------------------------- */

START_TEST(readers_do_not_block_readers)
{
    begin(3);
    hold(1, "A", LV_READ_RECURSIVE);
    hold(2, "B", LV_READ_RECURSIVE);
    waits(1, "B", LV_READ_RECURSIVE);
    waits(2, "A", LV_READ_RECURSIVE);
    ck_assert_uint_eq(circle_of(1), 0);
    /* Nor do those of the other kind, as long as no writer waits. */
    waits_no_more(1);
    waits_no_more(2);
    waits(1, "B", LV_READ);
    waits(2, "A", LV_READ);
    ck_assert_uint_eq(circle_of(1), 0);
    ck_assert_int_eq(look(2), LV_DEADLOCK_WAIT);
}
END_TEST

START_TEST(one_stuck_reader_of_three)
{
    begin(5);
    hold(1, "A", LV_READ_RECURSIVE);
    hold(2, "A", LV_READ_RECURSIVE);
    hold(3, "A", LV_READ_RECURSIVE);
    hold(4, "B", LV_WRITE);
    waits(4, "A", LV_WRITE);
    waits(2, "B", LV_WRITE);
    ck_assert_uint_eq(circle_of(2), 2);
    look(2);
    scenario_expect(s, DEADLOCK, LV_VERDICT_DEADLOCK);
}
END_TEST

/* A reader that does not pass waiting writers waits for the writer that waits for it. */
START_TEST(a_reader_again_behind_a_writer)
{
    begin(3);
    hold(1, "A", LV_READ);
    waits(2, "A", LV_WRITE);
    ck_assert_uint_eq(circle_of(2), 0);
    waits(1, "A", LV_READ);
    ck_assert_uint_eq(circle_of(1), 2);
    look(1);
    scenario_expect(s, DEADLOCK, LV_VERDICT_DEADLOCK);
    /* One that passes does not; and a writer that gives up lets readers go on. */
    waits_no_more(1);
    waits(1, "A", LV_READ_RECURSIVE);
    ck_assert_uint_eq(circle_of(1), 0);
    waits_no_more(1);
    waits_no_more(2);
    waits_as(2, "A", LV_WRITE, LV_KIND_RWLOCK, true, true);
    waits(1, "A", LV_READ);
    ck_assert_uint_eq(circle_of(1), 0);
}
END_TEST

/* ---- what is no deadlock ------------------------------------------------------------------------------------------- */

START_TEST(one_gives_up)
{
    begin(3);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    waits_as(1, "B", LV_WRITE, LV_KIND_MUTEX, true, true);
    waits(2, "A", LV_WRITE);
    ck_assert_uint_eq(circle_of(2), 0);
    ck_assert_int_eq(look(2), LV_DEADLOCK_WAIT);
}
END_TEST

/* It has what it waits for, and did not come to say so; it runs. */
START_TEST(one_runs)
{
    begin(3);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    waits_as(1, "B", LV_WRITE, LV_KIND_MUTEX, false, false);
    waits(2, "A", LV_WRITE);
    ck_assert_uint_eq(circle_of(2), 2);
    look(2);
    scenario_expect_clean(s);
    ck_assert_uint_gt(asked, 2);
}
END_TEST

START_TEST(one_sleeps_elsewhere)
{
    begin(3);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    waits(1, "B", LV_WRITE);
    waits(2, "A", LV_WRITE);
    sleeps[1].address += 4096;
    look(2);
    scenario_expect_clean(s);
    sleeps[1].address -= 4096;
    sleeps[1].timed = true;
    look(2);
    scenario_expect_clean(s);
    sleeps[1].timed = false;
    sleeps[1].futex = false;
    look(2);
    scenario_expect_clean(s);
}
END_TEST

static bool nobody_agrees(const struct lv_held_record *record, int tid)
{
    (void)record;
    (void)tid;
    return false;
}

START_TEST(the_locks_do_not_agree)
{
    begin(3);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    waits(1, "B", LV_WRITE);
    waits(2, "A", LV_WRITE);
    s->ctx.agrees = nobody_agrees;
    ck_assert_int_eq(look(2), LV_DEADLOCK_WAIT);
    scenario_expect_clean(s);
}
END_TEST

/* Another lock at the address: what is held there is not what is wanted. */
START_TEST(another_lock_at_the_address)
{
    struct lv_held_record wanted;
    struct lv_blocked what, outer;

    begin(3);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    wanted = wanted_of("B", LV_WRITE, LV_KIND_MUTEX);
    wanted.uid++;
    what = (struct lv_blocked){ .wait = LV_WAITS_LOCK, .wanted = wanted };
    lv_blocked_begin(scenario_thread(s, 1), &what, &outer);
    waits(2, "A", LV_WRITE);
    ck_assert_uint_eq(circle_of(2), 0);
}
END_TEST

/* A semaphore can be posted by any thread that runs. */
START_TEST(a_semaphore_in_the_circle)
{
    begin(3);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    waits_as(1, "B", LV_WRITE, LV_KIND_SEM, false, true);
    waits(2, "A", LV_WRITE);
    ck_assert_uint_eq(circle_of(2), 2);
    look(2);
    scenario_expect_clean(s);
}
END_TEST

/* ---- where the kernel does not help -------------------------------------------------------------------------------- */

START_TEST(no_word_from_the_kernel)
{
    begin(3);
    kernel_is_there = false;
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    waits_as(1, "B", LV_WRITE, LV_KIND_MUTEX, false, false);
    waits(2, "A", LV_WRITE);
    look(2);
    scenario_expect(s, DEADLOCK, LV_VERDICT_DEADLOCK);
}
END_TEST

START_TEST(spinning)
{
    begin(3);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    waits_as(1, "B", LV_WRITE, LV_KIND_SPIN, false, false);
    waits_as(2, "A", LV_WRITE, LV_KIND_SPIN, false, false);
    look(2);
    scenario_expect(s, DEADLOCK, LV_VERDICT_DEADLOCK);
}
END_TEST

/* ---- other waits --------------------------------------------------------------------------------------------------- */

/* A condition variable's wait is over when its mutex was taken again, also one that gives up. */
START_TEST(a_condition_and_its_mutex)
{
    struct lv_blocked what = { .wait = LV_WAITS_COND, .timed = true, .wanted = { .address = 0x7000 } }, outer;

    begin(3);
    what.with = wanted_of("M", LV_WRITE, LV_KIND_MUTEX);
    hold(1, "A", LV_WRITE);
    lv_blocked_begin(scenario_thread(s, 1), &what, &outer);
    sleeps[1] = (struct lv_task_sleep){ .sleeps = true, .futex = true, .timed = true, .address = 0x7020 };
    hold(2, "M", LV_WRITE);
    waits(2, "A", LV_WRITE);
    ck_assert_uint_eq(circle_of(2), 2);
    look(2);
    scenario_expect(s, DEADLOCK, LV_VERDICT_DEADLOCK);
    unlock(2, "M");
    ck_assert_uint_eq(circle_of(2), 0);
}
END_TEST

START_TEST(an_annotated_lock)
{
    struct lv_thread *t;
    struct lv_held_record wanted;

    begin(3);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    t = scenario_thread(s, 1);
    wanted = wanted_of("B", LV_WRITE, LV_KIND_MAP);
    t->pending[2] = (struct lv_acquisition){
        .address = wanted.address, .uid = wanted.uid, .class = wanted.class, .kind = LV_KIND_MAP
    };
    sleeps[1] = (struct lv_task_sleep){ .sleeps = true, .futex = true, .address = 0x9000 };
    waits(2, "A", LV_WRITE);
    ck_assert_uint_eq(circle_of(2), 2);
    look(2);
    scenario_expect(s, DEADLOCK, LV_VERDICT_DEADLOCK);
    t->pending[2].flags = LV_TRY;
    ck_assert_uint_eq(circle_of(2), 0);
    t->pending[2].flags = LV_TIMED;
    ck_assert_uint_eq(circle_of(2), 0);
}
END_TEST

/* What a signal handler interrupted is seen again when it is over. */
START_TEST(a_wait_inside_a_wait)
{
    struct lv_thread *t;
    struct lv_blocked outer, first, inner = { .wait = LV_WAITS_COND, .wanted = { .address = 0x7000 } };

    begin(3);
    waits(1, "A", LV_WRITE);
    t = scenario_thread(s, 1);
    first = lv_blocked_read(t);
    lv_blocked_begin(t, &inner, &outer);
    ck_assert_uint_eq(lv_blocked_read(t).wait, LV_WAITS_COND);
    lv_blocked_end(t, &outer);
    ck_assert_uint_eq(lv_blocked_read(t).wait, LV_WAITS_LOCK);
    ck_assert_uint_eq(lv_blocked_read(t).wanted.address, first.wanted.address);
    ck_assert_uint_ne(lv_blocked_read(t).number, first.number);
    ck_assert_uint_eq(lv_blocked_read(t).since, first.since);
}
END_TEST

/* ---- on_deadlock --------------------------------------------------------------------------------------------------- */

START_TEST(the_call_is_refused)
{
    begin(3);
    s->ctx.options.on_deadlock = LV_DEADLOCK_BREAK;
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    waits(1, "B", LV_WRITE);
    waits(2, "A", LV_WRITE);
    ck_assert_int_eq(look(2), LV_DEADLOCK_REFUSE);
    scenario_expect(s, DEADLOCK, LV_VERDICT_DEADLOCK);
    /* Each time, though it is said once. */
    ck_assert_int_eq(look(2), LV_DEADLOCK_REFUSE);
    /* One that cannot be refused waits. */
    ck_assert_int_eq(lv_deadlock_look(&s->ctx, scenario_thread(s, 2), 0x1234, false), LV_DEADLOCK_WAIT);
    ck_assert_ptr_null(s->ctx.looker);
}
END_TEST

/* Another one of the circle looks already: whoever comes goes to sleep, and is seen there. */
START_TEST(one_looks_at_a_time)
{
    begin(3);
    hold(1, "A", LV_WRITE);
    hold(2, "B", LV_WRITE);
    waits(1, "B", LV_WRITE);
    waits(2, "A", LV_WRITE);
    s->ctx.looker = scenario_thread(s, 1);
    ck_assert_int_eq(look(2), LV_DEADLOCK_WAIT);
    scenario_expect_clean(s);
    ck_assert_ptr_eq(s->ctx.looker, scenario_thread(s, 1));
    s->ctx.looker = NULL;
}
END_TEST

/* ---- nobody is left ------------------------------------------------------------------------------------------------ */

static bool value; /* has the semaphore one? */

static bool may_pass(const struct lv_blocked *on, bool begun)
{
    (void)on;
    (void)begun;
    return value;
}

/* Thread @thread waits for a condition variable, and holds nothing. */
static struct lv_idle idles(unsigned thread, enum lv_wait_kind wait)
{
    const struct lv_blocked what = { .wait = wait, .wanted = { .address = 0x7000 + 64 * thread } };
    struct lv_idle idle;

    lv_idle_begin(&s->ctx, scenario_thread(s, thread), &what, false, &idle);
    return idle;
}

START_TEST(all_wait_by_the_books)
{
    struct lv_idle first, second;

    begin(2);
    value = false;
    s->ctx.may_pass = may_pass;
    first = idles(0, LV_WAITS_COND);
    ck_assert(!lv_stall_by_books(&s->ctx, scenario_thread(s, 0)));
    second = idles(1, LV_WAITS_SEM);
    ck_assert(lv_stall_by_books(&s->ctx, scenario_thread(s, 1)));
    /* A value, a wake that is due, a handler, a thread to come, a wait that gives up, one that others may end: not for good. */
    value = true;
    ck_assert(!lv_stall_by_books(&s->ctx, scenario_thread(s, 1)));
    value = false;
    lv_idle_wake(&s->ctx, 0x7000, false);
    ck_assert(!lv_stall_by_books(&s->ctx, scenario_thread(s, 1)));
    lv_idle_end(&s->ctx, &first);
    first = idles(0, LV_WAITS_COND);
    ck_assert(lv_stall_by_books(&s->ctx, scenario_thread(s, 1)));
    s->ctx.handled = 1;
    ck_assert(!lv_stall_by_books(&s->ctx, scenario_thread(s, 1)));
    s->ctx.handled = 0;
    s->ctx.births = 1;
    ck_assert(!lv_stall_by_books(&s->ctx, scenario_thread(s, 1)));
    s->ctx.births = 0;
    scenario_thread(s, 0)->blocked_on.timed = true;
    ck_assert(!lv_stall_by_books(&s->ctx, scenario_thread(s, 1)));
    scenario_thread(s, 0)->blocked_on.timed = false;
    scenario_thread(s, 0)->blocked_on.shared = true;
    ck_assert(!lv_stall_by_books(&s->ctx, scenario_thread(s, 1)));
    lv_idle_end(&s->ctx, &second);
    lv_idle_end(&s->ctx, &first);
    ck_assert_uint_eq(s->ctx.idle, 0);
}
END_TEST

/* A broadcast makes all wakes due; each that comes takes one. */
START_TEST(wakes_are_counted)
{
    struct lv_wait_place *place;
    struct lv_idle idle[3];

    begin(4);
    s->ctx.may_pass = may_pass;
    for (unsigned i = 0; i < 3; i++) {
        const struct lv_blocked what = { .wait = LV_WAITS_COND, .wanted = { .address = 0x7000 } };

        lv_idle_begin(&s->ctx, scenario_thread(s, i), &what, false, &idle[i]);
    }
    place = idle[0].place;
    ck_assert_uint_eq(place->sleepers, 3);
    lv_idle_wake(&s->ctx, 0x7000, true);
    ck_assert_uint_eq(place->due, 3);
    lv_idle_end(&s->ctx, &idle[0]);
    ck_assert_uint_eq(place->due, 2);
    lv_idle_end(&s->ctx, &idle[1]);
    lv_idle_end(&s->ctx, &idle[2]);
    ck_assert_uint_eq(place->due, 0);
    ck_assert_uint_eq(place->sleepers, 0);
    /* Nobody waits: nobody is woken. */
    lv_idle_wake(&s->ctx, 0x7000, false);
    ck_assert_uint_eq(place->due, 0);
}
END_TEST

/* A thread that ends in a wait does not count any more. */
START_TEST(it_ends_in_a_wait)
{
    begin(3);
    s->ctx.may_pass = may_pass;
    hold(1, "A", LV_WRITE);
    (void)idles(1, LV_WAITS_SEM);
    ck_assert(lv_stall_may_begin(&s->ctx));
    lv_idle_drop(&s->ctx, scenario_thread(s, 1));
    ck_assert(!lv_stall_may_begin(&s->ctx));
    ck_assert_uint_eq(s->ctx.idle, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        two_threads,
        five_threads,
        behind_the_circle,
        the_fast_path_says_what_it_takes,
        readers_do_not_block_readers,
        one_stuck_reader_of_three,
        a_reader_again_behind_a_writer,
        one_gives_up,
        one_runs,
        one_sleeps_elsewhere,
        the_locks_do_not_agree,
        another_lock_at_the_address,
        a_semaphore_in_the_circle,
        no_word_from_the_kernel,
        spinning,
        a_condition_and_its_mutex,
        an_annotated_lock,
        a_wait_inside_a_wait,
        the_call_is_refused,
        one_looks_at_a_time,
        all_wait_by_the_books,
        wakes_are_counted,
        it_ends_in_a_wait,
    };

    return engine_run("deadlock", tests, LV_ARRAY_SIZE(tests));
}
