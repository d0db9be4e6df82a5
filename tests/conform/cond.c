/* SPDX-License-Identifier: MIT */
/* Condition variables: who wakes, when waits end, and what is held then. */
/* status: 0 */
#include "conform.h"

static pthread_cond_t *c;
static pthread_mutex_t *m;
static clockid_t clock_of_c;        /* as its attribute has it */
static int waiting, tickets, woken; /* m */

enum way {
    WAIT,
    TIMED,
    CLOCK_REAL,
    CLOCK_MONO,
    WAYS
};

static int wait_by(enum way way, const struct timespec *own, const struct timespec *real, const struct timespec *mono)
{
    switch (way) {
    case WAIT:
        return pthread_cond_wait(c, m);
    case TIMED:
        return pthread_cond_timedwait(c, m, own);
    case CLOCK_REAL:
        return pthread_cond_clockwait(c, m, CLOCK_REALTIME, real);
    default:
        return pthread_cond_clockwait(c, m, CLOCK_MONOTONIC, mono);
    }
}

static void unlock(void *mutex)
{
    /* Held, also when the wait was cancelled: an errorcheck mutex says so to its owner alone. */
    MUST(pthread_mutex_lock(mutex) == EDEADLK);
    MUST(pthread_mutex_unlock(mutex) == 0);
}

static int wait_for_ticket(void *arg)
{
    struct timespec own = far_away(clock_of_c), real = far_away(CLOCK_REALTIME), mono = far_away(CLOCK_MONOTONIC);
    int r = pthread_mutex_lock(m);

    if (r != 0)
        return r;
    pthread_cleanup_push(unlock, m);
    waiting++;
    while (tickets == 0 && r == 0)
        r = wait_by(*(enum way *)arg, &own, &real, &mono);
    tickets--;
    woken++;
    pthread_cleanup_pop(1);
    return r;
}

/* Wait until @count threads have come into the wait. */
static void await_waiting(int count)
{
    bool all;

    do {
        MUST(pthread_mutex_lock(m) == 0);
        all = waiting == count;
        MUST(pthread_mutex_unlock(m) == 0);
        if (!all)
            sched_yield();
    } while (!all);
}

static int woken_now(void)
{
    int now;

    MUST(pthread_mutex_lock(m) == 0);
    now = woken;
    MUST(pthread_mutex_unlock(m) == 0);
    return now;
}

static void reset(void)
{
    waiting = tickets = woken = 0;
}

static void wakes(enum way way)
{
    struct job job[3];

    reset();
    for (int i = 0; i < 3; i++)
        job_start(&job[i], wait_for_ticket, &way);
    await_waiting(3);
    for (int i = 0; i < 3; i++)
        YES(SLEEPS_ON(&job[i], c));
    IS(0, pthread_mutex_lock(m));
    tickets = 1;
    IS(0, pthread_cond_signal(c));
    IS(0, pthread_mutex_unlock(m));
    while (woken_now() < 1)
        sched_yield();
    IS(1, woken_now());
    IS(0, pthread_mutex_lock(m));
    tickets = 2;
    IS(0, pthread_mutex_unlock(m));
    IS(0, pthread_cond_broadcast(c));
    for (int i = 0; i < 3; i++)
        IS(0, job_end(&job[i]));
    IS(3, woken);
    IS(0, tickets);
}

static void errors(void)
{
    struct timespec past = long_ago(), bad = { .tv_sec = 1, .tv_nsec = -1 };

    IS(0, pthread_cond_signal(c)); /* nobody waits */
    IS(0, pthread_cond_broadcast(c));
    IS(0, pthread_mutex_lock(m));
    IS(ETIMEDOUT, pthread_cond_timedwait(c, m, &past));
    IS(EDEADLK, pthread_mutex_lock(m));
    IS(ETIMEDOUT, pthread_cond_clockwait(c, m, CLOCK_REALTIME, &past));
    IS(EDEADLK, pthread_mutex_lock(m));
    IS(ETIMEDOUT, pthread_cond_clockwait(c, m, CLOCK_MONOTONIC, &past));
    IS(EDEADLK, pthread_mutex_lock(m));
    IS(EINVAL, pthread_cond_timedwait(c, m, &bad));
    IS(EINVAL, pthread_cond_clockwait(c, m, CLOCK_REALTIME, &bad));
    IS(EINVAL, pthread_cond_clockwait(c, m, CLOCK_PROCESS_CPUTIME_ID, &past));
    IS(EDEADLK, pthread_mutex_lock(m));
    IS(0, pthread_mutex_unlock(m));
    IS(EPERM, pthread_mutex_unlock(m));
}

