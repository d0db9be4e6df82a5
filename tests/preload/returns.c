/* SPDX-License-Identifier: MIT */
/* Every hooked function, where it succeeds and where it fails: the return values and errno are libc's own. Calls that
 * answer with EDEADLK, EPERM or EBUSY are what such a mutex was asked for: no findings. */
/* A thread that waits in vain is joined under the lock: no matter here. */
/* options: events=annotated */
#include "program.h"

#include <threads.h>

#define SAY(call)                                 \
    do {                                          \
        int r_;                                   \
                                                  \
        errno = 1234;                             \
        r_ = (call);                              \
        printf("%3d %4d %s\n", r_, errno, #call); \
    } while (0)

static pthread_mutex_t *mutex_of(pthread_mutex_t *mutex, int type)
{
    pthread_mutexattr_t attr;

    MUST(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_settype(&attr, type) == 0);
    SAY(pthread_mutex_init(mutex, &attr));
    return mutex;
}

static pthread_mutex_t m, n;
static pthread_rwlock_t w;
static pthread_spinlock_t s;
static mtx_t c;

/* Calls from a thread that does not have the lock. */
static void *others(void *unused)
{
    struct timespec past = long_ago();

    SAY(pthread_mutex_trylock(&m));
    SAY(pthread_mutex_timedlock(&m, &past));
    SAY(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &past));
    SAY(pthread_mutex_unlock(&m));
    SAY(pthread_rwlock_tryrdlock(&w));
    SAY(pthread_rwlock_trywrlock(&w));
    SAY(pthread_rwlock_timedrdlock(&w, &past));
    SAY(pthread_rwlock_timedwrlock(&w, &past));
    SAY(pthread_rwlock_clockrdlock(&w, CLOCK_MONOTONIC, &past));
    SAY(pthread_rwlock_clockwrlock(&w, CLOCK_MONOTONIC, &past));
    SAY(pthread_spin_trylock(&s));
    SAY(mtx_trylock(&c));
    SAY(mtx_timedlock(&c, &past));
    return unused;
}

static void mutexes(void)
{
    struct timespec past = long_ago(), far = far_away(CLOCK_REALTIME), far_mono = far_away(CLOCK_MONOTONIC);
    struct timespec bad = { .tv_sec = 1, .tv_nsec = -1 };

    mutex_of(&n, PTHREAD_MUTEX_NORMAL);
    SAY(pthread_mutex_lock(&n));
    SAY(pthread_mutex_trylock(&n));
    SAY(pthread_mutex_unlock(&n));
    SAY(pthread_mutex_timedlock(&n, &far));
    SAY(pthread_mutex_unlock(&n));
    SAY(pthread_mutex_timedlock(&n, &bad)); /* not looked at: the mutex is free */
    SAY(pthread_mutex_unlock(&n));
    SAY(pthread_mutex_clocklock(&n, CLOCK_MONOTONIC, &far_mono));
    SAY(pthread_mutex_unlock(&n));
    SAY(pthread_mutex_clocklock(&n, CLOCK_PROCESS_CPUTIME_ID, &far_mono));
    SAY(pthread_mutex_trylock(&n));
    SAY(pthread_mutex_unlock(&n));
    SAY(pthread_mutex_destroy(&n));

    mutex_of(&n, PTHREAD_MUTEX_RECURSIVE);
    SAY(pthread_mutex_lock(&n));
    SAY(pthread_mutex_lock(&n));
    SAY(pthread_mutex_trylock(&n));
    SAY(pthread_mutex_timedlock(&n, &past));
    for (int i = 0; i < 4; i++)
        SAY(pthread_mutex_unlock(&n));
    SAY(pthread_mutex_unlock(&n));
    SAY(pthread_mutex_destroy(&n));

    mutex_of(&m, PTHREAD_MUTEX_ERRORCHECK);
    SAY(pthread_mutex_unlock(&m));
    SAY(pthread_mutex_lock(&m));
    SAY(pthread_mutex_lock(&m));
    SAY(pthread_mutex_trylock(&m));
    SAY(pthread_mutex_timedlock(&m, &past));
    SAY(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &past));
}

static void rwlocks(void)
{
    struct timespec far = far_away(CLOCK_REALTIME), far_mono = far_away(CLOCK_MONOTONIC);

    SAY(pthread_rwlock_init(&w, NULL));
    SAY(pthread_rwlock_rdlock(&w));
    SAY(pthread_rwlock_rdlock(&w));
    SAY(pthread_rwlock_tryrdlock(&w));
    SAY(pthread_rwlock_trywrlock(&w));
    SAY(pthread_rwlock_timedrdlock(&w, &far));
    SAY(pthread_rwlock_clockrdlock(&w, CLOCK_MONOTONIC, &far_mono));
    for (int i = 0; i < 5; i++)
        SAY(pthread_rwlock_unlock(&w));
    SAY(pthread_rwlock_timedwrlock(&w, &far));
    SAY(pthread_rwlock_unlock(&w));
    SAY(pthread_rwlock_clockwrlock(&w, CLOCK_MONOTONIC, &far_mono));
    SAY(pthread_rwlock_unlock(&w));
    SAY(pthread_rwlock_clockwrlock(&w, CLOCK_PROCESS_CPUTIME_ID, &far_mono));
    SAY(pthread_rwlock_trywrlock(&w));
    SAY(pthread_rwlock_unlock(&w));
    SAY(pthread_rwlock_wrlock(&w));
}

