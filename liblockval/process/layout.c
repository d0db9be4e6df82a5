/* SPDX-License-Identifier: MIT */
/*
 * The self-test of the layouts: take locks of our own through everything libc can do with them, once with the words at
 * zero and once with a pattern in them, and see that the words stay as they were and the locks work. Runs at start, in
 * one thread; the real functions are called, so no hook sees it. Cost: a few microseconds.
 */

#include "process/layout.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "process/objects.h"
#include "process/real.h"

bool lv_object_is_busy(const struct lv_object *object, enum lv_mode mode)
{
    switch (object->kind) {
    case LV_KIND_MUTEX:
        return lv_mutex_is_busy((const pthread_mutex_t *)object->address);
    case LV_KIND_RWLOCK:
        return lv_rwlock_is_busy((const pthread_rwlock_t *)object->address, mode);
    case LV_KIND_SPIN:
        return lv_spin_is_busy((const int *)object->address);
    default:
        return true;
    }
}

#if LV_LAYOUT_KNOWN

static enum lv_holding holding_by(int owner, int tid)
{
    return owner == tid ? LV_HOLDING_SELF : LV_HOLDING_OTHER;
}

/* A mutex that is just being taken has no owner yet; an elided one never. */
static enum lv_holding mutex_holding(const pthread_mutex_t *mutex, int tid)
{
    int owner = __atomic_load_n(&mutex->__data.__owner, __ATOMIC_RELAXED);

    /* One that is shared between processes may have been locked before a fork, by a thread of the parent. */
    if ((lv_mutex_kind(mutex) & (LV_MUTEX_ELISION | LV_MUTEX_SHARED)) != 0)
        return LV_HOLDING_UNKNOWN;
    if (owner != 0)
        return holding_by(owner, tid);
    return __atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED) == 0 ? LV_HOLDING_NOBODY : LV_HOLDING_UNKNOWN;
}

enum {
    RWLOCK_WRITER = 2, /* bits of __readers: a writer has the lock, */
    RWLOCK_COUNT = 3   /* and from here on the number of readers */
};

/* Readers have no names. */
static enum lv_holding rwlock_holding(const pthread_rwlock_t *rwlock, int tid)
{
    unsigned state = __atomic_load_n(&rwlock->__data.__readers, __ATOMIC_RELAXED);
    int writer = __atomic_load_n(&rwlock->__data.__cur_writer, __ATOMIC_RELAXED);

    if (writer != 0)
        return holding_by(writer, tid);
    return state >> RWLOCK_COUNT == 0 && (state & RWLOCK_WRITER) == 0 ? LV_HOLDING_NOBODY : LV_HOLDING_UNKNOWN;
}

enum {
    SPIN_FREE = 1
};

enum lv_holding lv_object_holding(const struct lv_object *object, int tid)
{
    switch (object->kind) {
    case LV_KIND_MUTEX:
        return mutex_holding((const pthread_mutex_t *)object->address, tid);
    case LV_KIND_RWLOCK:
        return rwlock_holding((const pthread_rwlock_t *)object->address, tid);
    case LV_KIND_SPIN:
        return __atomic_load_n((const int *)object->address, __ATOMIC_RELAXED) == SPIN_FREE ? LV_HOLDING_NOBODY
                                                                                            : LV_HOLDING_UNKNOWN;
    case LV_KIND_FILE:
        return lv_file_holding(object->address);
    default:
        return LV_HOLDING_UNKNOWN;
    }
}

static const struct timespec long_ago = { 1, 0 };

static void set(struct lv_object *object, uint64_t pattern)
{
    *object->word = pattern;
    *object->seal = ~pattern;
}

static bool is_set(const struct lv_object *object, uint64_t pattern)
{
    return *object->word == pattern && *object->seal == ~pattern;
}

