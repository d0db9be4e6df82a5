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

#include "process/real.h"

#if LV_LAYOUT_KNOWN

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
    good = lv_real.pthread_mutex_lock(&mutex) == 0 && lv_mutex_is_owner(&mutex, lv_os_tid());
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
    good = lv_real.pthread_rwlock_rdlock(&rwlock) == 0 && lv_real.pthread_rwlock_tryrdlock(&rwlock) == 0;
    good = lv_real.pthread_rwlock_timedwrlock(&rwlock, &long_ago) == ETIMEDOUT && good;
    good = lv_real.pthread_rwlock_unlock(&rwlock) == 0 && lv_real.pthread_rwlock_unlock(&rwlock) == 0 && good;
    good = lv_real.pthread_rwlock_wrlock(&rwlock) == 0 && lv_real.pthread_rwlock_unlock(&rwlock) == 0 && good;
    good = lv_real.pthread_rwlock_trywrlock(&rwlock) == 0 && lv_real.pthread_rwlock_unlock(&rwlock) == 0 && good;
    good = is_set(&object, pattern) && good;
    return lv_real.pthread_rwlock_destroy(&rwlock) == 0 && good;
}

/* The kinds whose owner word says who holds them: not an elided lock, nor a robust one that is being made whole again. */
static bool is_lost(uintptr_t address, int tid)
{
    pthread_mutex_t copy;

    if (lv_os_read_memory(address, &copy, sizeof(copy)) < 0)
        return true;
    return (lv_mutex_kind(&copy) & (LV_MUTEX_ROBUST | LV_MUTEX_ELISION)) == 0 && !lv_mutex_is_owner(&copy, tid);
}

bool lv_lock_is_shared(uintptr_t address, enum lv_kind kind)
{
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;

    if (kind == LV_KIND_MUTEX)
        return lv_os_read_memory(address, &mutex, sizeof(mutex)) == 0 && (lv_mutex_kind(&mutex) & LV_MUTEX_SHARED) != 0;
    if (kind == LV_KIND_RWLOCK)
        return lv_os_read_memory(address, &rwlock, sizeof(rwlock)) == 0 && rwlock.__data.__shared != 0;
    return false;
}

void lv_layout_test(struct lv_context *ctx, bool table_only)
{
    static const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                                 PTHREAD_MUTEX_ADAPTIVE_NP };
    static const int kinds[] = { PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP,
                                 PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP };
    bool mutex = true, rwlock = true;

    ctx->is_lost = is_lost;
    /* Maps and events are structs of our own. */
    ctx->identity_inside[LV_KIND_MAP] = ctx->identity_inside[LV_KIND_EVENT] = true;
    if (table_only)
        return;
    ctx->identity_inside[LV_KIND_MUTEX] = ctx->identity_inside[LV_KIND_RWLOCK] = true;
    for (size_t i = 0; i < LV_ARRAY_SIZE(types); i++)
        mutex = mutex && try_mutex(ctx, types[i], 0) && try_mutex(ctx, types[i], UINT64_C(0x5a17c0de5a17c0de));
    for (size_t i = 0; i < LV_ARRAY_SIZE(kinds); i++)
        rwlock = rwlock && try_rwlock(ctx, kinds[i], 0) && try_rwlock(ctx, kinds[i], UINT64_C(0x5a17c0de5a17c0de));
    ctx->identity_inside[LV_KIND_MUTEX] = mutex;
    ctx->identity_inside[LV_KIND_RWLOCK] = rwlock;
}

#else

bool lv_lock_is_shared(uintptr_t address, enum lv_kind kind)
{
    (void)address;
    (void)kind;
    return false;
}

void lv_layout_test(struct lv_context *ctx, bool table_only)
{
    (void)table_only;
    ctx->identity_inside[LV_KIND_MAP] = ctx->identity_inside[LV_KIND_EVENT] = true;
}

#endif
