/* SPDX-License-Identifier: MIT */
/* Condition variables. A mutex that the thread does not hold, as far as is known, is left to the real call. */

#define _GNU_SOURCE
#include "interpose/cond.h"

#include "interpose/mutex.h"

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
#define lv_cond_wait pthread_cond_wait
#define lv_cond_timedwait pthread_cond_timedwait
#endif

int lv_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex);
int lv_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                      const struct timespec *restrict until);

struct lv_cond_wait lv_cond_begin(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site)
{
    struct lv_cond_wait wait = { NULL, { 0 } };
    const struct lv_held *h = t != NULL ? lv_held_find(t, (uintptr_t)mutex) : NULL;

    if (h == NULL)
        return wait;
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
    lv_release(&lv_process_context, t, (uintptr_t)mutex, LV_KIND_MUTEX, site);
    lv_acquire(&lv_process_context, t, &wait.again);
    wait.t = t;
    return wait;
}

void lv_cond_end(struct lv_cond_wait *wait)
{
    if (wait->t != NULL)
        lv_acquired(&lv_process_context, wait->t, &wait->again);
}

LV_EXPORT int lv_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex)
{
    LV_COND_WAIT(mutex, lv_real.pthread_cond_wait(cond, mutex));
}

LV_EXPORT int lv_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                const struct timespec *restrict until)
{
    LV_COND_WAIT(mutex, lv_real.pthread_cond_timedwait(cond, mutex, until));
}

#ifdef OLD_VERSION

VERSION(lv_cond_wait, "pthread_cond_wait@@@GLIBC_2.3.2");
VERSION(lv_cond_timedwait, "pthread_cond_timedwait@@@GLIBC_2.3.2");

int lv_cond_wait_old(pthread_cond_t *cond, pthread_mutex_t *mutex);
int lv_cond_timedwait_old(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until);

LV_EXPORT int lv_cond_wait_old(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    LV_COND_WAIT(mutex, lv_real.pthread_cond_wait_old(cond, mutex));
}

LV_EXPORT int lv_cond_timedwait_old(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
    LV_COND_WAIT(mutex, lv_real.pthread_cond_timedwait_old(cond, mutex, until));
}

VERSION(lv_cond_wait_old, "pthread_cond_wait@" OLD_VERSION ", remove");
VERSION(lv_cond_timedwait_old, "pthread_cond_timedwait@" OLD_VERSION ", remove");

#endif

LV_EXPORT int pthread_cond_clockwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, clockid_t clock,
                                     const struct timespec *restrict until)
{
    LV_COND_WAIT(mutex, lv_real.pthread_cond_clockwait(cond, mutex, clock, until));
}