static bool try_mutex(const struct lv_context *ctx, int type, uint64_t pattern)
{
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    pthread_mutexattr_t attr;
    pthread_mutex_t mutex;
    struct lv_object object;
    bool good;

    memset(&mutex, 0xff, sizeof(mutex));
    good = pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_settype(&attr, type) == 0 &&
           lv_real.pthread_mutex_init(&mutex, &attr) == 0;
    object = lv_mutex_object(ctx, &mutex);
    good = good && object.word != NULL && *object.word == 0 && *object.seal == 0 &&
           (lv_mutex_kind(&mutex) & LV_MUTEX_TYPE) == type;
    if (!good)
        return false;
    set(&object, pattern);
    good = lv_object_holding(&object, lv_os_tid()) == LV_HOLDING_NOBODY;
    good = lv_real.pthread_mutex_lock(&mutex) == 0 && lv_mutex_is_owner(&mutex, lv_os_tid()) && good;
    good = lv_real.pthread_cond_timedwait(&cond, &mutex, &long_ago) == ETIMEDOUT && good;
    good = lv_real.pthread_mutex_unlock(&mutex) == 0 && !lv_mutex_is_owner(&mutex, lv_os_tid()) && good;
    good = lv_real.pthread_mutex_trylock(&mutex) == 0 && lv_real.pthread_mutex_unlock(&mutex) == 0 && good;
    good = lv_real.pthread_mutex_timedlock(&mutex, &long_ago) == 0 && good;
    if (type == PTHREAD_MUTEX_NORMAL)
        good = lv_real.pthread_mutex_timedlock(&mutex, &long_ago) == ETIMEDOUT && good;
    good = lv_real.pthread_mutex_unlock(&mutex) == 0 && is_set(&object, pattern) && good;
    return lv_real.pthread_mutex_destroy(&mutex) == 0 && good;
}

