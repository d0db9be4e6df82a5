/* SPDX-License-Identifier: MIT */
/* Calls that break rules: whatever is reported of them, they return what they return. Nothing is printed of it here, and
 * the status is the program's own; other tests hold the reports. */
/* status: 0 */
/* options: log=none */
/* options: fail_on=never */
#include "conform.h"

#include <threads.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, adaptive;
static pthread_rwlock_t w = PTHREAD_RWLOCK_INITIALIZER;

static int unlock_mutex(void *mutex)
{
    return pthread_mutex_unlock(mutex);
}

static int unlock_rwlock(void *rwlock)
{
    return pthread_rwlock_unlock(rwlock);
}

static int try_mutex(void *mutex)
{
    return pthread_mutex_trylock(mutex);
}

static int take_mutex(void *mutex)
{
    return pthread_mutex_lock(mutex);
}

static void again(void)
{
    struct timespec past = long_ago();
    pthread_mutexattr_t attr;
    mtx_t c;

    MUST(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP) == 0);
    MUST(pthread_mutex_init(&adaptive, &attr) == 0);
    IS(0, pthread_mutex_lock(&a));
    IS(EBUSY, pthread_mutex_trylock(&a));
    IS(ETIMEDOUT, pthread_mutex_timedlock(&a, &past));
    IS(ETIMEDOUT, pthread_mutex_clocklock(&a, CLOCK_REALTIME, &past));
    IS(ETIMEDOUT, pthread_mutex_clocklock(&a, CLOCK_MONOTONIC, &past));
    IS(0, pthread_mutex_unlock(&a));
    IS(0, pthread_mutex_lock(&adaptive));
    IS(EBUSY, pthread_mutex_trylock(&adaptive));
    IS(ETIMEDOUT, pthread_mutex_timedlock(&adaptive, &past));
    IS(0, pthread_mutex_unlock(&adaptive));
    IS(thrd_success, mtx_init(&c, mtx_timed));
    IS(thrd_success, mtx_lock(&c));
    IS(thrd_busy, mtx_trylock(&c));
    IS(thrd_timedout, mtx_timedlock(&c, &past));
    IS(thrd_success, mtx_unlock(&c));
    for (int kind = 0; kind < 3; kind++) {
        pthread_rwlockattr_t kind_attr;

        MUST(pthread_rwlockattr_init(&kind_attr) == 0 && pthread_rwlockattr_setkind_np(&kind_attr, kind) == 0);
        IS(0, pthread_rwlock_init(&w, &kind_attr));
        IS(0, pthread_rwlock_wrlock(&w));
        IS(EDEADLK, pthread_rwlock_rdlock(&w));
        IS(EDEADLK, pthread_rwlock_wrlock(&w));
        IS(EBUSY, pthread_rwlock_tryrdlock(&w));
        IS(EBUSY, pthread_rwlock_trywrlock(&w));
        IS(EDEADLK, pthread_rwlock_timedrdlock(&w, &past));
        IS(EDEADLK, pthread_rwlock_timedwrlock(&w, &past));
        IS(EDEADLK, pthread_rwlock_clockrdlock(&w, CLOCK_MONOTONIC, &past));
        IS(EDEADLK, pthread_rwlock_clockwrlock(&w, CLOCK_MONOTONIC, &past));
        IS(0, pthread_rwlock_unlock(&w));
        IS(0, pthread_rwlock_rdlock(&w));
        IS(0, pthread_rwlock_rdlock(&w));
        IS(EBUSY, pthread_rwlock_trywrlock(&w));
        IS(ETIMEDOUT, pthread_rwlock_timedwrlock(&w, &past));
        IS(ETIMEDOUT, pthread_rwlock_clockwrlock(&w, CLOCK_MONOTONIC, &past));
        IS(0, pthread_rwlock_unlock(&w));
        IS(0, pthread_rwlock_unlock(&w));
        IS(0, pthread_rwlock_trywrlock(&w));
        IS(0, pthread_rwlock_unlock(&w));
        IS(0, pthread_rwlock_destroy(&w));
    }
}

static void released_by_others(void)
{
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

    IS(0, pthread_mutex_lock(&a));
    IS(0, elsewhere(unlock_mutex, &a));
    IS(0, pthread_mutex_trylock(&a));
    IS(0, pthread_mutex_unlock(&a));
    IS(0, pthread_rwlock_rdlock(&lock)); /* a writer's word is looked at by libc; readers are only counted */
    IS(0, elsewhere(unlock_rwlock, &lock));
    IS(0, pthread_rwlock_trywrlock(&lock));
    IS(0, pthread_rwlock_unlock(&lock));
}

