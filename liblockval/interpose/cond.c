/* SPDX-License-Identifier: MIT */
/*
 * Condition variables. A mutex that our books do not have, and that agrees, is a finding before the wait, since libc would
 * release what another thread holds; so is a second mutex on one condition variable (engine/waits.h). One that was locked
 * where no hook sees it is left to the real call.
 */

#define _GNU_SOURCE
#include "interpose/cond.h"

#include "engine/life.h"
#include "engine/waits.h"

static void check_unheld(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site)
{
    struct lv_object object = lv_mutex_object(&lv_process_context, mutex);
    enum lv_holding holding = lv_object_holding(&object, t->tid);
    struct lv_held_record record = { .address = (uintptr_t)mutex, .kind = LV_KIND_MUTEX };
    struct lv_holder holder;
    uint64_t word;

    if ((holding != LV_HOLDING_NOBODY && holding != LV_HOLDING_OTHER) || !lv_hook_is_watched(t, &object, site, &word))
        return;
    record.class = lv_identity_class(word);
    record.uid = lv_identity_uid(word);
    (void)lv_holder_find(&lv_process_context, t, record.address, record.uid, &holder);
    lv_finding_about_held(&lv_process_context, t, LV_FINDING_COND, &record, &holder, site,
                          "is waited with, but this thread does not hold it");
}

/* Say that the thread waits. The mutex may be one that is not watched. */
static void begin_idle(struct lv_thread *t, const void *cond, pthread_mutex_t *mutex, const struct lv_held_record *held,
                       unsigned flags, uintptr_t site, struct lv_idle *ret)
{
    const struct lv_blocked what = {
        .wait = LV_WAITS_COND,
        .timed = (flags & (unsigned)LV_TIMED) != 0,
        .shared = cond == NULL || lv_cond_is_shared(cond) || (lv_mutex_kind(mutex) & LV_MUTEX_SHARED) != 0,
        .site = site,
        .wanted = { .address = (uintptr_t)cond },
        .with = *held,
    };
    int saved = errno;

    (void)lv_idle_begin(&lv_process_context, t, &what, false, ret);
    errno = saved;
}

struct lv_cond_wait lv_cond_begin(struct lv_thread *t, const void *cond, pthread_mutex_t *mutex, unsigned flags,
                                  uintptr_t site)
{
    struct lv_cond_wait wait = { .t = NULL };
    const struct lv_held *h = t != NULL ? lv_held_find(t, (uintptr_t)mutex) : NULL;
    struct lv_held_record held = { .address = (uintptr_t)mutex };

    if (t == NULL)
        return wait;
    if (h == NULL) {
        if (lv_mutex_answers(mutex))
            wait.refused = t;
        else
            check_unheld(t, mutex, site);
        if (wait.refused == NULL)
            begin_idle(t, cond, mutex, &held, flags, site, &wait.idle);
        return wait;
    }
    /* The same lock as the same class, subclass and nesting: what was said of its first acquisition holds for this one. */
    wait.again = (struct lv_acquisition){
        .address = h->address,
        .site = site,
        .base = h->base,
        .class = h->class,
        .uid = h->uid,
        .kind = h->kind,
        .mode = h->mode,
        .flags = h->flags & (uint8_t)LV_UNCHECKED,
        .nested = h->nested,
        .reentrant = lv_mutex_is_reentrant(mutex),
    };
    held = lv_held_record_of(h);
    lv_release(&lv_process_context, t, (uintptr_t)mutex, LV_KIND_MUTEX, site);
    if (cond != NULL && lv_wake_is_on(&lv_process_context, LV_EVENTS_COND) && !lv_cond_is_shared(cond))
        wait.event = lv_wake_begin(&lv_process_context, t, (uintptr_t)cond, flags, true, site);
    lv_acquire(&lv_process_context, t, &wait.again);
    if (cond != NULL && !lv_cond_is_shared(cond))
        wait.published = lv_wait_begin(&lv_process_context, t, (uintptr_t)cond, &held, &wait.again);
    begin_idle(t, cond, mutex, &held, flags, site, &wait.idle);
    wait.t = t;
    return wait;
}

