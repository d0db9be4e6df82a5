/* SPDX-License-Identifier: MIT */
/* Read-write locks of the three kinds, private and shared; spinlocks. */
/* status: 0 */
/* Threads are joined under the very locks that they took: no matter here. */
/* options: events=annotated */
#include "conform.h"

static pthread_rwlock_t *w;
static int kind;

enum way {
    LOCK,
    TIMED,
    CLOCK_REAL,
    CLOCK_MONO,
    WAYS
};

static int read_by(enum way way, const struct timespec *real, const struct timespec *mono)
{
    switch (way) {
    case LOCK:
        return pthread_rwlock_rdlock(w);
    case TIMED:
        return pthread_rwlock_timedrdlock(w, real);
    case CLOCK_REAL:
        return pthread_rwlock_clockrdlock(w, CLOCK_REALTIME, real);
    default:
        return pthread_rwlock_clockrdlock(w, CLOCK_MONOTONIC, mono);
    }
}

static int write_by(enum way way, const struct timespec *real, const struct timespec *mono)
{
    switch (way) {
    case LOCK:
        return pthread_rwlock_wrlock(w);
    case TIMED:
        return pthread_rwlock_timedwrlock(w, real);
    case CLOCK_REAL:
        return pthread_rwlock_clockwrlock(w, CLOCK_REALTIME, real);
    default:
        return pthread_rwlock_clockwrlock(w, CLOCK_MONOTONIC, mono);
    }
}

static int read_and_drop(void *way)
{
    struct timespec real = far_away(CLOCK_REALTIME), mono = far_away(CLOCK_MONOTONIC);
    int r = read_by(*(enum way *)way, &real, &mono);

    return r != 0 ? r : pthread_rwlock_unlock(w);
}

static int write_and_drop(void *way)
{
    struct timespec real = far_away(CLOCK_REALTIME), mono = far_away(CLOCK_MONOTONIC);
    int r = write_by(*(enum way *)way, &real, &mono);

    return r != 0 ? r : pthread_rwlock_unlock(w);
}

/* What another thread gets while the lock is held for writing, or for reading. */
static int others(void *held_for_reading)
{
    struct timespec past = long_ago(), bad = { .tv_sec = 1, .tv_nsec = 1000000000 };

    if (held_for_reading != NULL) {
        IS(0, pthread_rwlock_tryrdlock(w));
        IS(0, pthread_rwlock_unlock(w));
        for (enum way way = LOCK; way < WAYS; way++) {
            IS(0, read_by(way, &past, &past));
            IS(0, pthread_rwlock_unlock(w));
        }
    } else {
        IS(EBUSY, pthread_rwlock_tryrdlock(w));
        IS(ETIMEDOUT, pthread_rwlock_timedrdlock(w, &past));
        IS(EINVAL, pthread_rwlock_timedrdlock(w, &bad));
        IS(ETIMEDOUT, pthread_rwlock_clockrdlock(w, CLOCK_REALTIME, &past));
        IS(ETIMEDOUT, pthread_rwlock_clockrdlock(w, CLOCK_MONOTONIC, &past));
    }
    IS(EBUSY, pthread_rwlock_trywrlock(w));
    IS(ETIMEDOUT, pthread_rwlock_timedwrlock(w, &past));
    IS(EINVAL, pthread_rwlock_timedwrlock(w, &bad));
    IS(ETIMEDOUT, pthread_rwlock_clockwrlock(w, CLOCK_REALTIME, &past));
    IS(ETIMEDOUT, pthread_rwlock_clockwrlock(w, CLOCK_MONOTONIC, &past));
    IS(EINVAL, pthread_rwlock_clockrdlock(w, CLOCK_PROCESS_CPUTIME_ID, &past));
    IS(EINVAL, pthread_rwlock_clockwrlock(w, CLOCK_PROCESS_CPUTIME_ID, &past));
    return 0;
}

