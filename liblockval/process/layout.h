/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_LAYOUT_H
#define LV_PROCESS_LAYOUT_H

/*
 * What glibc's lock objects look like inside: where they have room for an identity, and what they say of themselves. This
 * is the only place that knows. The layout is tested at start (layout.c); where the test fails, or the C library or the
 * machine is another one, identities are kept in the table.
 */

#include "engine/fast.h"

#include <pthread.h>
#include <semaphore.h>

#if defined(__GLIBC__) && defined(__x86_64__)
#define LV_LAYOUT_KNOWN 1
#else
#define LV_LAYOUT_KNOWN 0
#endif

/* Bits of a mutex's kind. Robust, priority-inheriting, -protecting and process-shared mutexes have no room. */
enum {
    LV_MUTEX_TYPE = 3, /* PTHREAD_MUTEX_NORMAL, _RECURSIVE, _ERRORCHECK, _ADAPTIVE_NP */
    LV_MUTEX_ROBUST = 16,
    LV_MUTEX_PROTECT = 64,
    LV_MUTEX_SHARED = 128,
    LV_MUTEX_NO_ROOM = LV_MUTEX_ROBUST | 32 | LV_MUTEX_PROTECT | LV_MUTEX_SHARED,
    LV_MUTEX_ELISION = 256
};

/* Who has a lock, as the lock itself tells. */
enum lv_holding {
    LV_HOLDING_UNKNOWN, /* it does not tell: somebody, or it cannot be asked */
    LV_HOLDING_NOBODY,
    LV_HOLDING_OTHER, /* another thread than the one asked for */
    LV_HOLDING_SELF
};

/* Has the thread @tid the lock @object, which is of a pthread kind and can be read? */
enum lv_holding lv_object_holding(const struct lv_object *object, int tid);

/* Try at run time, with objects of our own, that libc leaves the words alone; sets ctx->identity_inside. With
 * @table_only the answer is no without trying. */
void lv_layout_test(struct lv_context *ctx, bool table_only);

/* Does somebody have @object, so that a call for it in @mode would wait? True also for kinds that cannot be asked. */
bool lv_object_is_busy(const struct lv_object *object, enum lv_mode mode);

/* Is the lock at @address shared between processes, as its attribute says? Its memory may be gone: that is a no. */
bool lv_lock_is_shared(uintptr_t address, enum lv_kind kind);

#if LV_LAYOUT_KNOWN

static inline int lv_mutex_kind(const pthread_mutex_t *mutex)
{
    return mutex->__data.__kind;
}

/* Does the mutex itself say that the thread @tid has it? For claims that would otherwise rest on our books alone. */
static inline bool lv_mutex_is_owner(const pthread_mutex_t *mutex, int tid)
{
    return mutex->__data.__owner == tid;
}

/* May another thread than @tid have it? Asked of memory that may be no lock yet, before it is looked at closely. */
static inline bool lv_mutex_may_be_others(const pthread_mutex_t *mutex, int tid)
{
    return mutex->__data.__owner != 0 && mutex->__data.__owner != tid;
}

static inline bool lv_rwlock_may_be_others(const pthread_rwlock_t *rwlock, int tid)
{
    int writer = rwlock->__data.__cur_writer;

    return writer != tid &&
           (writer != 0 || rwlock->__data.__readers >> 3 != 0); /* above three bits of state: how many */
}

/* Does somebody have the lock, so that a call for it in @mode would wait? A look without a promise: by the call it may have
 * changed. */
LV_ALWAYS_INLINE bool lv_mutex_is_busy(const pthread_mutex_t *mutex)
{
    return __atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED) != 0;
}

LV_ALWAYS_INLINE bool lv_rwlock_is_busy(const pthread_rwlock_t *rwlock, enum lv_mode mode)
{
    /* Bits: a writer has it or is next; readers sleep; above, how many read. */
    unsigned kept = mode == LV_WRITE ? ~5u : 2u;

    return (__atomic_load_n(&rwlock->__data.__readers, __ATOMIC_RELAXED) & kept) != 0;
}

LV_ALWAYS_INLINE bool lv_spin_is_busy(const volatile int *spin)
{
    return *spin <= 0;
}

/* Is the condition variable (or C11's) used by several processes? */
static inline bool lv_cond_is_shared(const void *cond)
{
    return (((const pthread_cond_t *)cond)->__data.__wrefs & 1) != 0;
}

/* Does anybody wait on it, or leave a wait? Who does not comes too late for a wake that comes now. */
static inline bool lv_cond_is_waited_on(const void *cond)
{
    return __atomic_load_n(&((const pthread_cond_t *)cond)->__data.__wrefs, __ATOMIC_RELAXED) >> 3 != 0;
}

