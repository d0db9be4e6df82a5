/* SPDX-License-Identifier: MIT */
#ifndef LV_INTERPOSE_COND_H
#define LV_INTERPOSE_COND_H

#include "interpose/hook.h"

/*
 * A wait on a condition variable releases the mutex and takes it again before it returns, also after a timeout and when
 * the thread is cancelled. So the wait is a release, and then an acquisition without a timeout under whatever else the
 * thread holds, whose edges are made before the wait.
 */
struct lv_cond_wait {
    struct lv_thread *t; /* null: not watched */
    struct lv_acquisition again;
};

struct lv_cond_wait lv_cond_begin(struct lv_thread *t, pthread_mutex_t *mutex, uintptr_t site);
void lv_cond_end(struct lv_cond_wait *wait);

/* The body of a hook that waits. The end runs when the scope is left, on cancellation too. A robust mutex that is lost for
 * good is the one that a wait does not give back. */
#define LV_COND_WAIT(mutex, call)                                         \
    do {                                                                  \
        struct lv_cond_wait wait_ __attribute__((cleanup(lv_cond_end))) = \
            lv_cond_begin(lv_self(), (mutex), LV_CALL_SITE);              \
        int r_ = (call);                                                  \
                                                                          \
        if (LV_UNLIKELY(r_ == ENOTRECOVERABLE))                           \
            wait_.t = NULL;                                               \
        return r_;                                                        \
    } while (0)

#endif
