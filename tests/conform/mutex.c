/* SPDX-License-Identifier: MIT */
/* Mutexes of every kind, protocol and robustness, private and shared. */
/* status: 0 */
/* Threads are joined under the very locks that they took: no matter here. */
/* options: events=annotated */
#include "conform.h"

static pthread_mutex_t *m;
static int kind, protocol, robust;

static int take_and_drop(void *unused)
{
    int r = pthread_mutex_lock(m);

    (void)unused;
    return r != 0 ? r : pthread_mutex_unlock(m);
}

static int take_timed_and_drop(void *unused)
{
    struct timespec far = far_away(CLOCK_REALTIME);
    int r = pthread_mutex_timedlock(m, &far);

    (void)unused;
    return r != 0 ? r : pthread_mutex_unlock(m);
}

static int take_clock_and_drop(void *clock)
{
    struct timespec far = far_away(*(clockid_t *)clock);
    int r = pthread_mutex_clocklock(m, *(clockid_t *)clock, &far);

    return r != 0 ? r : pthread_mutex_unlock(m);
}

static int others(void *unused)
{
    struct timespec past = long_ago(), bad = { .tv_sec = 1, .tv_nsec = 1000000000 };

    (void)unused;
    IS(EBUSY, pthread_mutex_trylock(m));
    IS(ETIMEDOUT, pthread_mutex_timedlock(m, &past));
    IS(EINVAL, pthread_mutex_timedlock(m, &bad));
    bad.tv_nsec = -1;
    IS(EINVAL, pthread_mutex_timedlock(m, &bad));
    IS(ETIMEDOUT, pthread_mutex_clocklock(m, CLOCK_REALTIME, &past));
    SAME(pthread_mutex_clocklock(m, CLOCK_MONOTONIC, &past)); /* of PI: depends on the kernel */
    IS(EINVAL, pthread_mutex_clocklock(m, CLOCK_PROCESS_CPUTIME_ID, &past));
    if (kind == PTHREAD_MUTEX_RECURSIVE || kind == PTHREAD_MUTEX_ERRORCHECK || robust)
        IS(EPERM, pthread_mutex_unlock(m));
    return 0;
}

static void by_owner(void)
{
    struct timespec past = long_ago();

    if (kind == PTHREAD_MUTEX_RECURSIVE) {
        IS(0, pthread_mutex_lock(m));
        IS(0, pthread_mutex_trylock(m));
        IS(0, pthread_mutex_timedlock(m, &past));
        IS(0, pthread_mutex_clocklock(m, CLOCK_REALTIME, &past));
        IS(0, elsewhere(others, NULL));
        for (int i = 0; i < 4; i++)
            IS(0, pthread_mutex_unlock(m));
    } else {
        SAME(pthread_mutex_trylock(m)); /* EBUSY; some of glibc's say EDEADLK of errorcheck */
    }
    if (kind == PTHREAD_MUTEX_ERRORCHECK) {
        IS(EDEADLK, pthread_mutex_lock(m));
        IS(EDEADLK, pthread_mutex_timedlock(m, &past));
        IS(EDEADLK, pthread_mutex_clocklock(m, CLOCK_REALTIME, &past));
    }
}

/* A thread that waits is woken by the release, and only by it. */
static void waiting(int (*take)(void *), void *arg)
{
    struct job job;

    IS(0, pthread_mutex_lock(m));
    job_start(&job, take, arg);
    YES(SLEEPS_ON(&job, m));
    IS(0, pthread_mutex_unlock(m));
    IS(0, job_end(&job));
}