static bool try_rwlock(const struct lv_context *ctx, int kind, uint64_t pattern)
{
    pthread_rwlockattr_t attr;
    pthread_rwlock_t rwlock;
    struct lv_object object;
    bool good;

    memset(&rwlock, 0xff, sizeof(rwlock));
    good = pthread_rwlockattr_init(&attr) == 0 && pthread_rwlockattr_setkind_np(&attr, kind) == 0 &&
           lv_real.pthread_rwlock_init(&rwlock, &attr) == 0;
    object = lv_rwlock_object(ctx, &rwlock);
    good = good && object.word != NULL && *object.word == 0 && *object.seal == 0 &&
           lv_rwlock_reader_blocks(&rwlock) == (kind == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    if (!good)
        return false;
    set(&object, pattern);
    good = lv_object_holding(&object, lv_os_tid()) == LV_HOLDING_NOBODY;
    good = lv_real.pthread_rwlock_rdlock(&rwlock) == 0 && lv_real.pthread_rwlock_tryrdlock(&rwlock) == 0 && good;
    good = lv_object_holding(&object, lv_os_tid()) == LV_HOLDING_UNKNOWN && good;
    good = lv_real.pthread_rwlock_timedwrlock(&rwlock, &long_ago) == ETIMEDOUT && good;
    good = lv_real.pthread_rwlock_unlock(&rwlock) == 0 && lv_real.pthread_rwlock_unlock(&rwlock) == 0 && good;
    good = lv_object_holding(&object, lv_os_tid()) == LV_HOLDING_NOBODY && good;
    good = lv_real.pthread_rwlock_wrlock(&rwlock) == 0 && good;
    good = lv_object_holding(&object, lv_os_tid()) == LV_HOLDING_SELF && good;
    good = lv_real.pthread_rwlock_unlock(&rwlock) == 0 && good;
    good = lv_object_holding(&object, lv_os_tid()) == LV_HOLDING_NOBODY && good;
    good = lv_real.pthread_rwlock_trywrlock(&rwlock) == 0 && lv_real.pthread_rwlock_unlock(&rwlock) == 0 && good;
    good = is_set(&object, pattern) && good;
    return lv_real.pthread_rwlock_destroy(&rwlock) == 0 && good;
}

static bool value_is(sem_t *sem, int wanted)
{
    int value;

    return sem_getvalue(sem, &value) == 0 && value == wanted;
}

/* Through everything but waiting: a value of 0 makes a trial give up and a time that is over run out. */
static bool try_sem(const struct lv_context *ctx, uint64_t pattern)
{
    int saved = errno;
    struct lv_object object;
    sem_t sem;
    bool good;

    memset(&sem, 0xff, sizeof(sem));
    good = lv_real.sem_init(&sem, 1, 1) == 0 && !lv_sem_is_private(&sem) && lv_real.sem_destroy(&sem) == 0;
    good = lv_real.sem_init(&sem, 0, 1) == 0 && lv_sem_is_private(&sem) && good;
    object = lv_sem_object(ctx, &sem);
    if (!good || object.word == NULL)
        return false;
    set(&object, pattern);
    good = lv_sem_has_value(&sem) && lv_real.sem_trywait(&sem) == 0 && value_is(&sem, 0) && !lv_sem_has_value(&sem);
    good = lv_real.sem_trywait(&sem) != 0 && errno == EAGAIN && good;
    good = lv_real.sem_timedwait(&sem, &long_ago) != 0 && errno == ETIMEDOUT && good;
    good = lv_real.sem_post(&sem) == 0 && lv_real.sem_post(&sem) == 0 && value_is(&sem, 2) && good;
    good = lv_real.sem_wait(&sem) == 0 && value_is(&sem, 1) && good;
    good = is_set(&object, pattern) && lv_real.sem_destroy(&sem) == 0 && good;
    errno = saved;
    return good && is_set(&object, pattern);
}

/* Room for a copy of any lock that can be asked. */
union lock_copy {
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    int spin;
};

static size_t size_of(enum lv_kind kind)
{
    return kind == LV_KIND_MUTEX    ? sizeof(pthread_mutex_t)
           : kind == LV_KIND_RWLOCK ? sizeof(pthread_rwlock_t)
           : kind == LV_KIND_SPIN   ? sizeof(int)
                                    : 0;
}

/* Mutexes whose owner word says who holds them: not an elided one, nor a robust one that is being made whole again. A
 * spinlock or read-write lock that the thread took is free, or another's: a third one released it. */
static bool is_copy_lost(enum lv_kind kind, const union lock_copy *copy, int tid)
{
    const struct lv_object object = { (uintptr_t)copy, kind, NULL, NULL };
    enum lv_holding holding;

    if (kind == LV_KIND_MUTEX)
        return (lv_mutex_kind(&copy->mutex) & (LV_MUTEX_ROBUST | LV_MUTEX_ELISION)) == 0 &&
               !lv_mutex_is_owner(&copy->mutex, tid);
    holding = lv_object_holding(&object, tid);
    return holding == LV_HOLDING_NOBODY || holding == LV_HOLDING_OTHER;
}

/* Where there was a mutex is no memory now: it is lost. Other memory that cannot be read is left to the books. */
static bool is_lost(enum lv_kind kind, uintptr_t address, int tid)
{
    union lock_copy copy;

    if (size_of(kind) == 0)
        return lv_object_is_lost(kind, address);
    if (lv_os_read_memory(address, &copy, size_of(kind)) < 0)
        return kind == LV_KIND_MUTEX;
    return is_copy_lost(kind, &copy, tid);
}

static bool none_lost(const struct lv_held *const *held, uint32_t count, int tid)
{
    struct lv_os_piece pieces[LV_OS_PIECES] = { { 0 } };
    union lock_copy copies[LV_OS_PIECES];

    if (count == 0 || count > LV_OS_PIECES)
        return count == 0;
    pieces[0].size = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t size = size_of((enum lv_kind)held[i]->kind);

        if (size == 0)
            return false;
        pieces[i] = (struct lv_os_piece){ held[i]->address, &copies[i], size };
    }
    if (!lv_os_read_pieces(pieces, count, tid))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (is_copy_lost((enum lv_kind)held[i]->kind, &copies[i], tid))
            return false;
    return true;
}