static void exclusion(void)
{
    struct job job;

    IS(0, pthread_rwlock_wrlock(w));
    IS(0, elsewhere(others, NULL));
    IS(EBUSY, pthread_rwlock_tryrdlock(w));
    IS(EBUSY, pthread_rwlock_trywrlock(w));
    for (enum way way = LOCK; way < WAYS; way++) {
        job_start(&job, read_and_drop, &way);
        YES(SLEEPS_ON(&job, w));
        IS(0, pthread_rwlock_unlock(w));
        IS(0, job_end(&job));
        IS(0, pthread_rwlock_wrlock(w));
        job_start(&job, write_and_drop, &way);
        YES(SLEEPS_ON(&job, w));
        IS(0, pthread_rwlock_unlock(w));
        IS(0, job_end(&job));
        IS(0, pthread_rwlock_wrlock(w));
    }
    IS(0, pthread_rwlock_unlock(w));
    IS(0, pthread_rwlock_rdlock(w));
    IS(0, elsewhere(others, w));
    IS(EBUSY, pthread_rwlock_trywrlock(w));
    for (enum way way = LOCK; way < WAYS; way++) {
        job_start(&job, write_and_drop, &way);
        YES(SLEEPS_ON(&job, w));
        IS(0, pthread_rwlock_unlock(w));
        IS(0, job_end(&job));
        IS(0, pthread_rwlock_rdlock(w));
    }
    IS(0, pthread_rwlock_unlock(w));
}

static int try_read(void *unused)
{
    int r = pthread_rwlock_tryrdlock(w);

    (void)unused;
    return r != 0 ? r : pthread_rwlock_unlock(w);
}

static int read_in_no_time(void *unused)
{
    struct timespec past = long_ago();
    int r = pthread_rwlock_timedrdlock(w, &past);

    (void)unused;
    return r != 0 ? r : pthread_rwlock_unlock(w);
}

/* A writer waits: do other readers still pass? */
static void preference(void)
{
    bool writers_first = kind == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
    struct job writer, reader;
    enum way way = LOCK;

    IS(0, pthread_rwlock_rdlock(w));
    job_start(&writer, write_and_drop, &way);
    YES(SLEEPS_ON(&writer, w));
    IS(writers_first ? EBUSY : 0, elsewhere(try_read, NULL));
    IS(writers_first ? ETIMEDOUT : 0, elsewhere(read_in_no_time, NULL));
    job_start(&reader, read_and_drop, &way);
    IS(writers_first, SLEEPS_ON(&reader, w));
    IS(0, pthread_rwlock_unlock(w));
    IS(0, job_end(&writer));
    IS(0, job_end(&reader));
}

/* The writer gives up: readers pass again. */
static int write_until_told(void *until)
{
    return pthread_rwlock_timedwrlock(w, until);
}

static void writer_gives_up(void)
{
    struct timespec soon;
    struct job writer;

    IS(0, pthread_rwlock_rdlock(w));
    MUST(clock_gettime(CLOCK_REALTIME, &soon) == 0);
    soon.tv_sec += 1;
    job_start(&writer, write_until_told, &soon);
    IS(ETIMEDOUT, job_end(&writer));
    IS(0, elsewhere(try_read, NULL));
    IS(0, pthread_rwlock_unlock(w));
}

static atomic_int inside, most;

static int read_together(void *unused)
{
    (void)unused;
    if (pthread_rwlock_rdlock(w) != 0)
        return 1;
    atomic_fetch_add(&inside, 1);
    while (atomic_load(&inside) < 4)
        sched_yield();
    atomic_store(&most, atomic_load(&inside));
    return pthread_rwlock_unlock(w);
}

static void readers_together(void)
{
    struct job job[4];

    atomic_store(&inside, 0);
    for (int i = 0; i < 4; i++)
        job_start(&job[i], read_together, NULL);
    for (int i = 0; i < 4; i++)
        IS(0, job_end(&job[i]));
    IS(4, atomic_load(&most));
}

