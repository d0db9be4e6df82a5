/* SPDX-License-Identifier: MIT */
/* Read-write locks. Their readers are what the lock's kind makes them: recursive in glibc's default kinds, where a reader
 * passes a waiting writer, not recursive with PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP. */

#define _GNU_SOURCE
#include "engine/lifetime.h"
#include "interpose/hook.h"

static enum lv_mode reader_mode(const pthread_rwlock_t *rwlock)
{
    return lv_rwlock_reader_blocks(rwlock) ? LV_READ : LV_READ_RECURSIVE;
}

#define OBJECT(rwlock) lv_rwlock_object(&lv_process_context, rwlock)
#define TAKE(rwlock, mode, flags, site, call) LV_HOOK_TAKE(OBJECT(rwlock), mode, flags, false, site, EDEADLK, call)
#define TRY(rwlock, mode, call) LV_HOOK_TRY(OBJECT(rwlock), mode, LV_CALL_SITE, call)

static inline bool known_word(const struct lv_thread *t, pthread_rwlock_t *rwlock, uint64_t *ret_word)
{
    return lv_rwlock_known_word(&lv_process_context, t, rwlock, ret_word);
}

LV_EXPORT int pthread_rwlock_init(pthread_rwlock_t *restrict rwlock, const pthread_rwlockattr_t *restrict attr)
{
    struct lv_thread *t = lv_self();
    int r;

    if (t != NULL && t->depth != 0)
        lv_lifetime_init(&lv_process_context, t, (uintptr_t)rwlock, LV_KIND_RWLOCK, LV_CALL_SITE);
    /* The kind of what may be no rwlock yet says where its identity would be. */
    if (t != NULL && LV_LIKELY(!lv_process_context.memcheck) && lv_rwlock_may_be_others(rwlock, t->tid)) {
        struct lv_object object = OBJECT(rwlock);

        lv_lifetime_check_others(&lv_process_context, t, &object, LV_CALL_SITE, "is initialised anew");
    }
    r = lv_real.pthread_rwlock_init(rwlock, attr);
    if (r == 0 && t != NULL) {
        struct lv_object object = OBJECT(rwlock);

        lv_identity_init(&lv_process_context, t, &object, LV_CALL_SITE);
    }
    return r;
}

LV_EXPORT int pthread_rwlock_destroy(pthread_rwlock_t *rwlock)
{
    struct lv_thread *t = lv_self();
    struct lv_object object = OBJECT(rwlock);
    int r;

    if (t != NULL && t->depth != 0)
        lv_lifetime_destroy(&lv_process_context, t, (uintptr_t)rwlock, LV_KIND_RWLOCK, LV_CALL_SITE);
    if (t != NULL && LV_UNLIKELY(lv_rwlock_may_be_others(rwlock, t->tid)))
        lv_lifetime_check_others(&lv_process_context, t, &object, LV_CALL_SITE, "is destroyed");
    r = lv_real.pthread_rwlock_destroy(rwlock);
    if (r == 0 && t != NULL)
        lv_identity_forget(&lv_process_context, t, &object);
    return r;
}

static LV_NOINLINE int rdlock_other(struct lv_thread *t, pthread_rwlock_t *rwlock, uintptr_t site, int result)
{
    const struct lv_object object = OBJECT(rwlock);

    return lv_hook_take_other(t, &object, reader_mode(rwlock), false, site, result);
}

static LV_NOINLINE int rdlock_contended(struct lv_thread *t, pthread_rwlock_t *rwlock, uintptr_t site)
{
    LV_HOOK_CONTENDED(t, rwlock, site, lv_real.pthread_rwlock_rdlock(rwlock), rdlock_other);
}

static LV_NOINLINE int rdlock_general(pthread_rwlock_t *rwlock, uintptr_t site)
{
    LV_HOOK_TAKE_FAST(rwlock, LV_KIND_RWLOCK, known_word, reader_mode(rwlock), site, lv_rwlock_is_busy(rwlock, LV_READ),
                      lv_real.pthread_rwlock_rdlock(rwlock), rdlock_contended, rdlock_other);
    TAKE(rwlock, reader_mode(rwlock), 0, site, lv_real.pthread_rwlock_rdlock(rwlock));
}

LV_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *rwlock)
{
    LV_HOOK_TAKE_FAST(rwlock, LV_KIND_RWLOCK, lv_rwlock_fast_word, reader_mode(rwlock), LV_CALL_SITE,
                      lv_rwlock_is_busy(rwlock, LV_READ), lv_real.pthread_rwlock_rdlock(rwlock), rdlock_contended,
                      rdlock_other);
    return rdlock_general(rwlock, LV_CALL_SITE);
}

