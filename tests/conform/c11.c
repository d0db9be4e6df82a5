/* SPDX-License-Identifier: MIT */
/* C11: mutexes, condition variables, threads, call_once, thread-specific storage. */
/* A thread is cancelled in a wait, and ends with the mutex held. */
/* status: 66 */
/* findings: 1 */
/* expect: ^is held while its thread ends$ */
/* Threads are joined under the very locks that they took: no matter here. */
/* options: events=annotated */
#include "conform.h"

#include <threads.h>

static mtx_t m;
static cnd_t c;
static bool timed, recursive;

static int take_and_drop(void *unused)
{
    int r = mtx_lock(&m);

    (void)unused;
    return r != thrd_success ? r : mtx_unlock(&m);
}

static int take_timed_and_drop(void *unused)
{
    struct timespec far = far_away(CLOCK_REALTIME);
    int r = mtx_timedlock(&m, &far);

    (void)unused;
    return r != thrd_success ? r : mtx_unlock(&m);
}

static int others(void *unused)
{
    struct timespec past = long_ago(), bad = { .tv_sec = 1, .tv_nsec = -1 };

    (void)unused;
    IS(thrd_busy, mtx_trylock(&m));
    if (timed) {
        IS(thrd_timedout, mtx_timedlock(&m, &past));
        IS(thrd_error, mtx_timedlock(&m, &bad));
    }
    return 0;
}

static void mutexes(void)
{
    static const int types[] = { mtx_plain, mtx_timed, mtx_plain | mtx_recursive, mtx_timed | mtx_recursive };
    struct timespec past = long_ago();
    struct job job;

    SAME(mtx_init(&m, 12345));
    for (size_t i = 0; i < 4; i++) {
        printf(" type %d\n", types[i]);
        timed = types[i] & mtx_timed;
        recursive = types[i] & mtx_recursive;
        IS(thrd_success, mtx_init(&m, types[i]));
        IS(thrd_success, mtx_lock(&m));
        IS(0, elsewhere(others, NULL));
        if (recursive) {
            IS(thrd_success, mtx_lock(&m));
            IS(thrd_success, mtx_trylock(&m));
            IS(thrd_success, mtx_unlock(&m));
            IS(thrd_success, mtx_unlock(&m));
            IS(0, elsewhere(others, NULL));
        } else {
            IS(thrd_busy, mtx_trylock(&m));
        }
        job_start(&job, timed ? take_timed_and_drop : take_and_drop, NULL);
        YES(SLEEPS_ON(&job, &m));
        IS(thrd_success, mtx_unlock(&m));
        IS(thrd_success, job_end(&job));
        if (timed) {
            IS(thrd_success, mtx_timedlock(&m, &past));
            IS(thrd_success, mtx_unlock(&m));
        }
        mtx_destroy(&m);
    }
}

/* ---- condition variables ---- */

static int waiting, tickets, woken; /* m */

static int wait_for_ticket(void *with_time)
{
    struct timespec far = far_away(CLOCK_REALTIME);
    int r = mtx_lock(&m);

    waiting++;
    while (tickets == 0 && r == thrd_success)
        r = with_time != NULL ? cnd_timedwait(&c, &m, &far) : cnd_wait(&c, &m);
    tickets--;
    woken++;
    return r != thrd_success ? r : mtx_unlock(&m);
}

static int value_of(const int *value)
{
    int now;

    MUST(mtx_lock(&m) == thrd_success);
    now = *value;
    MUST(mtx_unlock(&m) == thrd_success);
    return now;
}

static void conditions(void)
{
    struct timespec past = long_ago(), bad = { .tv_sec = 1, .tv_nsec = -1 };
    struct job job[3];

    IS(thrd_success, cnd_init(&c));
    IS(thrd_success, mtx_init(&m, mtx_plain));
    IS(thrd_success, cnd_signal(&c));
    IS(thrd_success, cnd_broadcast(&c));
    IS(thrd_success, mtx_lock(&m));
    IS(thrd_timedout, cnd_timedwait(&c, &m, &past));
    IS(thrd_error, cnd_timedwait(&c, &m, &bad));
    IS(thrd_busy, mtx_trylock(&m));
    IS(thrd_success, mtx_unlock(&m));
    for (int i = 0; i < 2; i++) {
        waiting = tickets = woken = 0;
        for (int j = 0; j < 3; j++)
            job_start(&job[j], wait_for_ticket, i != 0 ? &m : NULL);
        while (value_of(&waiting) < 3)
            thrd_yield();
        for (int j = 0; j < 3; j++)
            YES(SLEEPS_ON(&job[j], &c));
        IS(thrd_success, mtx_lock(&m));
        tickets = 1;
        IS(thrd_success, cnd_signal(&c));
        IS(thrd_success, mtx_unlock(&m));
        while (value_of(&woken) < 1)
            thrd_yield();
        IS(1, value_of(&woken));
        IS(thrd_success, mtx_lock(&m));
        tickets = 2;
        IS(thrd_success, mtx_unlock(&m));
        IS(thrd_success, cnd_broadcast(&c));
        for (int j = 0; j < 3; j++)
            IS(thrd_success, job_end(&job[j]));
    }
    /* A wait that is cancelled ends with the mutex held; a recursive mutex can be taken again by its holder alone. */
    waiting = tickets = 0;
    job_start(&job[0], wait_for_ticket, NULL);
    while (value_of(&waiting) < 1)
        thrd_yield();
    IS(0, pthread_cancel(job[0].thread));
    IS(-1, job_end(&job[0]));
    IS(thrd_busy, mtx_trylock(&m));
    cnd_destroy(&c);
}