static void destroyed_while_held(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, *in_heap;
    void *page;

    IS(0, pthread_mutex_lock(&mutex));
    IS(EBUSY, pthread_mutex_destroy(&mutex));
    IS(0, pthread_mutex_unlock(&mutex));
    IS(0, pthread_mutex_lock(&mutex));
    IS(0, pthread_mutex_init(&mutex, NULL));
    IS(0, pthread_mutex_lock(&mutex));
    IS(0, pthread_mutex_unlock(&mutex));
    MUST((in_heap = malloc(sizeof(*in_heap))) != NULL);
    IS(0, pthread_mutex_init(in_heap, NULL));
    IS(0, pthread_mutex_lock(in_heap));
    errno = 5;
    free(in_heap);
    YES(errno == 5);
    MUST((page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED);
    IS(0, pthread_mutex_init(page, NULL));
    IS(0, pthread_mutex_lock(page));
    IS(0, munmap(page, 4096));
    IS(0, pthread_mutex_lock(&a)); /* what went with the page is looked at no more */
    IS(0, pthread_mutex_lock(&b));
    IS(0, status_of(({
           pid_t child = fork();

           if (child == 0)
               _exit(pthread_mutex_unlock(&b) != 0 || pthread_mutex_unlock(&a) != 0);
           child;
       })));
    IS(0, pthread_mutex_unlock(&b));
    IS(0, pthread_mutex_unlock(&a));
}

/* Its thread is gone, the lock stays held. */
static void abandoned(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

    IS(0, elsewhere(take_mutex, &mutex));
    IS(EBUSY, pthread_mutex_trylock(&mutex));
    IS(ETIMEDOUT, pthread_mutex_timedlock(&mutex, &(struct timespec){ 1, 0 }));
}

static void both_orders(void)
{
    nest(&a, &b);
    nest(&b, &a);
    IS(0, pthread_mutex_lock(&a));
    IS(EBUSY, elsewhere(try_mutex, &a));
    IS(0, pthread_mutex_unlock(&a));
    for (int i = 0; i < 100; i++) {
        nest(&a, &b);
        nest(&b, &a);
    }
    IS(0, pthread_mutex_trylock(&a));
    IS(0, pthread_mutex_unlock(&a));
}

/* A child takes what another thread held at the fork: it can only try. */
static pthread_mutex_t held_by_other = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool may_drop;

static int hold(void *unused)
{
    int r = pthread_mutex_lock(&held_by_other);

    (void)unused;
    while (!atomic_load(&may_drop))
        sched_yield();
    return r != 0 ? r : pthread_mutex_unlock(&held_by_other);
}

static void taken_in_child(void)
{
    struct job job;
    pid_t child;

    job_start(&job, hold, NULL);
    while (pthread_mutex_trylock(&held_by_other) == 0)
        MUST(pthread_mutex_unlock(&held_by_other) == 0);
    child = fork();
    if (child == 0) {
        struct timespec past = long_ago();

        _exit(pthread_mutex_trylock(&held_by_other) == EBUSY &&
                      pthread_mutex_timedlock(&held_by_other, &past) == ETIMEDOUT &&
                      pthread_mutex_init(&held_by_other, NULL) == 0 && pthread_mutex_lock(&held_by_other) == 0 &&
                      pthread_mutex_unlock(&held_by_other) == 0
                  ? 7
                  : 8);
    }
    IS(7, status_of(child));
    atomic_store(&may_drop, true);
    IS(0, job_end(&job));
}

/* Two mutexes at one condition variable, one after the other; a wait without the mutex. */
static void waits(void)
{
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct timespec past = long_ago();
    pthread_mutexattr_t attr;
    pthread_mutex_t checked;

    MUST(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK) == 0);
    MUST(pthread_mutex_init(&checked, &attr) == 0);
    IS(EPERM, pthread_cond_wait(&cond, &checked));
    IS(EPERM, pthread_cond_timedwait(&cond, &checked, &past));
    IS(EPERM, pthread_cond_clockwait(&cond, &checked, CLOCK_MONOTONIC, &past));
    IS(0, pthread_mutex_lock(&a));
    IS(ETIMEDOUT, pthread_cond_timedwait(&cond, &a, &past));
    IS(0, pthread_mutex_unlock(&a));
    IS(0, pthread_mutex_lock(&b));
    IS(ETIMEDOUT, pthread_cond_timedwait(&cond, &b, &past));
    IS(0, pthread_mutex_unlock(&b));
    IS(0, pthread_cond_destroy(&cond));
}

static void on_signal(int number)
{
    (void)number;
    MUST(pthread_mutex_trylock(&a) == EBUSY);
    MUST(pthread_mutex_timedlock(&a, &(struct timespec){ 1, 0 }) == ETIMEDOUT);
    nest(&adaptive, &b);
}

static void in_handler(void)
{
    struct sigaction action = { .sa_handler = on_signal };

    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    IS(0, pthread_mutex_lock(&a));
    IS(0, raise(SIGUSR1));
    IS(0, pthread_mutex_unlock(&a));
    nest(&b, &adaptive);
    IS(0, pthread_mutex_trylock(&a));
    IS(0, pthread_mutex_unlock(&a));
}

CONFORM({ "again", again }, { "released by others", released_by_others },
        { "destroyed while held", destroyed_while_held }, { "abandoned", abandoned }, { "both orders", both_orders },
        { "taken in a child", taken_in_child }, { "waits", waits }, { "in a handler", in_handler })