static void end_waits(struct lv_cond_wait *wait)
{
    lv_idle_end(&lv_process_context, &wait->idle);
    if (wait->published)
        lv_wait_end(&lv_process_context, wait->t);
    wait->published = false;
    lv_wake_end(&lv_process_context, &wait->event);
}

void lv_cond_end(struct lv_cond_wait *wait)
{
    end_waits(wait);
    if (wait->t == NULL)
        return;
    lv_acquired(&lv_process_context, wait->t, &wait->again);
    lv_thread_note_wait(wait->t, wait->again.stack);
}

void lv_cond_lost(struct lv_cond_wait *wait)
{
    end_waits(wait);
    wait->t = NULL;
}

/* A thread that is not watched wakes too. */
void lv_cond_woken(const void *cond)
{
    lv_wait_signalled(&lv_process_context, (uintptr_t)cond);
}

void lv_cond_wake(const void *cond, bool all, uintptr_t site)
{
    struct lv_thread *t = lv_self();

    if (lv_cond_is_waited_on(cond))
        lv_idle_wake(&lv_process_context, (uintptr_t)cond, all);
    lv_cond_woken(cond);
    if (t == NULL)
        return;
    lv_life_tell(t);
    if (lv_wake_is_on(&lv_process_context, LV_EVENTS_COND))
        lv_wake_up(&lv_process_context, t, (uintptr_t)cond, site);
}

void lv_cond_made(const void *cond, uintptr_t site)
{
    struct lv_thread *t = lv_wake_is_on(&lv_process_context, LV_EVENTS_COND) ? lv_self() : NULL;

    if (t != NULL && !lv_cond_is_shared(cond))
        lv_wake_make(&lv_process_context, t, (uintptr_t)cond, site);
}

void lv_cond_destroyed(const void *cond)
{
    struct lv_thread *t = lv_wake_is_on(&lv_process_context, LV_EVENTS_COND) ? lv_self() : NULL;

    if (t != NULL)
        lv_wake_forget(&lv_process_context, t, (uintptr_t)cond);
}

/*
 * libc has two versions of these functions where it is old enough. For the first a pthread_cond_t held a pointer to the
 * real one; the second lays the real one out inside. A program asks for the version that it was linked with, and gets
 * the hook of that version: the nodes of lockval.map are called as libc's are. An export without a version, as other
 * hooks are, would be given to both (ADR 0015). The names here are gone from the object file.
 */
#if defined(__x86_64__) && defined(__LP64__)
#define OLD_VERSION "GLIBC_2.2.5"
#elif defined(__i386__)
#define OLD_VERSION "GLIBC_2.0"
#endif

#ifdef OLD_VERSION
#define VERSION(function, name) __asm__(".symver " #function ", " name)
#else
#define lv_cond_init pthread_cond_init
#define lv_cond_destroy pthread_cond_destroy
#define lv_cond_wait pthread_cond_wait
#define lv_cond_timedwait pthread_cond_timedwait
#define lv_cond_signal pthread_cond_signal
#define lv_cond_broadcast pthread_cond_broadcast
#endif

int lv_cond_init(pthread_cond_t *restrict cond, const pthread_condattr_t *restrict attr);
int lv_cond_destroy(pthread_cond_t *cond);
int lv_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex);
int lv_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                      const struct timespec *restrict until);
int lv_cond_signal(pthread_cond_t *cond);
int lv_cond_broadcast(pthread_cond_t *cond);

LV_EXPORT int lv_cond_init(pthread_cond_t *restrict cond, const pthread_condattr_t *restrict attr)
{
    int r;

    if (LV_UNLIKELY(lv_real.pthread_cond_init == NULL))
        lv_process_start();
    r = lv_real.pthread_cond_init(cond, attr);
    if (r == 0)
        lv_cond_made(cond, LV_CALL_SITE);
    return r;
}

LV_EXPORT int lv_cond_destroy(pthread_cond_t *cond)
{
    if (LV_UNLIKELY(lv_real.pthread_cond_destroy == NULL))
        lv_process_start();
    lv_cond_destroyed(cond);
    return lv_real.pthread_cond_destroy(cond);
}

LV_EXPORT int lv_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex)
{
    LV_COND_WAIT(cond, mutex, 0, EPERM, lv_real.pthread_cond_wait(cond, mutex));
}