static void cancelled(enum way way)
{
    struct job job;
    void *ret;

    reset();
    job_start(&job, wait_for_ticket, &way);
    await_waiting(1);
    YES(SLEEPS_ON(&job, c));
    IS(0, pthread_cancel(job.thread));
    IS(0, pthread_join(job.thread, &ret));
    YES(ret == PTHREAD_CANCELED);
    IS(0, pthread_mutex_lock(m)); /* its cleanup handler let it go */
    IS(0, pthread_mutex_unlock(m));
}

/* Cancelled while the mutex is held by another: it waits for it first, and then runs its handler. */
static void cancelled_without_mutex(enum way way)
{
    struct job job;
    void *ret;

    reset();
    job_start(&job, wait_for_ticket, &way);
    await_waiting(1);
    YES(SLEEPS_ON(&job, c));
    IS(0, pthread_mutex_lock(m));
    IS(0, pthread_cancel(job.thread));
    YES(SLEEPS_ON(&job, m));
    IS(0, pthread_mutex_unlock(m));
    IS(0, pthread_join(job.thread, &ret));
    YES(ret == PTHREAD_CANCELED);
}

static void every_clock(void)
{
    static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC };
    pthread_condattr_t attr;
    pthread_mutexattr_t checked;

    c = shared_memory(sizeof(*c));
    m = shared_memory(sizeof(*m));
    for (int i = 0; i < 4; i++) {
        clockid_t clock = CLOCK_BOOTTIME;
        int value = -1;

        clock_of_c = clocks[i % 2];
        printf(" clock %d shared %d\n", clock_of_c, i / 2);
        IS(0, pthread_condattr_init(&attr));
        IS(0, pthread_condattr_setclock(&attr, clock_of_c));
        IS(0, pthread_condattr_getclock(&attr, &clock));
        IS(clock_of_c, clock);
        IS(EINVAL, pthread_condattr_setclock(&attr, CLOCK_PROCESS_CPUTIME_ID));
        IS(0, pthread_condattr_setpshared(&attr, i / 2));
        IS(0, pthread_condattr_getpshared(&attr, &value));
        IS(i / 2, value);
        IS(EINVAL, pthread_condattr_setpshared(&attr, 99));
        IS(0, pthread_cond_init(c, &attr));
        IS(0, pthread_condattr_destroy(&attr));
        MUST(pthread_mutexattr_init(&checked) == 0);
        MUST(pthread_mutexattr_settype(&checked, PTHREAD_MUTEX_ERRORCHECK) == 0);
        MUST(pthread_mutexattr_setpshared(&checked, i / 2) == 0);
        IS(0, pthread_mutex_init(m, &checked));
        errors();
        for (enum way way = WAIT; way < WAYS; way++) {
            printf(" way %d\n", way);
            wakes(way);
            cancelled(way);
            cancelled_without_mutex(way);
        }
        IS(0, pthread_cond_destroy(c));
        IS(0, pthread_mutex_destroy(m));
    }
}

static void shared_by_fork(void)
{
    pthread_condattr_t attr;
    pthread_mutexattr_t checked;
    enum way way = WAIT;
    pid_t child;

    clock_of_c = CLOCK_REALTIME;
    reset();
    MUST(pthread_condattr_init(&attr) == 0 && pthread_condattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0);
    MUST(pthread_mutexattr_init(&checked) == 0 && pthread_mutexattr_setpshared(&checked, PTHREAD_PROCESS_SHARED) == 0);
    MUST(pthread_mutexattr_settype(&checked, PTHREAD_MUTEX_ERRORCHECK) == 0);
    IS(0, pthread_cond_init(c, &attr));
    IS(0, pthread_mutex_init(m, &checked));
    IS(0, pthread_mutex_lock(m));
    child = fork();
    if (child == 0) {
        tickets = 1;
        _exit(wait_for_ticket(&way) == 0 && pthread_mutex_lock(m) == 0 && pthread_cond_signal(c) == 0 &&
                      pthread_mutex_unlock(m) == 0
                  ? 7
                  : 8);
    }
    YES(child_sleeps_on(child, m, sizeof(*m)));
    IS(0, pthread_cond_wait(c, m));
    IS(0, pthread_mutex_unlock(m));
    IS(7, status_of(child));
    IS(0, pthread_cond_destroy(c));
    IS(0, pthread_mutex_destroy(m));
}