static void battery(void)
{
    struct timespec past = long_ago();
    clockid_t clock = CLOCK_REALTIME, mono = CLOCK_MONOTONIC;

    IS(0, pthread_mutex_lock(m));
    IS(0, elsewhere(others, NULL));
    by_owner();
    IS(0, pthread_mutex_unlock(m));
    if (kind == PTHREAD_MUTEX_RECURSIVE || kind == PTHREAD_MUTEX_ERRORCHECK || robust)
        IS(EPERM, pthread_mutex_unlock(m));
    IS(0, pthread_mutex_timedlock(m, &past)); /* free: the time is not looked at */
    IS(0, pthread_mutex_unlock(m));
    IS(0, pthread_mutex_clocklock(m, CLOCK_REALTIME, &past));
    IS(0, pthread_mutex_unlock(m));
    IS(EINVAL, pthread_mutex_clocklock(m, CLOCK_PROCESS_CPUTIME_ID, &past));
    IS(0, pthread_mutex_trylock(m));
    IS(0, pthread_mutex_unlock(m));
    waiting(take_and_drop, NULL);
    waiting(take_timed_and_drop, NULL);
    waiting(take_clock_and_drop, &clock);
    if (protocol == PTHREAD_PRIO_NONE)
        waiting(take_clock_and_drop, &mono);
}

static void every_attribute(void)
{
    static const int kinds[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                                 PTHREAD_MUTEX_ADAPTIVE_NP };
    static const int protocols[] = { PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT };
    pthread_mutexattr_t attr;

    m = shared_memory(sizeof(*m));
    for (int i = 0; i < 32; i++) {
        int shared = i >> 4;

        kind = kinds[i & 3];
        protocol = protocols[i >> 2 & 1];
        robust = i >> 3 & 1;
        printf(" kind %d protocol %d robust %d shared %d\n", kind, protocol, robust, shared);
        IS(0, pthread_mutexattr_init(&attr));
        IS(0, pthread_mutexattr_settype(&attr, kind));
        IS(0, pthread_mutexattr_setprotocol(&attr, protocol));
        IS(0, pthread_mutexattr_setrobust(&attr, robust));
        IS(0, pthread_mutexattr_setpshared(&attr, shared));
        IS(0, pthread_mutex_init(m, &attr));
        IS(0, pthread_mutexattr_destroy(&attr));
        battery();
        IS(0, pthread_mutex_destroy(m));
    }
    munmap(m, sizeof(*m));
}

static void static_initialisers(void)
{
    static pthread_mutex_t normal = PTHREAD_MUTEX_INITIALIZER, recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
                           checked = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP,
                           adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
    static const struct {
        pthread_mutex_t *mutex;
        int kind;
    } all[] = { { &normal, PTHREAD_MUTEX_NORMAL },
                { &recursive, PTHREAD_MUTEX_RECURSIVE },
                { &checked, PTHREAD_MUTEX_ERRORCHECK },
                { &adaptive, PTHREAD_MUTEX_ADAPTIVE_NP } };

    protocol = PTHREAD_PRIO_NONE;
    robust = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        m = all[i].mutex;
        kind = all[i].kind;
        battery();
        IS(0, pthread_mutex_destroy(m));
    }
}

/* With a ceiling. What a thread without a real-time policy gets, and whether it may set one, is the system's affair. In
 * a thread of its own, since there is no way back from a raised priority. */
static int with_ceiling(void *unused)
{
    static pthread_mutex_t mutex;
    pthread_mutexattr_t attr;
    int value = -1;

    IS(0, pthread_mutexattr_init(&attr));
    IS(0, pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_PROTECT));
    IS(0, pthread_mutexattr_setprioceiling(&attr, 5));
    IS(EINVAL, pthread_mutexattr_setprioceiling(&attr, 1000));
    IS(0, pthread_mutex_init(&mutex, &attr));
    IS(0, pthread_mutex_getprioceiling(&mutex, &value));
    IS(5, value);
    for (int i = 0; i < 2; i++) {
        int r;

        SAME(r = pthread_mutex_lock(&mutex));
        if (r == 0) {
            SAME(pthread_mutex_unlock(&mutex));
        }
        SAME(r = pthread_mutex_trylock(&mutex));
        if (r == 0) {
            SAME(pthread_mutex_unlock(&mutex));
        }
        SAME(r = pthread_mutex_timedlock(&mutex, &(struct timespec){ 1, 0 }));
        if (r == 0) {
            SAME(pthread_mutex_unlock(&mutex));
        }
        SAME(pthread_mutex_setprioceiling(&mutex, 7, &value));
        SAME(value);
        /* The same under a policy to which ceilings apply, where that is allowed. */
        SAME(pthread_setschedparam(pthread_self(), SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 }));
    }
    IS(0, pthread_mutex_destroy(&mutex));
    (void)unused;
    return 0;
}

