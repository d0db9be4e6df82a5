/* SPDX-License-Identifier: MIT */
/* Mutexes. A robust mutex whose last holder died is got with EOWNERDEAD; a call that returns another error got nothing. */

#define _GNU_SOURCE
#include "interpose/mutex.h"

#include "engine/lifetime.h"
#include "engine/nest.h"

void lv_mutex_before_init(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site)
{
    struct lv_object object;

    if (t == NULL)
        return;
    if (t->depth != 0)
        lv_lifetime_init(&lv_process_context, t, (uintptr_t)mutex, LV_KIND_MUTEX, site);
    if (LV_UNLIKELY(lv_process_context.memcheck) || LV_LIKELY(!lv_mutex_may_be_others(mutex, t->tid)))
        return; /* the kind of what may be no mutex yet says where its identity would be */
    object = lv_mutex_object(&lv_process_context, mutex);
    lv_lifetime_check_others(&lv_process_context, t, &object, site, "is initialised anew");
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
    struct lv_object object = lv_mutex_object(&lv_process_context, mutex);

    if (t != NULL && t->depth != 0)
        lv_lifetime_destroy(&lv_process_context, t, (uintptr_t)mutex, LV_KIND_MUTEX, site);
    if (t != NULL && LV_UNLIKELY(lv_mutex_may_be_others(mutex, t->tid)))
        lv_lifetime_check_others(&lv_process_context, t, &object, site, "is destroyed");
    return object;
}

void lv_mutex_after_destroy(struct lv_thread *t, const struct lv_object *object)
{
    if (t != NULL)
        lv_identity_forget(&lv_process_context, t, object);
}

bool lv_mutex_answers(const pthread_mutex_t *mutex)
{
    return lv_mutex_is_reentrant(mutex) || (lv_mutex_kind(mutex) & LV_MUTEX_ROBUST) != 0;
}

bool lv_mutex_before_unlock_other(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site)
{
    struct lv_object object = lv_mutex_object(&lv_process_context, mutex);

    if (lv_held_find(t, (uintptr_t)mutex) == NULL && lv_nest_find(t, (lv_class_id){ 0 }) == NULL &&
        lv_mutex_answers(mutex))
        return true;
    lv_hook_release_other(t, &object, site);
    return false;
}

void lv_mutex_refused(struct lv_thread *t, pthread_mutex_t *mutex, enum lv_finding_kind kind, uintptr_t site,
                      const char *detail)
{
    struct lv_object object = lv_mutex_object(&lv_process_context, mutex);
    struct lv_held_record record = { .address = (uintptr_t)mutex, .kind = LV_KIND_MUTEX };
    struct lv_holder holder;
    int saved = errno;
    uint64_t word;

    if (!lv_process_context.options.error_returns || !lv_hook_is_watched(t, &object, site, &word))
        return;
    record.class = lv_identity_class(word);
    record.uid = lv_identity_uid(word);
    (void)lv_holder_find(&lv_process_context, t, record.address, record.uid, &holder);
    lv_finding_about_held(&lv_process_context, t, kind, &record, &holder, site, detail);
    errno = saved;
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
    else if (r == EBUSY && t != NULL)
        lv_mutex_refused(t, mutex, LV_FINDING_LIFETIME, LV_CALL_SITE, "was not destroyed: the call returned EBUSY");
    return r;
}

static LV_NOINLINE int lock_other(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site, int result)
{
    const struct lv_object object = lv_mutex_object(&lv_process_context, mutex);

    return lv_hook_take_other(t, &object, LV_WRITE, lv_mutex_is_reentrant(mutex), site, result);
}

static LV_NOINLINE int lock_contended(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site)
{
    LV_HOOK_CONTENDED(t, mutex, site, lv_real.pthread_mutex_lock(mutex), lock_other);
}

static inline bool known_word(const struct lv_thread *t, pthread_mutex_t *mutex, uint64_t *ret_word)
{
    return lv_mutex_known_word(&lv_process_context, t, mutex, ret_word);
}

/* A recursive mutex says itself that the thread has it; so do the books, in the entry that is returned. Then to take it
 * again is no acquisition. */
static struct lv_held *held_again(const struct lv_thread *t, const pthread_mutex_t *mutex)
{
    struct lv_held *h;

    if ((lv_mutex_kind(mutex) & (LV_MUTEX_TYPE | LV_MUTEX_NO_ROOM)) != PTHREAD_MUTEX_RECURSIVE ||
        !lv_mutex_is_owner(mutex, t->tid))
        return NULL;
    h = lv_held_find(t, (uintptr_t)mutex);
    return h != NULL && h->nested != LV_NESTED_MERGED && !h->inherited ? h : NULL;
}

