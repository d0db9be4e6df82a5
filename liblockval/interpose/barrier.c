/* SPDX-License-Identifier: MIT */
/*
 * Barriers. Nobody holds one, so it is no lock. With events=barrier a wait at one is a wait for all who have not come yet:
 * whoever comes brings the event about for those who wait already, and then waits for the others. The last one, too, is
 * said to wait, although it goes on at once: it might have come first.
 *
 * Only barriers that were made in our sight, for one process, are followed.
 */

#define _GNU_SOURCE
#include "engine/stall.h"
#include "engine/wake.h"
#include "interpose/hook.h"

static bool are_followed(const struct lv_thread *t)
{
    return t != NULL && lv_wake_is_on(&lv_process_context, LV_EVENTS_BARRIER);
}

static bool is_private(const pthread_barrierattr_t *attr)
{
    int shared = PTHREAD_PROCESS_PRIVATE;

    return attr == NULL || (pthread_barrierattr_getpshared(attr, &shared) == 0 && shared == PTHREAD_PROCESS_PRIVATE);
}

LV_EXPORT int pthread_barrier_init(pthread_barrier_t *restrict barrier, const pthread_barrierattr_t *restrict attr,
                                   unsigned count)
{
    struct lv_thread *t = lv_self();
    int r = lv_real.pthread_barrier_init(barrier, attr, count);

    if (r != 0 || !are_followed(t))
        return r;
    if (is_private(attr))
        lv_wake_make(&lv_process_context, t, (uintptr_t)barrier, LV_CALL_SITE);
    else
        lv_wake_forget(&lv_process_context, t, (uintptr_t)barrier);
    return r;
}

LV_EXPORT int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    struct lv_thread *t = lv_self();

    if (are_followed(t))
        lv_wake_forget(&lv_process_context, t, (uintptr_t)barrier);
    return lv_real.pthread_barrier_destroy(barrier);
}

static void begin_idle(struct lv_thread *t, const pthread_barrier_t *barrier, uintptr_t site, struct lv_idle *ret)
{
    const struct lv_blocked what = {
        .wait = LV_WAITS_BARRIER,
        .shared = lv_barrier_is_shared(barrier),
        .round = lv_barrier_round(barrier),
        .site = site,
        .wanted = { .address = (uintptr_t)barrier },
    };
    int saved = errno;

    (void)lv_idle_begin(&lv_process_context, t, &what, false, ret);
    errno = saved;
}

LV_EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    struct lv_thread *t = lv_self();
    struct lv_wake_wait wait = { .t = NULL };
    struct lv_idle idle;
    int r;

    if (t == NULL)
        return lv_real.pthread_barrier_wait(barrier);
    if (are_followed(t)) {
        lv_wake_up(&lv_process_context, t, (uintptr_t)barrier, LV_CALL_SITE);
        wait = lv_wake_begin(&lv_process_context, t, (uintptr_t)barrier, 0, false, LV_CALL_SITE);
    }
    begin_idle(t, barrier, LV_CALL_SITE, &idle);
    r = lv_real.pthread_barrier_wait(barrier);
    lv_idle_end(&lv_process_context, &idle);
    lv_wake_end(&lv_process_context, &wait);
    return r;
}
