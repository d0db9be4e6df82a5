/* SPDX-License-Identifier: MIT */
/* C11 mutexes and condition variables. In glibc they are the POSIX ones under other names and with other return values;
 * libc's own functions do not call the hooked POSIX functions, so each has a hook. */

#define _GNU_SOURCE
#include <threads.h>

#include "interpose/cond.h"
#include "interpose/mutex.h"

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "mtx_t is a pthread_mutex_t");

static pthread_mutex_t *posix_of(mtx_t *mutex)
{
    return (pthread_mutex_t *)(void *)mutex;
}

LV_EXPORT int mtx_init(mtx_t *mutex, int type)
{
    struct lv_thread *t = lv_self();
    int r;

    lv_mutex_before_init(t, posix_of(mutex), LV_CALL_SITE);
    r = lv_real.mtx_init(mutex, type);
    if (r == thrd_success)
        lv_mutex_after_init(t, posix_of(mutex), LV_CALL_SITE);
    return r;
}

LV_EXPORT void mtx_destroy(mtx_t *mutex)
{
    struct lv_thread *t = lv_self();
    struct lv_object object = lv_mutex_before_destroy(t, posix_of(mutex), LV_CALL_SITE);

    lv_real.mtx_destroy(mutex);
    lv_mutex_after_destroy(t, &object);
}

LV_EXPORT int mtx_lock(mtx_t *mutex)
{
    LV_MUTEX_TAKE(posix_of(mutex), 0, LV_CALL_SITE, thrd_error, lv_real.mtx_lock(mutex));
}

LV_EXPORT int mtx_trylock(mtx_t *mutex)
{
    LV_MUTEX_TRY(posix_of(mutex), LV_CALL_SITE, lv_real.mtx_trylock(mutex));
}

LV_EXPORT int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
    LV_MUTEX_TAKE(posix_of(mutex), LV_TIMED, LV_CALL_SITE, thrd_error, lv_real.mtx_timedlock(mutex, until));
}

LV_EXPORT int mtx_unlock(mtx_t *mutex)
{
    struct lv_thread *t = lv_self();

    LV_MUTEX_UNLOCK(t, posix_of(mutex), LV_CALL_SITE, lv_real.mtx_unlock(mutex));
}

LV_EXPORT int cnd_init(cnd_t *cond)
{
    int r;

    if (LV_UNLIKELY(lv_real.cnd_init == NULL))
        lv_process_start();
    r = lv_real.cnd_init(cond);
    if (r == thrd_success)
        lv_cond_made(cond, LV_CALL_SITE);
    return r;
}

LV_EXPORT void cnd_destroy(cnd_t *cond)
{
    if (LV_UNLIKELY(lv_real.cnd_destroy == NULL))
        lv_process_start();
    lv_cond_destroyed(cond);
    lv_real.cnd_destroy(cond);
}

LV_EXPORT int cnd_wait(cnd_t *cond, mtx_t *mutex)
{
    LV_COND_WAIT(cond, posix_of(mutex), 0, thrd_error, lv_real.cnd_wait(cond, mutex));
}

LV_EXPORT int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex, const struct timespec *restrict until)
{
    LV_COND_WAIT(cond, posix_of(mutex), LV_TIMED, thrd_error, lv_real.cnd_timedwait(cond, mutex, until));
}

LV_EXPORT int cnd_signal(cnd_t *cond)
{
    int r;

    lv_cond_wake(cond, false, LV_CALL_SITE);
    r = lv_real.cnd_signal(cond);
    lv_cond_woken(cond);
    return r;
}

LV_EXPORT int cnd_broadcast(cnd_t *cond)
{
    int r;

    lv_cond_wake(cond, true, LV_CALL_SITE);
    r = lv_real.cnd_broadcast(cond);
    lv_cond_woken(cond);
    return r;
}
