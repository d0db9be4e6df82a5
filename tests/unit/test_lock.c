/* SPDX-License-Identifier: MIT */
/* The library's own lock. */

#include "sys/lock.h"

#include "unit.h"

#include <pthread.h>
#include <sched.h>

#define THREADS 4
#define ROUNDS 20000

struct shared {
    struct lv_lock lock;
    unsigned long count; /* lock */
    int inside;          /* lock */
    bool entered;        /* lock */
};

START_TEST(try_and_drop)
{
    struct lv_lock lock = LV_LOCK_INIT;

    ck_assert(lv_lock_try(&lock));
    ck_assert(!lv_lock_try(&lock));
    lv_lock_drop(&lock);
    lv_lock_take(&lock);
    ck_assert(!lv_lock_try(&lock));
    lv_lock_drop(&lock);
    ck_assert_uint_eq(lock.word, 0);
}
END_TEST

static void *count_up(void *arg)
{
    struct shared *s = arg;

    for (int i = 0; i < ROUNDS; i++) {
        if (i % 7 != 0 || !lv_lock_try(&s->lock))
            lv_lock_take(&s->lock);
        if (s->inside++ != 0)
            abort();
        s->count++;
        /* Now and then others get to run while the lock is held, so that they sleep on it. */
        if (i % 512 == 0)
            sched_yield();
        s->inside--;
        lv_lock_drop(&s->lock);
    }
    return NULL;
}

START_TEST(excludes)
{
    struct shared s = { .lock = LV_LOCK_INIT };
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_up, &s), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(s.count, (unsigned long)THREADS * ROUNDS);
    ck_assert_uint_eq(s.lock.word, 0);
}
END_TEST

static void *enter(void *arg)
{
    struct shared *s = arg;

    lv_lock_take(&s->lock);
    s->entered = true;
    lv_lock_drop(&s->lock);
    return NULL;
}

/* Several threads asleep: each drop must wake the next one. */
START_TEST(wakes_all_waiters)
{
    struct shared s = { .lock = LV_LOCK_INIT };
    pthread_t threads[THREADS];

    lv_lock_take(&s.lock);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, enter, &s), 0);
    while (__atomic_load_n(&s.lock.word, __ATOMIC_RELAXED) != 2)
        sched_yield();
    ck_assert(!s.entered);
    lv_lock_drop(&s.lock);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert(s.entered);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lock");
    TCase *tcase = tcase_create("lock");

    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, try_and_drop);
    tcase_add_test(tcase, excludes);
    tcase_add_test(tcase, wakes_all_waiters);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
