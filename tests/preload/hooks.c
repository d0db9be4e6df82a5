/* SPDX-License-Identifier: MIT */
/*
 * Each hook that takes a lock is really reached. A lock A that is taken by the hook, and B under it, make A -> B; then B,
 * and A under it by a plain call, close the cycle. If the hook were passed by, there would be no finding. The same for
 * hooks that release: were one passed by, A would count as held in what follows, and there would be others.
 * Each lock is initialised at a place of its own and so is a class of its own.
 */
/* status: 66 */
/* findings: 26 */
/* reject: ^WARNING: (?!possible circular) */
#include "program.h"

#include <threads.h>

static struct timespec real, mono;

/* In the order A -> B by @take and then in the other. */
#define BOTH_ORDERS(type, init, take, plain, release)                         \
    do {                                                                      \
        static pthread_mutex_t b_ = PTHREAD_MUTEX_INITIALIZER;                \
        static type a_;                                                       \
        type *a = &a_;                                                        \
                                                                              \
        MUST((init) == 0);                                                    \
        MUST((take) == 0);                                                    \
        MUST(pthread_mutex_lock(&b_) == 0 && pthread_mutex_unlock(&b_) == 0); \
        MUST((release) == 0);                                                 \
        MUST(pthread_mutex_lock(&b_) == 0);                                   \
        MUST((plain) == 0 && (release) == 0);                                 \
        MUST(pthread_mutex_unlock(&b_) == 0);                                 \
    } while (0)

#define MUTEX(take) \
    BOTH_ORDERS(pthread_mutex_t, pthread_mutex_init(a, NULL), take, pthread_mutex_lock(a), pthread_mutex_unlock(a))
#define RWLOCK(take)                                                                            \
    BOTH_ORDERS(pthread_rwlock_t, pthread_rwlock_init(a, NULL), take, pthread_rwlock_wrlock(a), \
                pthread_rwlock_unlock(a))
#define SPIN(take) \
    BOTH_ORDERS(pthread_spinlock_t, pthread_spin_init(a, 0), take, pthread_spin_lock(a), pthread_spin_unlock(a))
#define FILES(take) BOTH_ORDERS(FILE *, (*a = tmpfile()) == NULL, take, (flockfile(*a), 0), (funlockfile(*a), 0))
#define MTX(take) BOTH_ORDERS(mtx_t, mtx_init(a, mtx_timed), take, mtx_lock(a), mtx_unlock(a))

/* A -> B by plain calls; then a wait with A while B is held, which takes A again: B -> A by the hook alone. */
struct waiting {
    pthread_mutex_t *a;
    void *cond;
    int (*signal)(void *cond);
};

static void *signaller(void *arg)
{
    struct waiting *w = arg;

    MUST(pthread_mutex_lock(w->a) == 0); /* got once the other waits */
    MUST(w->signal(w->cond) == 0);
    MUST(pthread_mutex_unlock(w->a) == 0);
    return NULL;
}

static int signal_posix(void *cond)
{
    return pthread_cond_signal(cond);
}

static int signal_c11(void *cond)
{
    return cnd_signal(cond);
}

#define WAIT(cond_type, signal_fn, mutex_type, wait, wanted)                    \
    do {                                                                        \
        static pthread_mutex_t b_ = PTHREAD_MUTEX_INITIALIZER;                  \
        static pthread_mutex_t a_ = PTHREAD_MUTEX_INITIALIZER;                  \
        static cond_type cond_;                                                 \
        struct waiting waiting_ = { &a_, &cond_, signal_fn };                   \
        mutex_type *a = (mutex_type *)(void *)&a_;                              \
        cond_type *cond = &cond_;                                               \
        pthread_t thread_;                                                      \
                                                                                \
        MUST(pthread_mutex_lock(&a_) == 0 && pthread_mutex_lock(&b_) == 0);     \
        if ((wanted) == 0)                                                      \
            MUST(pthread_create(&thread_, NULL, signaller, &waiting_) == 0);    \
        MUST((wait) == (wanted));                                               \
        MUST(pthread_mutex_unlock(&b_) == 0 && pthread_mutex_unlock(&a_) == 0); \
        if ((wanted) == 0)                                                      \
            MUST(pthread_join(thread_, NULL) == 0);                             \
    } while (0)

