/* SPDX-License-Identifier: MIT */
#ifndef LV_INTERPOSE_MUTEX_H
#define LV_INTERPOSE_MUTEX_H

#include "interpose/hook.h"

/* What the hooks of POSIX and of C11 mutexes share; glibc's mtx_t is a pthread_mutex_t. */

#define LV_MUTEX_TAKE(mutex, flags, call) \
    LV_HOOK_TAKE(lv_mutex_object(&lv_process_context, mutex), LV_WRITE, flags, lv_mutex_is_reentrant(mutex), call)
#define LV_MUTEX_TRY(mutex, call) LV_HOOK_TRY(lv_mutex_object(&lv_process_context, mutex), LV_WRITE, call)

/* The thread, null when it is not watched, is about to initialise @mutex; it did, at @site; it is about to release it. */
void lv_mutex_before_init(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site);
void lv_mutex_after_init(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site);
void lv_mutex_before_unlock(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site);

/* The thread is about to destroy @mutex: look at it while it is whole; forget it once it is gone. */
struct lv_object lv_mutex_before_destroy(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site);
void lv_mutex_after_destroy(struct lv_thread *t, const struct lv_object *object);

#endif