/* With a recursive mutex held once, and one of the kind PI. */
static void other_mutexes(void)
{
    struct timespec past = long_ago();
    pthread_mutexattr_t attr;

    for (int i = 0; i < 4; i++) {
        MUST(pthread_mutexattr_init(&attr) == 0);
        MUST(pthread_mutexattr_settype(&attr, i == 0 ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL) == 0);
        MUST(pthread_mutexattr_setprotocol(&attr, i == 1 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE) == 0);
        MUST(pthread_mutexattr_setrobust(&attr, i == 2) == 0);
        IS(0, pthread_cond_init(c, NULL));
        IS(0, pthread_mutex_init(m, &attr));
        IS(0, pthread_mutex_lock(m));
        IS(ETIMEDOUT, pthread_cond_timedwait(c, m, &past));
        IS(0, pthread_mutex_unlock(m));
        IS(0, pthread_mutex_trylock(m));
        IS(0, pthread_mutex_unlock(m));
        IS(0, pthread_mutex_destroy(m));
        IS(0, pthread_cond_destroy(c));
    }
}

static int take_signal_and_die(void *unused)
{
    (void)unused;
    MUST(pthread_mutex_lock(m) == 0); /* got once the other waits */
    return pthread_cond_signal(c);
}

/* The one who signals dies with the robust mutex: the waiter is its heir. */
static void robust_heir(void)
{
    pthread_mutexattr_t attr;
    struct job job;

    MUST(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
    for (int i = 0; i < 2; i++) {
        IS(0, pthread_cond_init(c, NULL));
        IS(0, pthread_mutex_init(m, &attr));
        IS(0, pthread_mutex_lock(m));
        job_start(&job, take_signal_and_die, NULL);
        IS(EOWNERDEAD, pthread_cond_wait(c, m));
        IS(0, job_end(&job));
        if (i == 0)
            IS(0, pthread_mutex_consistent(m));
        IS(0, pthread_mutex_unlock(m));
        IS(i == 0 ? 0 : ENOTRECOVERABLE, pthread_mutex_lock(m));
        if (i == 0)
            IS(0, pthread_mutex_unlock(m));
        IS(0, pthread_mutex_destroy(m));
        IS(0, pthread_cond_destroy(c));
    }
}

/* A handler that returns does not end a wait. */
static atomic_int handled;

static void on_signal(int number)
{
    (void)number;
    atomic_fetch_add(&handled, 1);
}

static void interrupted(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    pthread_mutexattr_t checked;
    enum way way = WAIT;
    struct job job;

    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    reset();
    IS(0, pthread_cond_init(c, NULL));
    MUST(pthread_mutexattr_init(&checked) == 0);
    MUST(pthread_mutexattr_settype(&checked, PTHREAD_MUTEX_ERRORCHECK) == 0);
    IS(0, pthread_mutex_init(m, &checked));
    job_start(&job, wait_for_ticket, &way);
    await_waiting(1);
    for (int i = 1; i <= 3; i++) {
        YES(SLEEPS_ON(&job, c));
        IS(0, pthread_kill(job.thread, SIGUSR1));
        while (atomic_load(&handled) < i)
            sched_yield();
        IS(0, woken_now());
    }
    IS(0, pthread_mutex_lock(m));
    tickets = 1;
    IS(0, pthread_mutex_unlock(m));
    IS(0, pthread_cond_signal(c));
    IS(0, job_end(&job));
    IS(3, atomic_load(&handled));
    IS(0, pthread_mutex_destroy(m));
    IS(0, pthread_cond_destroy(c));
}

CONFORM({ "every clock", every_clock }, { "shared by fork", shared_by_fork }, { "other mutexes", other_mutexes },
        { "robust heir", robust_heir }, { "interrupted", interrupted })