/*
 * A barrier is five numbers: threads that came so far, threads of the rounds that are over, threads of a round, whether it is
 * shared between processes, threads that left.
 */
enum lv_barrier_word {
    LV_BARRIER_IN,
    LV_BARRIER_ROUND,
    LV_BARRIER_COUNT,
    LV_BARRIER_SHARED
};

static inline uint32_t lv_barrier_word(const pthread_barrier_t *barrier, enum lv_barrier_word word)
{
    return __atomic_load_n((const uint32_t *)(const void *)barrier + word, __ATOMIC_RELAXED);
}

static inline bool lv_barrier_is_shared(const pthread_barrier_t *barrier)
{
    return lv_barrier_word(barrier, LV_BARRIER_SHARED) != 0;
}

static inline uint32_t lv_barrier_round(const pthread_barrier_t *barrier)
{
    return lv_barrier_word(barrier, LV_BARRIER_ROUND);
}

static inline bool lv_rwlock_reader_blocks(const pthread_rwlock_t *rwlock)
{
    return rwlock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
}

static inline struct lv_object lv_mutex_object(const struct lv_context *ctx, pthread_mutex_t *mutex)
{
    uint64_t *words = (uint64_t *)(void *)&mutex->__data.__list;
    bool inside = ctx->identity_inside[LV_KIND_MUTEX] && (mutex->__data.__kind & LV_MUTEX_NO_ROOM) == 0;

    return (struct lv_object){ (uintptr_t)mutex, LV_KIND_MUTEX, inside ? &words[0] : NULL, &words[1] };
}

static inline struct lv_object lv_rwlock_object(const struct lv_context *ctx, pthread_rwlock_t *rwlock)
{
    uint64_t *word = (uint64_t *)(void *)&rwlock->__data.__pad2;
    uint64_t *seal = (uint64_t *)(void *)&rwlock->__data.__pad3; /* with __pad4 behind it */
    bool inside = ctx->identity_inside[LV_KIND_RWLOCK] && rwlock->__data.__shared == 0;

    return (struct lv_object){ (uintptr_t)rwlock, LV_KIND_RWLOCK, inside ? word : NULL, seal };
}

/* The identity word of a lock that the fast path may take; false: it has none, or not there. A lock without room has
 * nothing of ours at that place. */
LV_ALWAYS_INLINE bool lv_mutex_fast_word(const struct lv_thread *t, const pthread_mutex_t *mutex, uint64_t *ret_word)
{
    const uint64_t *words = (const uint64_t *)(const void *)&mutex->__data.__list;

    return lv_fast_word(t, (uintptr_t)mutex, &words[0], &words[1], ret_word);
}

LV_ALWAYS_INLINE bool lv_rwlock_fast_word(const struct lv_thread *t, const pthread_rwlock_t *rwlock, uint64_t *ret_word)
{
    return lv_fast_word(t, (uintptr_t)rwlock, (const uint64_t *)(const void *)&rwlock->__data.__pad2,
                        (const uint64_t *)(const void *)&rwlock->__data.__pad3, ret_word);
}

/*
 * A semaphore is 16 bytes: value and waiters in 8, whether it is shared between processes in 4, nothing in 4. The other 16
 * bytes are not used, and sem_init does not clear them. Those of sem_open are shared.
 */
_Static_assert(sizeof(sem_t) == 32, "a sem_t has room for two words");

static inline bool lv_sem_is_private(const sem_t *sem)
{
    unsigned shared;

    __builtin_memcpy(&shared, sem->__size + 8, sizeof(shared));
    return shared == 0;
}

static inline bool lv_sem_has_value(const sem_t *sem)
{
    return (uint32_t)__atomic_load_n((const uint64_t *)(const void *)sem, __ATOMIC_RELAXED) != 0;
}

static inline struct lv_object lv_sem_object(const struct lv_context *ctx, sem_t *sem)
{
    uint64_t *words = (uint64_t *)(void *)(sem->__size + 16);
    bool inside = ctx->identity_inside[LV_KIND_SEM] && lv_sem_is_private(sem);

    return (struct lv_object){ (uintptr_t)sem, LV_KIND_SEM, inside ? &words[0] : NULL, &words[1] };
}

#else

static inline int lv_mutex_kind(const pthread_mutex_t *mutex)
{
    (void)mutex;
    return 0;
}

static inline bool lv_mutex_is_owner(const pthread_mutex_t *mutex, int tid)
{
    (void)mutex;
    (void)tid;
    return true; /* unknown: claim nothing */
}

static inline bool lv_mutex_may_be_others(const pthread_mutex_t *mutex, int tid)
{
    (void)mutex;
    (void)tid;
    return true;
}