/* ---- threads ---- */

static int give_back(void *arg)
{
    return (int)(intptr_t)arg;
}

static int exit_deep(void *arg)
{
    thrd_exit((int)(intptr_t)arg);
}

static atomic_bool go_on, went_on;

static int wait_for_sign(void *arg)
{
    while (!atomic_load(&go_on))
        thrd_yield();
    atomic_store(&went_on, true);
    return (int)(intptr_t)arg;
}

static int join_it(void *thread)
{
    int value = -1;

    return thrd_join(*(thrd_t *)thread, &value) == thrd_success ? value : -2;
}

static thrd_t seen_self;

static int note_self(void *unused)
{
    (void)unused;
    seen_self = thrd_current();
    return INT_MIN;
}

static void threads(void)
{
    thrd_t thread;
    int value = 0;
    struct job job;

    IS(thrd_success, thrd_create(&thread, give_back, (void *)(intptr_t)41));
    IS(thrd_success, thrd_join(thread, &value));
    IS(41, value);
    IS(thrd_success, thrd_create(&thread, exit_deep, (void *)(intptr_t)-42));
    IS(thrd_success, thrd_join(thread, &value));
    IS(-42, value);
    IS(thrd_success, thrd_create(&thread, note_self, NULL));
    IS(thrd_success, thrd_join(thread, &value));
    IS(INT_MIN, value);
    YES(thrd_equal(thread, seen_self));
    YES(!thrd_equal(thrd_current(), seen_self));
    IS(thrd_success, thrd_create(&thread, give_back, NULL));
    IS(thrd_success, thrd_join(thread, NULL));
    IS(thrd_success, thrd_create(&thread, wait_for_sign, (void *)(intptr_t)43));
    job_start(&job, join_it, &thread);
    YES(job_sleeps_in(&job, SYS_futex));
    atomic_store(&go_on, true);
    IS(43, job_end(&job));
    atomic_store(&went_on, false);
    IS(thrd_success, thrd_create(&thread, wait_for_sign, NULL));
    IS(thrd_success, thrd_detach(thread));
    while (!atomic_load(&went_on))
        thrd_yield();
    IS(0, thrd_sleep(&(struct timespec){ 0, 1 }, NULL));
    IS(-2, thrd_sleep(&(struct timespec){ 0, -1 }, NULL));
}

/* ---- once ---- */

static once_flag flag = ONCE_FLAG_INIT;
static atomic_int runs, may_end;

static void once_routine(void)
{
    atomic_fetch_add(&runs, 1);
    while (!atomic_load(&may_end))
        thrd_yield();
}

static int call_it(void *unused)
{
    (void)unused;
    call_once(&flag, once_routine);
    return atomic_load(&runs);
}

static void once(void)
{
    struct job job[4];

    job_start(&job[0], call_it, NULL);
    while (atomic_load(&runs) == 0)
        thrd_yield();
    for (int i = 1; i < 4; i++) {
        job_start(&job[i], call_it, NULL);
        YES(SLEEPS_ON(&job[i], &flag));
    }
    atomic_store(&may_end, 1);
    for (int i = 0; i < 4; i++)
        IS(1, job_end(&job[i]));
    IS(1, call_it(NULL));
}

/* ---- thread-specific storage ---- */

static tss_t key;
static atomic_int destroyed;

static void destroy(void *value)
{
    intptr_t left = (intptr_t)value;

    atomic_fetch_add(&destroyed, 1);
    YES(tss_get(key) == NULL);
    if (left > 1)
        tss_set(key, (void *)(left - 1));
}

static int set_it(void *rounds)
{
    YES(tss_get(key) == NULL);
    IS(thrd_success, tss_set(key, rounds));
    YES(tss_get(key) == rounds);
    return 0;
}

static void storage(void)
{
    IS(thrd_success, tss_create(&key, destroy));
    for (intptr_t rounds = 0; rounds <= 6; rounds++) {
        atomic_store(&destroyed, 0);
        IS(0, elsewhere(set_it, (void *)rounds));
        IS(rounds < TSS_DTOR_ITERATIONS ? rounds : TSS_DTOR_ITERATIONS, atomic_load(&destroyed));
    }
    tss_delete(key);
}

CONFORM({ "mutexes", mutexes }, { "conditions", conditions }, { "threads", threads }, { "call_once", once },
        { "thread-specific storage", storage })