static void ceilings(void)
{
    IS(0, elsewhere(with_ceiling, NULL));
}

static void attributes(void)
{
    pthread_mutexattr_t attr;
    int value = -1;

    IS(0, pthread_mutexattr_init(&attr));
    IS(0, pthread_mutexattr_gettype(&attr, &value));
    IS(PTHREAD_MUTEX_DEFAULT, value);
    IS(EINVAL, pthread_mutexattr_settype(&attr, 99));
    IS(EINVAL, pthread_mutexattr_setprotocol(&attr, 99));
    IS(EINVAL, pthread_mutexattr_setrobust(&attr, 99));
    IS(EINVAL, pthread_mutexattr_setpshared(&attr, 99));
    IS(0, pthread_mutexattr_getprotocol(&attr, &value));
    IS(PTHREAD_PRIO_NONE, value);
    IS(0, pthread_mutexattr_getrobust(&attr, &value));
    IS(PTHREAD_MUTEX_STALLED, value);
    IS(0, pthread_mutexattr_getpshared(&attr, &value));
    IS(PTHREAD_PROCESS_PRIVATE, value);
    IS(0, pthread_mutexattr_destroy(&attr));
}

/* ---- robust mutexes whose holder died ---- */

static int take_and_die(void *unused)
{
    (void)unused;
    return pthread_mutex_lock(m);
}

static int take_by(int way)
{
    struct timespec far = far_away(CLOCK_REALTIME), mono = far_away(CLOCK_MONOTONIC);

    switch (way) {
    case 0:
        return pthread_mutex_lock(m);
    case 1:
        return pthread_mutex_trylock(m);
    case 2:
        return pthread_mutex_timedlock(m, &far);
    case 3:
        return pthread_mutex_clocklock(m, CLOCK_REALTIME, &far);
    default:
        return pthread_mutex_clocklock(m, protocol ? CLOCK_REALTIME : CLOCK_MONOTONIC, protocol ? &far : &mono);
    }
}

static int take_in_turn(void *way)
{
    int r = take_by((int)(intptr_t)way);

    if (r == EOWNERDEAD && (pthread_mutex_consistent(m) != 0 || pthread_mutex_unlock(m) != 0))
        return -1;
    return r;
}

static pthread_mutex_t *make_robust(bool shared)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t *mutex = shared_memory(sizeof(*mutex));

    MUST(pthread_mutexattr_init(&attr) == 0);
    MUST(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
    MUST(pthread_mutexattr_settype(&attr, kind) == 0 && pthread_mutexattr_setprotocol(&attr, protocol) == 0);
    MUST(pthread_mutexattr_setpshared(&attr, shared) == 0);
    IS(0, pthread_mutex_init(mutex, &attr));
    return mutex;
}

static void robust_mutexes(void)
{
    static const int kinds[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK };

    for (int i = 0; i < 30; i++) {
        int way = i / 6;

        kind = kinds[i % 3];
        protocol = i / 3 % 2 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE;
        printf(" kind %d protocol %d way %d\n", kind, protocol, way);
        m = make_robust(false);
        IS(EINVAL, pthread_mutex_consistent(m));
        IS(0, elsewhere(take_and_die, NULL));
        IS(EOWNERDEAD, take_by(way));
        if (kind == PTHREAD_MUTEX_NORMAL)
            IS(EBUSY, pthread_mutex_trylock(m));
        IS(0, pthread_mutex_consistent(m));
        IS(0, pthread_mutex_unlock(m));
        IS(0, take_by(way));
        IS(0, pthread_mutex_unlock(m));
        IS(0, elsewhere(take_and_die, NULL));
        IS(EOWNERDEAD, take_by(way));
        IS(0, pthread_mutex_unlock(m)); /* not made consistent: lost for good */
        for (int j = 0; j < 5; j++)
            if (j != 1)
                IS(ENOTRECOVERABLE, take_by(j));
        IS(ENOTRECOVERABLE, elsewhere(take_in_turn, (void *)(intptr_t)way));
        SAME(pthread_mutex_unlock(m)); /* EPERM or ENOTRECOVERABLE */
        /* The last call of all: glibc's own may leave such a mutex taken. */
        SAME(pthread_mutex_trylock(m));
        IS(0, pthread_mutex_destroy(m));
        munmap(m, sizeof(*m));
    }
}