static void spins(void)
{
    SAY(pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE));
    SAY(pthread_spin_trylock(&s));
    SAY(pthread_spin_unlock(&s));
    SAY(pthread_spin_lock(&s));
    SAY(pthread_spin_trylock(&s));
}

static void c11(void)
{
    struct timespec far = far_away(CLOCK_REALTIME);

    SAY(mtx_init(&c, 12345));
    SAY(mtx_init(&c, mtx_timed | mtx_recursive));
    SAY(mtx_lock(&c));
    SAY(mtx_lock(&c));
    SAY(mtx_trylock(&c));
    SAY(mtx_timedlock(&c, &far));
    for (int i = 0; i < 3; i++)
        SAY(mtx_unlock(&c));
}

static void conditions(void)
{
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct timespec past = long_ago(), bad = { .tv_sec = 1, .tv_nsec = -1 };
    cnd_t cnd;

    SAY(pthread_mutex_lock(&m));
    SAY(pthread_cond_timedwait(&cond, &m, &past));
    SAY(pthread_cond_timedwait(&cond, &m, &bad));
    SAY(pthread_cond_clockwait(&cond, &m, CLOCK_MONOTONIC, &past));
    SAY(pthread_cond_clockwait(&cond, &m, CLOCK_PROCESS_CPUTIME_ID, &past));
    SAY(pthread_mutex_unlock(&m));
    SAY(pthread_cond_timedwait(&cond, &m, &past)); /* EPERM: not its owner */
    SAY(pthread_cond_wait(&cond, &m));
    SAY(cnd_init(&cnd));
    SAY(mtx_lock(&c));
    SAY(cnd_timedwait(&cnd, &c, &past));
    SAY(cnd_timedwait(&cnd, &c, &bad));
    SAY(mtx_unlock(&c));
}

static void *nothing(void *arg)
{
    return arg;
}

static void threads(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    void *ret = NULL;

    SAY(pthread_create(&thread, NULL, nothing, &attr));
    SAY(pthread_join(thread, &ret));
    MUST(ret == &attr);
    SAY(pthread_join(pthread_self(), NULL));
    MUST(pthread_attr_init(&attr) == 0 && pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0);
    MUST(pthread_attr_setstacksize(&attr, (size_t)1 << 56) == 0);
    SAY(pthread_create(&thread, &attr, nothing, NULL)); /* no memory for such a stack */
}

static void once_routine(void)
{
    errno = 4321;
}

static void others_than_locks(void)
{
    pthread_once_t once = PTHREAD_ONCE_INIT;
    FILE *file = tmpfile(), *full = fopen("/dev/full", "w");
    pthread_t thread;
    void *ret;

    SAY(pthread_once(&once, once_routine));
    SAY(pthread_once(&once, once_routine));
    SAY(ftrylockfile(file));
    SAY(ftrylockfile(file));
    SAY((flockfile(file), 0));
    SAY((funlockfile(file), funlockfile(file), funlockfile(file), 0));
    SAY(fclose(file));
    MUST(full != NULL && fputs("x", full) >= 0);
    SAY(fclose(full)); /* ENOSPC */
    SAY(pclose(popen("exit 3", "r")));
    MUST(pthread_create(&thread, NULL, nothing, &once) == 0);
    SAY(pthread_clockjoin_np(thread, &ret, CLOCK_PROCESS_CPUTIME_ID, NULL));
    SAY(pthread_timedjoin_np(pthread_self(), &ret, NULL));
    SAY(pthread_tryjoin_np(pthread_self(), &ret));
    SAY(thrd_join(thrd_current(), NULL));
}

int main(void)
{
    mutexes();
    rwlocks();
    spins();
    c11();
    run_thread(others, NULL);
    SAY(pthread_mutex_unlock(&m));
    SAY(pthread_rwlock_unlock(&w));
    SAY(pthread_spin_unlock(&s));
    SAY(mtx_unlock(&c));
    conditions();
    threads();
    others_than_locks();
    SAY(pthread_rwlock_destroy(&w));
    SAY(pthread_spin_destroy(&s));
    mtx_destroy(&c);
    SAY(pthread_mutex_destroy(&m));
    return 0;
}
