/* SPDX-License-Identifier: MIT */
/* Mutexes. A robust mutex whose last holder died is got with EOWNERDEAD; a call that returns another error got nothing. */

#define _GNU_SOURCE
#include "interpose/mutex.h"

#include "engine/lifetime.h"

void lv_mutex_before_init(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site)
{
    if (t != NULL && t->depth != 0)
        lv_lifetime_init(&lv_process_context, t, (uintptr_t)mutex, LV_KIND_MUTEX, site);
}

void lv_mutex_after_init(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site)
{
    struct lv_object object;

    if (t == NULL)
        return;
    object = lv_mutex_object(&lv_process_context, mutex);
    lv_identity_init(&lv_process_context, t, &object, site);
}

struct lv_object lv_mutex_before_destroy(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site)
{
    if (t != NULL && t->depth != 0)
        lv_lifetime_destroy(&lv_process_context, t, (uintptr_t)mutex, LV_KIND_MUTEX, site);
    return lv_mutex_object(&lv_process_context, mutex);
}

void lv_mutex_after_destroy(struct lv_thread *t, const struct lv_object *object)
{
    if (t != NULL)
        lv_identity_forget(&lv_process_context, t, object);
}

/*
 * A mutex that is not in our books is only called not held when the mutex says so too: it may have been locked on a way
 * that no hook sees. Mutexes that answer such a call with an error are the program's own affair, and one that is shared
 * between processes may have been locked before a fork.
 */
static bool is_untracked_rightly(const struct lv_thread *t, const pthread_mutex_t *mutex)
{
    return lv_held_find(t, (uintptr_t)mutex) == NULL &&
           (lv_mutex_is_reentrant(mutex) || (lv_mutex_kind(mutex) & (LV_MUTEX_ROBUST | LV_MUTEX_SHARED)) != 0 ||
            lv_mutex_is_owner(mutex, t->tid));
}

void lv_mutex_before_unlock(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site)
{
    struct lv_object object = lv_mutex_object(&lv_process_context, mutex);

    if (LV_UNLIKELY(t->depth == 0 || t->held[t->depth - 1].address != object.address) && is_untracked_rightly(t, mutex))
        return;
    lv_hook_release(t, &object, site);
}

LV_EXPORT int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
    struct lv_thread *t = lv_self();
    int r;

    lv_mutex_before_init(t, mutex, LV_CALL_SITE);
    r = lv_real.pthread_mutex_init(mutex, attr);
    if (r == 0)
        lv_mutex_after_init(t, mutex, LV_CALL_SITE);
    return r;
}

LV_EXPORT int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    struct lv_thread *t = lv_self();
    struct lv_object object = lv_mutex_before_destroy(t, mutex, LV_CALL_SITE);
    int r = lv_real.pthread_mutex_destroy(mutex);

    if (r == 0)
        lv_mutex_after_destroy(t, &object);
    return r;
}

LV_EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    LV_MUTEX_TAKE(mutex, 0, lv_real.pthread_mutex_lock(mutex));
}

LV_EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    LV_MUTEX_TRY(mutex, lv_real.pthread_mutex_trylock(mutex));
}

LV_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
    LV_MUTEX_TAKE(mutex, LV_TIMED, lv_real.pthread_mutex_timedlock(mutex, until));
}

LV_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
    LV_MUTEX_TAKE(mutex, LV_TIMED, lv_real.pthread_mutex_clocklock(mutex, clock, until));
}

LV_EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    struct lv_thread *t = lv_self();

    if (LV_LIKELY(t != NULL))
        lv_mutex_before_unlock(t, mutex, LV_CALL_SITE);
    else
        lv_process_unwatched_unlock(mutex);
    return lv_real.pthread_mutex_unlock(mutex);
}