static void every_kind(void)
{
    pthread_rwlockattr_t attr;
    int value;

    w = shared_memory(sizeof(*w));
    for (int i = 0; i < 6; i++) {
        kind = i % 3;
        printf(" kind %d shared %d\n", kind, i / 3);
        IS(0, pthread_rwlockattr_init(&attr));
        IS(0, pthread_rwlockattr_setkind_np(&attr, kind));
        IS(0, pthread_rwlockattr_getkind_np(&attr, &value));
        IS(kind, value);
        IS(0, pthread_rwlockattr_setpshared(&attr, i / 3));
        IS(0, pthread_rwlockattr_getpshared(&attr, &value));
        IS(i / 3, value);
        IS(EINVAL, pthread_rwlockattr_setkind_np(&attr, 99));
        IS(EINVAL, pthread_rwlockattr_setpshared(&attr, 99));
        IS(0, pthread_rwlock_init(w, &attr));
        IS(0, pthread_rwlockattr_destroy(&attr));
        exclusion();
        preference();
        readers_together();
        IS(0, pthread_rwlock_destroy(w));
    }
    IS(0, pthread_rwlock_init(w, NULL));
    writer_gives_up();
    IS(0, pthread_rwlock_destroy(w));
    munmap(w, sizeof(*w));
}

static void static_initialisers(void)
{
    static pthread_rwlock_t plain = PTHREAD_RWLOCK_INITIALIZER,
                            writers = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

    w = &plain;
    kind = PTHREAD_RWLOCK_DEFAULT_NP;
    exclusion();
    preference();
    IS(0, pthread_rwlock_destroy(w));
    w = &writers;
    kind = PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
    exclusion();
    preference();
    IS(0, pthread_rwlock_destroy(w));
}

static void shared_by_fork(void)
{
    pthread_rwlockattr_t attr;
    enum way way = LOCK;
    pid_t child;

    w = shared_memory(sizeof(*w));
    MUST(pthread_rwlockattr_init(&attr) == 0 && pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0);
    IS(0, pthread_rwlock_init(w, &attr));
    IS(0, pthread_rwlock_wrlock(w));
    child = fork();
    if (child == 0)
        _exit(pthread_rwlock_tryrdlock(w) == EBUSY && read_and_drop(&way) == 0 && write_and_drop(&way) == 0 ? 7 : 8);
    YES(child_sleeps_on(child, w, sizeof(*w)));
    IS(0, pthread_rwlock_unlock(w));
    IS(7, status_of(child));
    IS(0, pthread_rwlock_destroy(w));
    munmap(w, sizeof(*w));
}

/* ---- spinlocks ---- */

static pthread_spinlock_t *spin;

static int spin_try(void *unused)
{
    (void)unused;
    return pthread_spin_trylock(spin);
}

static atomic_int got, released;

static int spin_and_drop(void *unused)
{
    int r = pthread_spin_lock(spin);

    (void)unused;
    atomic_store(&got, 1 + atomic_load(&released));
    return r != 0 ? r : pthread_spin_unlock(spin);
}

static void spins(void)
{
    spin = shared_memory(sizeof(int));
    for (int shared = 0; shared < 2; shared++) {
        struct job job[3];

        IS(0, pthread_spin_init(spin, shared));
        IS(0, pthread_spin_lock(spin));
        IS(EBUSY, pthread_spin_trylock(spin));
        IS(EBUSY, elsewhere(spin_try, NULL));
        atomic_store(&released, 0);
        for (int i = 0; i < 3; i++)
            job_start(&job[i], spin_and_drop, NULL);
        for (int i = 0; i < 100; i++)
            sched_yield();
        atomic_store(&released, 1);
        IS(0, pthread_spin_unlock(spin));
        for (int i = 0; i < 3; i++)
            IS(0, job_end(&job[i]));
        IS(2, atomic_load(&got)); /* nobody got it before */
        IS(0, pthread_spin_trylock(spin));
        IS(0, pthread_spin_unlock(spin));
        IS(0, elsewhere(spin_and_drop, NULL));
        if (shared) {
            pid_t child;

            IS(0, pthread_spin_lock(spin));
            child = fork();
            if (child == 0)
                _exit(pthread_spin_trylock(spin) == EBUSY ? 7 : 8);
            IS(7, status_of(child));
            IS(0, pthread_spin_unlock(spin));
        }
        IS(0, pthread_spin_destroy(spin));
    }
}

CONFORM({ "every kind", every_kind }, { "static initialisers", static_initialisers },
        { "shared by fork", shared_by_fork }, { "spinlocks", spins })