/* A robust mutex that is being made whole again names nobody, but it is held. */
static bool agrees(const struct lv_held_record *record, int tid)
{
    enum lv_kind kind = (enum lv_kind)record->kind;
    size_t size = size_of(kind);
    union lock_copy copy;
    struct lv_object object = { (uintptr_t)&copy, kind, NULL, NULL };
    enum lv_holding holding;

    if (size == 0)
        return true;
    if (lv_os_read_memory(record->address, &copy, size) < 0)
        return false;
    if (kind == LV_KIND_MUTEX && (lv_mutex_kind(&copy.mutex) & LV_MUTEX_ROBUST) != 0)
        return true;
    holding = lv_object_holding(&object, tid);
    if (kind == LV_KIND_RWLOCK && record->mode != LV_WRITE)
        return holding == LV_HOLDING_UNKNOWN;
    return holding == LV_HOLDING_UNKNOWN || holding == LV_HOLDING_SELF || (holding == LV_HOLDING_OTHER && tid == 0);
}

static int owner_of_mutex(const pthread_mutex_t *mutex, unsigned flags)
{
    int none = LV_MUTEX_ELISION | ((flags & LV_OWNER_NOT_SHARED) != 0 ? LV_MUTEX_SHARED : 0) |
               ((flags & LV_OWNER_NOT_ROBUST) != 0 ? LV_MUTEX_ROBUST : 0);

    return (lv_mutex_kind(mutex) & none) != 0 ? 0 : mutex->__data.__owner;
}

/* Readers are counted above the three bits of the phase and of a writer. */
static int owner_of_rwlock(const pthread_rwlock_t *rwlock, unsigned flags)
{
    if (rwlock->__data.__shared != 0 && (flags & LV_OWNER_NOT_SHARED) != 0)
        return 0;
    if (rwlock->__data.__cur_writer != 0)
        return rwlock->__data.__cur_writer;
    return rwlock->__data.__readers >> 3 != 0 ? -1 : 0;
}

static int owner_of_spin(pthread_spinlock_t spin)
{
    pthread_spinlock_t fresh = 0;

    (void)lv_real.pthread_spin_init(&fresh, PTHREAD_PROCESS_PRIVATE);
    return spin != fresh ? -1 : 0;
}

static int owner(uintptr_t address, enum lv_kind kind, unsigned flags)
{
    union lock_copy copy;
    const union lock_copy *lock = (const union lock_copy *)address;
    size_t size = size_of(kind);

    if (size == 0)
        return kind == LV_KIND_MAP ? -1 : 0;
    if (kind == LV_KIND_SPIN && (flags & LV_OWNER_NOT_SPIN) != 0)
        return 0;
    if ((flags & LV_OWNER_MAPPED) == 0) {
        if (lv_os_read_memory(address, &copy, size) < 0)
            return 0;
        lock = &copy;
    }
    if (kind == LV_KIND_MUTEX)
        return owner_of_mutex(&lock->mutex, flags);
    return kind == LV_KIND_RWLOCK ? owner_of_rwlock(&lock->rwlock, flags) : owner_of_spin(lock->spin);
}

/* What the calling thread is about to wait for can be read; what another one waits for may be gone. */
static bool barrier_may_pass(const struct lv_blocked *on, bool begun)
{
    const pthread_barrier_t *barrier = (const pthread_barrier_t *)on->wanted.address;
    pthread_barrier_t copy;
    uint32_t round, come;

    if (begun && lv_os_read_memory(on->wanted.address, &copy, sizeof(copy)) < 0)
        return true;
    barrier = begun ? &copy : barrier;
    round = lv_barrier_round(barrier);
    come = lv_barrier_word(barrier, LV_BARRIER_IN) + (begun ? 0 : 1);
    return round != on->round || come - round >= lv_barrier_word(barrier, LV_BARRIER_COUNT);
}

static bool may_pass(const struct lv_blocked *on, bool begun)
{
    sem_t sem;

    if (on->wait == LV_WAITS_BARRIER)
        return barrier_may_pass(on, begun);
    if (!begun)
        return lv_sem_has_value((const sem_t *)on->wanted.address);
    return lv_os_read_memory(on->wanted.address, &sem, sizeof(sem)) < 0 || lv_sem_has_value(&sem);
}