static atomic_bool may_die;

static int take_wait_and_die(void *unused)
{
    int r = pthread_mutex_lock(m);

    (void)unused;
    while (!atomic_load(&may_die))
        sched_yield();
    return r;
}

/* One thread waits for the mutex when its holder dies. */
static void robust_waiter(void)
{
    for (int i = 0; i < 4; i++) {
        struct job holder, waiter;

        kind = i % 2 ? PTHREAD_MUTEX_NORMAL : PTHREAD_MUTEX_RECURSIVE;
        protocol = i / 2 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE;
        m = make_robust(false);
        atomic_store(&may_die, false);
        job_start(&holder, take_wait_and_die, NULL);
        while (pthread_mutex_trylock(m) != EBUSY)
            MUST(pthread_mutex_unlock(m) == 0);
        job_start(&waiter, take_in_turn, NULL);
        YES(SLEEPS_ON(&waiter, m));
        atomic_store(&may_die, true);
        IS(0, job_end(&holder));
        IS(EOWNERDEAD, job_end(&waiter));
        IS(0, pthread_mutex_destroy(m));
        munmap(m, sizeof(*m));
    }
}

/* ---- between processes ---- */

static void shared_by_fork(void)
{
    for (int i = 0; i < 2; i++) {
        pthread_mutexattr_t attr;
        pid_t child;

        m = shared_memory(sizeof(*m));
        MUST(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0);
        MUST(pthread_mutexattr_setprotocol(&attr, i ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE) == 0);
        IS(0, pthread_mutex_init(m, &attr));
        IS(0, pthread_mutex_lock(m));
        child = fork();
        if (child == 0)
            _exit(pthread_mutex_trylock(m) == EBUSY && take_and_drop(NULL) == 0 ? 7 : 8);
        YES(child_sleeps_on(child, m, sizeof(*m)));
        IS(0, pthread_mutex_unlock(m));
        IS(7, status_of(child));
        IS(0, pthread_mutex_destroy(m));
        munmap(m, sizeof(*m));
    }
}

/* The holder is a process that dies, by its own hand or another's. */
static void shared_and_robust(void)
{
    kind = PTHREAD_MUTEX_NORMAL;
    for (int i = 0; i < 4; i++) {
        pid_t child;

        protocol = i / 2 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE;
        m = make_robust(true);
        child = fork();
        if (child == 0) {
            if (pthread_mutex_lock(m) != 0)
                _exit(9);
            if (i % 2)
                raise(SIGKILL);
            _exit(3);
        }
        IS(i % 2 ? -SIGKILL : 3, status_of(child));
        IS(EOWNERDEAD, pthread_mutex_lock(m));
        IS(0, pthread_mutex_consistent(m));
        IS(0, pthread_mutex_unlock(m));
        IS(0, take_and_drop(NULL));
        IS(0, pthread_mutex_destroy(m));
        munmap(m, sizeof(*m));
    }
}

CONFORM({ "attributes", attributes }, { "every attribute", every_attribute },
        { "static initialisers", static_initialisers }, { "ceilings", ceilings }, { "robust", robust_mutexes },
        { "robust with a waiter", robust_waiter }, { "shared by fork", shared_by_fork },
        { "shared and robust", shared_and_robust })
