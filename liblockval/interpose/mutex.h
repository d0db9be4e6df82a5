/* SPDX-License-Identifier: MIT */
#ifndef LV_INTERPOSE_MUTEX_H
#define LV_INTERPOSE_MUTEX_H

#include "engine/publish.h"
#include "interpose/hook.h"

/* What the hooks of POSIX and of C11 mutexes share; glibc's mtx_t is a pthread_mutex_t. */

#define LV_MUTEX_TAKE(mutex, flags, site, refusal, call)                                                           \
    LV_HOOK_TAKE(lv_mutex_object(&lv_process_context, mutex), LV_WRITE, flags, lv_mutex_is_reentrant(mutex), site, \
                 refusal, call)
#define LV_MUTEX_TRY(mutex, site, call) LV_HOOK_TRY(lv_mutex_object(&lv_process_context, mutex), LV_WRITE, site, call)

/*
 * The body of a hook that releases @mutex, called from @site; @t is null when the thread is not watched. A mutex that
 * answers a wrong call with an error is asked first, and so is one that our books do not have.
 */
#define LV_MUTEX_UNLOCK(t, mutex, site, call)                                                                          \
    do {                                                                                                               \
        if (LV_LIKELY((t) != NULL)) {                                                                                  \
            if (LV_UNLIKELY((t)->held[(ptrdiff_t)(t)->depth - 1].address != (uintptr_t)(mutex))) {                     \
                bool answers_ = lv_mutex_before_unlock_other((t), (mutex), (site));                                    \
                int r_ = (call);                                                                                       \
                                                                                                                       \
                if (answers_ && r_ != 0)                                                                               \
                    lv_mutex_refused((t), (mutex), LV_FINDING_UNLOCK, (site),                                          \
                                     "was not released: the call returned an error, as this thread does not hold it"); \
                return r_;                                                                                             \
            }                                                                                                          \
            lv_release(&lv_process_context, (t), (uintptr_t)(mutex), LV_KIND_MUTEX, (site));                           \
        }                                                                                                              \
        return (call);                                                                                                 \
    } while (0)

/* The thread, null when it is not watched, is about to initialise @mutex; it did, at @site. */
void lv_mutex_before_init(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site);
void lv_mutex_after_init(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site);

/* Does @mutex answer a wrong call with an error instead of doing something undefined? The program asked for that, so such
 * an answer is its own affair, but for option error_returns. */
bool lv_mutex_answers(const pthread_mutex_t *mutex);

/* The thread is about to release @mutex, which is not the youngest lock that it holds. True: it does not hold it at all,
 * and the mutex will say so. */
bool lv_mutex_before_unlock_other(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site);

/* A call about @mutex returned an error: with error_returns=1 a finding. errno stays. */
void lv_mutex_refused(struct lv_thread *t, pthread_mutex_t *mutex, enum lv_finding_kind kind, uintptr_t site,
                      const char *detail);

/* The thread is about to destroy @mutex: look at it while it is whole; forget it once it is gone. */
struct lv_object lv_mutex_before_destroy(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site);
void lv_mutex_after_destroy(struct lv_thread *t, const struct lv_object *object);

#endif