LV_EXPORT int lv_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                const struct timespec *restrict until)
{
    LV_COND_WAIT(cond, mutex, LV_TIMED, EPERM, lv_real.pthread_cond_timedwait(cond, mutex, until));
}

LV_EXPORT int pthread_cond_clockwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, clockid_t clock,
                                     const struct timespec *restrict until)
{
    LV_COND_WAIT(cond, mutex, LV_TIMED, EPERM, lv_real.pthread_cond_clockwait(cond, mutex, clock, until));
}

LV_EXPORT int lv_cond_signal(pthread_cond_t *cond)
{
    int r;

    lv_cond_wake(cond, false, LV_CALL_SITE);
    r = lv_real.pthread_cond_signal(cond);
    lv_cond_woken(cond);
    return r;
}

LV_EXPORT int lv_cond_broadcast(pthread_cond_t *cond)
{
    int r;

    lv_cond_wake(cond, true, LV_CALL_SITE);
    r = lv_real.pthread_cond_broadcast(cond);
    lv_cond_woken(cond);
    return r;
}

#ifdef OLD_VERSION

VERSION(lv_cond_init, "pthread_cond_init@@@GLIBC_2.3.2");
VERSION(lv_cond_destroy, "pthread_cond_destroy@@@GLIBC_2.3.2");
VERSION(lv_cond_wait, "pthread_cond_wait@@@GLIBC_2.3.2");
VERSION(lv_cond_timedwait, "pthread_cond_timedwait@@@GLIBC_2.3.2");
VERSION(lv_cond_signal, "pthread_cond_signal@@@GLIBC_2.3.2");
VERSION(lv_cond_broadcast, "pthread_cond_broadcast@@@GLIBC_2.3.2");

int lv_cond_init_old(pthread_cond_t *cond, const pthread_condattr_t *attr);
int lv_cond_destroy_old(pthread_cond_t *cond);
int lv_cond_wait_old(pthread_cond_t *cond, pthread_mutex_t *mutex);
int lv_cond_timedwait_old(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until);
int lv_cond_signal_old(pthread_cond_t *cond);
int lv_cond_broadcast_old(pthread_cond_t *cond);

/* Who waits on an old one with which mutex is not followed: what it is made of is not known here. */
LV_EXPORT int lv_cond_wait_old(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    LV_COND_WAIT(NULL, mutex, 0, EPERM, lv_real.pthread_cond_wait_old(cond, mutex));
}

LV_EXPORT int lv_cond_timedwait_old(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
    LV_COND_WAIT(NULL, mutex, LV_TIMED, EPERM, lv_real.pthread_cond_timedwait_old(cond, mutex, until));
}

LV_EXPORT int lv_cond_init_old(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
    if (LV_UNLIKELY(lv_real.pthread_cond_init_old == NULL))
        lv_process_start();
    return lv_real.pthread_cond_init_old(cond, attr);
}

LV_EXPORT int lv_cond_destroy_old(pthread_cond_t *cond)
{
    if (LV_UNLIKELY(lv_real.pthread_cond_destroy_old == NULL))
        lv_process_start();
    return lv_real.pthread_cond_destroy_old(cond);
}

LV_EXPORT int lv_cond_signal_old(pthread_cond_t *cond)
{
    if (LV_UNLIKELY(lv_real.pthread_cond_signal_old == NULL))
        lv_process_start();
    return lv_real.pthread_cond_signal_old(cond);
}

LV_EXPORT int lv_cond_broadcast_old(pthread_cond_t *cond)
{
    if (LV_UNLIKELY(lv_real.pthread_cond_broadcast_old == NULL))
        lv_process_start();
    return lv_real.pthread_cond_broadcast_old(cond);
}

VERSION(lv_cond_init_old, "pthread_cond_init@" OLD_VERSION ", remove");
VERSION(lv_cond_destroy_old, "pthread_cond_destroy@" OLD_VERSION ", remove");
VERSION(lv_cond_wait_old, "pthread_cond_wait@" OLD_VERSION ", remove");
VERSION(lv_cond_timedwait_old, "pthread_cond_timedwait@" OLD_VERSION ", remove");
VERSION(lv_cond_signal_old, "pthread_cond_signal@" OLD_VERSION ", remove");
VERSION(lv_cond_broadcast_old, "pthread_cond_broadcast@" OLD_VERSION ", remove");

#endif
