/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_COMPLETION_H
#define SIM_KERNEL_COMPLETION_H

/*
 * completion.h: one thread waits until another says that something is done. For lockval a
 * completion is an event: what the waiter holds depends on it, and it depends on what the
 * completing thread took since the wait began.
 *
 * A completion may live on the waiter's stack: complete() does not touch it any more once the
 * waiter can return.
 *
 * Inline: what lockval is told (lockdep.h), in an order that matters. A wait is announced before the
 * thread counts as a waiter, and a completion before the waiters may pass: whoever sees a waiter
 * with completion_waiters() can rely on lockval having seen it too, and lockval judges the
 * completion while the waiter still waits.
 */

#include <limits.h>
#include <stdatomic.h>

#include "kernel/lockdep.h"
#include "kernel/monitor.h"
#include "kernel/percpu.h"

struct completion {
    struct lockval_event event;
    struct monitor inside;
    unsigned done;       /* inside: how many waits may pass; UINT_MAX after complete_all() */
    atomic_uint waiters; /* written inside, read anywhere: threads in completion_sleep() */
};

/* Make @done ready; its class is named "(complete)" and the text of the argument, as in the
 * kernel. */
#define init_completion(done) LOCKDEP_INIT_HERE(init_completion_key, done, "(complete)" #done)

void init_completion_key(struct completion *done, const char *name, const struct lockval_key *key);

/* No thread may wait, and none may complete it later. */
void destroy_completion(struct completion *done);

/* The completion without lockval: for the functions below alone. */
void completion_sleep(struct completion *done);
void completion_pass_one(struct completion *done);
void completion_pass_all(struct completion *done);

/* Sleep until complete() was called once for this wait, or complete_all(). */
SIM_INLINE void wait_for_completion(struct completion *done)
{
    might_sleep("wait_for_completion");
    lockval_begin_wait(&done->event);
    completion_sleep(done);
    lockval_end_wait(&done->event);
}

/* Let one waiter pass, now or later. */
SIM_INLINE void complete(struct completion *done)
{
    lockval_complete_event(&done->event);
    completion_pass_one(done);
}

/* Let all waiters pass, now and later. */
SIM_INLINE void complete_all(struct completion *done)
{
    lockval_complete_event(&done->event);
    completion_pass_all(done);
}

/* Returns: how many threads wait for @done. A thread counts only after it told lockval that its
 * wait began. */
unsigned completion_waiters(struct completion *done);

/*
 * Yield until somebody waits for @done. Not of the kernel: a scenario calls it in the completing
 * thread, before the work that the waiter waits for, so that the same dependencies are seen in each
 * run.
 */
void completion_await_waiter(struct completion *done);

#endif
