/* SPDX-License-Identifier: MIT */
#ifndef LV_INTERPOSE_COND_H
#define LV_INTERPOSE_COND_H

#include "interpose/mutex.h"

/*
 * A wait on a condition variable releases the mutex and takes it again before it returns, also after a timeout and when
 * the thread is cancelled. So the wait is a release, and then an acquisition without a timeout under whatever else the
 * thread holds, whose edges are made before the wait.
 */
struct lv_cond_wait {
    struct lv_thread *t; /* null: not watched, or our books do not have the mutex */
    bool published;
    struct lv_thread *refused; /* that the mutex will refuse the wait of with an error; else null */
    struct lv_acquisition again;
};

struct lv_cond_wait lv_cond_begin(struct lv_thread *t, const void *cond, pthread_mutex_t *mutex, uintptr_t site);
void lv_cond_end(struct lv_cond_wait *wait);

/* The wait ends without the mutex. */
void lv_cond_lost(struct lv_cond_wait *wait);

/* Somebody is about to be woken, or was: called before and after. */
void lv_cond_woken(const void *cond);

/* The body of a hook that waits. The end runs when the scope is left, on cancellation too. @refusal is what the call
 * returns when the mutex refuses. A robust mutex that is lost for good is the one that a wait does not give back. */
#define LV_COND_WAIT(cond, mutex, refusal, call)                                                                  \
    do {                                                                                                          \
        struct lv_cond_wait wait_ __attribute__((cleanup(lv_cond_end))) =                                         \
            lv_cond_begin(lv_self(), (cond), (mutex), LV_CALL_SITE);                                              \
        int r_ = (call);                                                                                          \
                                                                                                                  \
        if (r_ == (refusal) && wait_.refused != NULL)                                                             \
            lv_mutex_refused(wait_.refused, (mutex), LV_FINDING_COND, LV_CALL_SITE,                               \
                             "was not waited with: the call returned an error, as this thread does not hold it"); \
        if (LV_UNLIKELY(r_ == ENOTRECOVERABLE))                                                                   \
            lv_cond_lost(&wait_);                                                                                 \
        return r_;                                                                                                \
    } while (0)

#endif