static inline bool lv_rwlock_may_be_others(const pthread_rwlock_t *rwlock, int tid)
{
    (void)rwlock;
    (void)tid;
    return true;
}

static inline bool lv_mutex_is_busy(const pthread_mutex_t *mutex)
{
    (void)mutex;
    return true;
}

static inline bool lv_rwlock_is_busy(const pthread_rwlock_t *rwlock, enum lv_mode mode)
{
    (void)rwlock;
    (void)mode;
    return true;
}

static inline bool lv_spin_is_busy(const volatile int *spin)
{
    (void)spin;
    return true;
}

static inline bool lv_barrier_is_shared(const pthread_barrier_t *barrier)
{
    (void)barrier;
    return true; /* unknown: claim nothing */
}

static inline uint32_t lv_barrier_round(const pthread_barrier_t *barrier)
{
    (void)barrier;
    return 0;
}

static inline bool lv_sem_is_private(const sem_t *sem)
{
    (void)sem;
    return false;
}

static inline bool lv_sem_has_value(const sem_t *sem)
{
    int value;

    return sem_getvalue((sem_t *)(uintptr_t)sem, &value) != 0 || value != 0;
}

static inline bool lv_cond_is_shared(const void *cond)
{
    (void)cond;
    return false;
}

static inline bool lv_cond_is_waited_on(const void *cond)
{
    (void)cond;
    return true;
}

static inline bool lv_rwlock_reader_blocks(const pthread_rwlock_t *rwlock)
{
    (void)rwlock;
    return false;
}

static inline struct lv_object lv_mutex_object(const struct lv_context *ctx, pthread_mutex_t *mutex)
{
    (void)ctx;
    return (struct lv_object){ (uintptr_t)mutex, LV_KIND_MUTEX, NULL, NULL };
}

static inline struct lv_object lv_rwlock_object(const struct lv_context *ctx, pthread_rwlock_t *rwlock)
{
    (void)ctx;
    return (struct lv_object){ (uintptr_t)rwlock, LV_KIND_RWLOCK, NULL, NULL };
}

static inline struct lv_object lv_sem_object(const struct lv_context *ctx, sem_t *sem)
{
    (void)ctx;
    return (struct lv_object){ (uintptr_t)sem, LV_KIND_SEM, NULL, NULL };
}

static inline bool lv_mutex_fast_word(const struct lv_thread *t, const pthread_mutex_t *mutex, uint64_t *ret_word)
{
    (void)t;
    (void)mutex;
    (void)ret_word;
    return false;
}

static inline bool lv_rwlock_fast_word(const struct lv_thread *t, const pthread_rwlock_t *rwlock, uint64_t *ret_word)
{
    (void)t;
    (void)rwlock;
    (void)ret_word;
    return false;
}

#endif

/* The same where the identity is in the table. A lock that has room may lie where one without lay: the table knows nothing of
 * it. */
static inline bool lv_mutex_known_word(const struct lv_context *ctx, const struct lv_thread *t, pthread_mutex_t *mutex,
                                       uint64_t *ret_word)
{
    return lv_mutex_object(ctx, mutex).word == NULL && lv_fast_known(t, (uintptr_t)mutex, LV_KIND_MUTEX, ret_word);
}

static inline bool lv_rwlock_known_word(const struct lv_context *ctx, const struct lv_thread *t,
                                        pthread_rwlock_t *rwlock, uint64_t *ret_word)
{
    return lv_rwlock_object(ctx, rwlock).word == NULL && lv_fast_known(t, (uintptr_t)rwlock, LV_KIND_RWLOCK, ret_word);
}

/* A semaphore that is shared between processes, by its address alone. */
static inline struct lv_object lv_sem_object_shared(sem_t *sem)
{
    return (struct lv_object){ (uintptr_t)sem, LV_KIND_SEM, NULL, NULL };
}

/* A call that the holder of such a mutex may make again: it counts, or returns an error, but never waits for itself. */
static inline bool lv_mutex_is_reentrant(const pthread_mutex_t *mutex)
{
    int type = lv_mutex_kind(mutex) & LV_MUTEX_TYPE;

    return type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK;
}

LV_ALWAYS_INLINE bool lv_spin_fast_word(const struct lv_thread *t, const volatile void *spin, uint64_t *ret_word)
{
    return lv_fast_known(t, (uintptr_t)spin, LV_KIND_SPIN, ret_word);
}

/* A spinlock is one int: no room. */
static inline struct lv_object lv_spin_object(const volatile void *spin)
{
    return (struct lv_object){ (uintptr_t)spin, LV_KIND_SPIN, NULL, NULL };
}

#endif
