/* SPDX-License-Identifier: MIT */
/* Condition variables. A mutex that the thread does not hold, as far as is known, is left to the real call. */

#define _GNU_SOURCE
#include "interpose/cond.h"

#include "interpose/mutex.h"

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

LV_EXPORT int pthread_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex)
{
    LV_COND_WAIT(mutex, lv_real.pthread_cond_wait(cond, mutex));
}

LV_EXPORT int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                     const struct timespec *restrict until)
{
    LV_COND_WAIT(mutex, lv_real.pthread_cond_timedwait(cond, mutex, until));
}

LV_EXPORT int pthread_cond_clockwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, clockid_t clock,
                                     const struct timespec *restrict until)
{
    LV_COND_WAIT(mutex, lv_real.pthread_cond_clockwait(cond, mutex, clock, until));
}