LV_EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *rwlock)
{
    TRY(rwlock, reader_mode(rwlock), lv_real.pthread_rwlock_tryrdlock(rwlock));
}

LV_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict rwlock, const struct timespec *restrict until)
{
    TAKE(rwlock, reader_mode(rwlock), LV_TIMED, LV_CALL_SITE, lv_real.pthread_rwlock_timedrdlock(rwlock, until));
}

LV_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict rwlock, clockid_t clock,
                                         const struct timespec *restrict until)
{
    TAKE(rwlock, reader_mode(rwlock), LV_TIMED, LV_CALL_SITE, lv_real.pthread_rwlock_clockrdlock(rwlock, clock, until));
}

static LV_NOINLINE int wrlock_other(struct lv_thread *t, pthread_rwlock_t *rwlock, uintptr_t site, int result)
{
    const struct lv_object object = OBJECT(rwlock);

    return lv_hook_take_other(t, &object, LV_WRITE, false, site, result);
}

static LV_NOINLINE int wrlock_contended(struct lv_thread *t, pthread_rwlock_t *rwlock, uintptr_t site)
{
    LV_HOOK_CONTENDED(t, rwlock, site, lv_real.pthread_rwlock_wrlock(rwlock), wrlock_other);
}

static LV_NOINLINE int wrlock_general(pthread_rwlock_t *rwlock, uintptr_t site)
{
    LV_HOOK_TAKE_FAST(rwlock, LV_KIND_RWLOCK, known_word, LV_WRITE, site, lv_rwlock_is_busy(rwlock, LV_WRITE),
                      lv_real.pthread_rwlock_wrlock(rwlock), wrlock_contended, wrlock_other);
    TAKE(rwlock, LV_WRITE, 0, site, lv_real.pthread_rwlock_wrlock(rwlock));
}

LV_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *rwlock)
{
    LV_HOOK_TAKE_FAST(rwlock, LV_KIND_RWLOCK, lv_rwlock_fast_word, LV_WRITE, LV_CALL_SITE,
                      lv_rwlock_is_busy(rwlock, LV_WRITE), lv_real.pthread_rwlock_wrlock(rwlock), wrlock_contended,
                      wrlock_other);
    return wrlock_general(rwlock, LV_CALL_SITE);
}

LV_EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *rwlock)
{
    TRY(rwlock, LV_WRITE, lv_real.pthread_rwlock_trywrlock(rwlock));
}

LV_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict rwlock, const struct timespec *restrict until)
{
    TAKE(rwlock, LV_WRITE, LV_TIMED, LV_CALL_SITE, lv_real.pthread_rwlock_timedwrlock(rwlock, until));
}

LV_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *restrict rwlock, clockid_t clock,
                                         const struct timespec *restrict until)
{
    TAKE(rwlock, LV_WRITE, LV_TIMED, LV_CALL_SITE, lv_real.pthread_rwlock_clockwrlock(rwlock, clock, until));
}

static LV_NOINLINE int unlock_general(pthread_rwlock_t *rwlock, uintptr_t site)
{
    struct lv_thread *t = lv_self();

    if (LV_LIKELY(t != NULL)) {
        struct lv_object object = OBJECT(rwlock);

        lv_hook_release(t, &object, site);
    }
    return lv_real.pthread_rwlock_unlock(rwlock);
}

LV_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *rwlock)
{
    LV_HOOK_RELEASE_FAST(rwlock, lv_real.pthread_rwlock_unlock(rwlock));
    return unlock_general(rwlock, LV_CALL_SITE);
}

LV_ALIAS(pthread_rwlock_init, __pthread_rwlock_init);
LV_ALIAS(pthread_rwlock_destroy, __pthread_rwlock_destroy);
LV_ALIAS(pthread_rwlock_rdlock, __pthread_rwlock_rdlock);
LV_ALIAS(pthread_rwlock_tryrdlock, __pthread_rwlock_tryrdlock);
LV_ALIAS(pthread_rwlock_wrlock, __pthread_rwlock_wrlock);
LV_ALIAS(pthread_rwlock_trywrlock, __pthread_rwlock_trywrlock);
LV_ALIAS(pthread_rwlock_unlock, __pthread_rwlock_unlock);