static bool try_barrier(void)
{
    pthread_barrier_t barrier;
    bool good = lv_real.pthread_barrier_init(&barrier, NULL, 1) == 0;

    good = good && lv_barrier_word(&barrier, LV_BARRIER_IN) == 0 && lv_barrier_round(&barrier) == 0 &&
           lv_barrier_word(&barrier, LV_BARRIER_COUNT) == 1 && !lv_barrier_is_shared(&barrier) &&
           lv_real.pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD &&
           lv_barrier_word(&barrier, LV_BARRIER_IN) - lv_barrier_round(&barrier) == 0;
    return good && lv_real.pthread_barrier_destroy(&barrier) == 0;
}

bool lv_lock_is_shared(uintptr_t address, enum lv_kind kind)
{
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;

    if (kind == LV_KIND_MUTEX)
        return lv_os_read_memory(address, &mutex, sizeof(mutex)) == 0 && (lv_mutex_kind(&mutex) & LV_MUTEX_SHARED) != 0;
    if (kind == LV_KIND_RWLOCK)
        return lv_os_read_memory(address, &rwlock, sizeof(rwlock)) == 0 && rwlock.__data.__shared != 0;
    /* It does not say what it was made for. */
    return kind == LV_KIND_SPIN && !lv_os_is_private(address);
}

void lv_layout_test(struct lv_context *ctx, bool table_only)
{
    static const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                                 PTHREAD_MUTEX_ADAPTIVE_NP };
    static const int kinds[] = { PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP,
                                 PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP };
    bool mutex = true, rwlock = true, sem;

    ctx->is_lost = is_lost;
    ctx->none_lost = none_lost;
    ctx->agrees = agrees;
    ctx->owner = owner;
    ctx->may_pass = try_barrier() ? may_pass : NULL;
    /* Maps and events are structs of our own. */
    ctx->identity_inside[LV_KIND_MAP] = ctx->identity_inside[LV_KIND_EVENT] = true;
    lv_objects_test();
    if (table_only)
        return;
    ctx->identity_inside[LV_KIND_MUTEX] = ctx->identity_inside[LV_KIND_RWLOCK] = true;
    ctx->identity_inside[LV_KIND_SEM] = true;
    for (size_t i = 0; i < LV_ARRAY_SIZE(types); i++)
        mutex = mutex && try_mutex(ctx, types[i], 0) && try_mutex(ctx, types[i], UINT64_C(0x5a17c0de5a17c0de));
    for (size_t i = 0; i < LV_ARRAY_SIZE(kinds); i++)
        rwlock = rwlock && try_rwlock(ctx, kinds[i], 0) && try_rwlock(ctx, kinds[i], UINT64_C(0x5a17c0de5a17c0de));
    sem = try_sem(ctx, 0) && try_sem(ctx, UINT64_C(0x5a17c0de5a17c0de));
    ctx->identity_inside[LV_KIND_SEM] = sem;
    ctx->identity_inside[LV_KIND_MUTEX] = mutex;
    ctx->identity_inside[LV_KIND_RWLOCK] = rwlock;
}

#else

static bool is_lost(enum lv_kind kind, uintptr_t address, int tid)
{
    (void)tid;
    return lv_object_is_lost(kind, address);
}

enum lv_holding lv_object_holding(const struct lv_object *object, int tid)
{
    (void)object;
    (void)tid;
    return LV_HOLDING_UNKNOWN;
}

bool lv_lock_is_shared(uintptr_t address, enum lv_kind kind)
{
    (void)address;
    (void)kind;
    return false;
}

void lv_layout_test(struct lv_context *ctx, bool table_only)
{
    (void)table_only;
    ctx->is_lost = is_lost;
    lv_objects_test();
    ctx->identity_inside[LV_KIND_MAP] = ctx->identity_inside[LV_KIND_EVENT] = true;
}

#endif