static void conditions(void)
{
    struct timespec past = long_ago();

    WAIT(pthread_cond_t, signal_posix, pthread_mutex_t, pthread_cond_wait(cond, a), 0);
    WAIT(pthread_cond_t, signal_posix, pthread_mutex_t, pthread_cond_timedwait(cond, a, &past), ETIMEDOUT);
    WAIT(pthread_cond_t, signal_posix, pthread_mutex_t, pthread_cond_clockwait(cond, a, CLOCK_MONOTONIC, &past),
         ETIMEDOUT);
    WAIT(cnd_t, signal_c11, mtx_t, cnd_wait(cond, a), thrd_success);
    WAIT(cnd_t, signal_c11, mtx_t, cnd_timedwait(cond, a, &past), thrd_timedout);
}

/* Two once controls of one class: b under the first's routine, and the second under b. */
#define ONCE(type, name, call)                                                                          \
    static __attribute__((noinline)) void name(type *once, void (*routine)(void))                       \
    {                                                                                                   \
        call(once, routine);                                                                            \
        __asm__ volatile("" ::: "memory"); /* no tail call: the class is the place of the call above */ \
    }                                                                                                   \
    static pthread_mutex_t under_##name = PTHREAD_MUTEX_INITIALIZER;                                    \
    static void routine_##name(void)                                                                    \
    {                                                                                                   \
        MUST(pthread_mutex_lock(&under_##name) == 0);                                                   \
        MUST(pthread_mutex_unlock(&under_##name) == 0);                                                 \
    }                                                                                                   \
    static void orders_##name(void)                                                                     \
    {                                                                                                   \
        type *once = calloc(2, sizeof(*once));                                                          \
                                                                                                        \
        name(&once[0], routine_##name);                                                                 \
        MUST(pthread_mutex_lock(&under_##name) == 0);                                                   \
        name(&once[1], nothing);                                                                        \
        MUST(pthread_mutex_unlock(&under_##name) == 0);                                                 \
    }

static void nothing(void)
{
}

ONCE(pthread_once_t, once_posix, pthread_once)
ONCE(once_flag, once_c11, call_once)

int main(void)
{
    real = far_away(CLOCK_REALTIME);
    mono = far_away(CLOCK_MONOTONIC);
    MUTEX(pthread_mutex_lock(a));
    MUTEX(pthread_mutex_trylock(a));
    MUTEX(pthread_mutex_timedlock(a, &real));
    MUTEX(pthread_mutex_clocklock(a, CLOCK_MONOTONIC, &mono));
    RWLOCK(pthread_rwlock_wrlock(a));
    RWLOCK(pthread_rwlock_trywrlock(a));
    RWLOCK(pthread_rwlock_timedwrlock(a, &real));
    RWLOCK(pthread_rwlock_clockwrlock(a, CLOCK_MONOTONIC, &mono));
    RWLOCK(pthread_rwlock_rdlock(a));
    RWLOCK(pthread_rwlock_tryrdlock(a));
    RWLOCK(pthread_rwlock_timedrdlock(a, &real));
    RWLOCK(pthread_rwlock_clockrdlock(a, CLOCK_MONOTONIC, &mono));
    SPIN(pthread_spin_lock(a));
    SPIN(pthread_spin_trylock(a));
    MTX(mtx_lock(a));
    MTX(mtx_trylock(a));
    MTX(mtx_timedlock(a, &real));
    conditions();
    FILES((flockfile(*a), 0));
    FILES(ftrylockfile(*a));
    orders_once_posix();
    orders_once_c11();
    puts("done");
    return 0;
}
