/* SPDX-License-Identifier: MIT */
#ifndef LV_INTERPOSE_COND_H
#define LV_INTERPOSE_COND_H

#include "engine/stall.h"
#include "engine/wake.h"
#include "interpose/mutex.h"

/*
 * A wait on a condition variable releases the mutex and takes it again before it returns, also after a timeout and when
 * the thread is cancelled. So the wait is a release, and then an acquisition without a timeout under whatever else the
 * thread holds, whose edges are made before the wait.
 */
struct lv_cond_wait {
    struct lv_thread *t; /* null: not watched, or our books do not have the mutex */
    bool published;
    struct lv_idle idle;       /* as others see the wait */
    struct lv_wake_wait event; /* with events=cond: the wait for the signal */
    struct lv_thread *refused; /* that the mutex will refuse the wait of with an error; else null */
    struct lv_acquisition again;
};

/* @flags: LV_TIMED when the wait for the signal ends by itself; the mutex is waited for without limit all the same. */
struct lv_cond_wait lv_cond_begin(struct lv_thread *t, const void *cond, pthread_mutex_t *mutex, unsigned flags,
                                  uintptr_t site);
void lv_cond_end(struct lv_cond_wait *wait);

/* The wait ends without the mutex. */
void lv_cond_lost(struct lv_cond_wait *wait);

/* Somebody, or @all that wait, is about to be woken by the call at @site. */
void lv_cond_wake(const void *cond, bool all, uintptr_t site);

/* Somebody was woken. */
void lv_cond_woken(const void *cond);

/* A condition variable, not used by other processes, was made at @cond, or will be destroyed. */
void lv_cond_made(const void *cond, uintptr_t site);
void lv_cond_destroyed(const void *cond);

/* The body of a hook that waits. The end runs when the scope is left, on cancellation too. @refusal is what the call
 * returns when the mutex refuses. A robust mutex that is lost for good is the one that a wait does not give back. */
#define LV_COND_WAIT(cond, mutex, flags, refusal, call)                                                           \
    do {                                                                                                          \
        struct lv_cond_wait wait_ __attribute__((cleanup(lv_cond_end))) =                                         \
            lv_cond_begin(lv_self(), (cond), (mutex), (unsigned)(flags), LV_CALL_SITE);                           \
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