/* The holder takes its recursive mutex again. The real call may run a handler, which may move the entry. */
static int lock_again(struct lv_thread *t, pthread_mutex_t *mutex)
{
    int r = lv_real.pthread_mutex_lock(mutex);
    struct lv_held *h = r == 0 ? held_again(t, mutex) : NULL;

    if (h != NULL)
        h->again++;
    return r;
}

static LV_NOINLINE int lock_general(pthread_mutex_t *mutex, uintptr_t site)
{
    struct lv_thread *t = lv_self_state;

    LV_HOOK_TAKE_FAST(mutex, LV_KIND_MUTEX, known_word, LV_WRITE, site, lv_mutex_is_busy(mutex),
                      lv_real.pthread_mutex_lock(mutex), lock_contended, lock_other);
    if (t->attention == 0 && LV_UNLIKELY(held_again(t, mutex) != NULL))
        return lock_again(t, mutex);
    LV_MUTEX_TAKE(mutex, 0, site, EDEADLK, lv_real.pthread_mutex_lock(mutex));
}

LV_EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    LV_HOOK_TAKE_FAST(mutex, LV_KIND_MUTEX, lv_mutex_fast_word, LV_WRITE, LV_CALL_SITE, lv_mutex_is_busy(mutex),
                      lv_real.pthread_mutex_lock(mutex), lock_contended, lock_other);
    return lock_general(mutex, LV_CALL_SITE);
}

static LV_NOINLINE int trylock_general(pthread_mutex_t *mutex, uintptr_t site)
{
    LV_MUTEX_TRY(mutex, site, lv_real.pthread_mutex_trylock(mutex));
}

static LV_NOINLINE int trylock_other(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site, int result)
{
    const struct lv_object object = lv_mutex_object(&lv_process_context, mutex);

    return lv_hook_try_other(t, &object, LV_WRITE, site, result);
}

static inline bool any_word(const struct lv_thread *t, pthread_mutex_t *mutex, uint64_t *ret_word)
{
    return LV_LIKELY(lv_mutex_fast_word(t, mutex, ret_word)) || known_word(t, mutex, ret_word);
}

LV_EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    LV_HOOK_TRY_FAST(mutex, LV_KIND_MUTEX, any_word, LV_WRITE, LV_CALL_SITE, lv_real.pthread_mutex_trylock(mutex),
                     trylock_other);
    return trylock_general(mutex, LV_CALL_SITE);
}

LV_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
    LV_MUTEX_TAKE(mutex, LV_TIMED, LV_CALL_SITE, EDEADLK, lv_real.pthread_mutex_timedlock(mutex, until));
}

LV_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
    LV_MUTEX_TAKE(mutex, LV_TIMED, LV_CALL_SITE, EDEADLK, lv_real.pthread_mutex_clocklock(mutex, clock, until));
}

static LV_NOINLINE int unlock_general(pthread_mutex_t *mutex, uintptr_t site)
{
    struct lv_thread *t = lv_self();

    if (LV_UNLIKELY(t == NULL))
        lv_process_unwatched_unlock(mutex);
    LV_MUTEX_UNLOCK(t, mutex, site, lv_real.pthread_mutex_unlock(mutex));
}

LV_EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    LV_HOOK_RELEASE_FAST(mutex, lv_real.pthread_mutex_unlock(mutex));
    return unlock_general(mutex, LV_CALL_SITE);
}

/* Waits for the mutex whose ceiling it changes, whatever else the thread holds, and has let it go when it returns. Only a
 * mutex of that protocol is waited for. */
LV_EXPORT int pthread_mutex_setprioceiling(pthread_mutex_t *restrict mutex, int ceiling, int *restrict ret_old)
{
    struct lv_thread *t = lv_self();
    struct lv_object object;
    struct lv_acquisition a;
    bool watched = false;
    int r;

    if (t != NULL && (lv_mutex_kind(mutex) & LV_MUTEX_PROTECT) != 0) {
        object = lv_mutex_object(&lv_process_context, mutex);
        watched = lv_hook_before(t, &object, LV_WRITE, 0, lv_mutex_is_reentrant(mutex), LV_CALL_SITE, &a);
    }
    r = lv_real.pthread_mutex_setprioceiling(mutex, ceiling, ret_old);
    if (watched && r == EDEADLK)
        lv_hook_refused(t, &a);
    return r;
}

LV_ALIAS(pthread_mutex_init, __pthread_mutex_init);
LV_ALIAS(pthread_mutex_destroy, __pthread_mutex_destroy);
LV_ALIAS(pthread_mutex_lock, __pthread_mutex_lock);
LV_ALIAS(pthread_mutex_trylock, __pthread_mutex_trylock);
LV_ALIAS(pthread_mutex_unlock, __pthread_mutex_unlock);
