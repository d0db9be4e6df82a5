/* SPDX-License-Identifier: MIT */
/*
 * completion.c: waiting for another thread. Owns no data beyond its completions; each one's monitor
 * protects it.
 *
 * The order of the calls to lockval is the point of this file. A wait is announced before the
 * thread counts as a waiter, and a completion before the waiters may pass: whoever sees a waiter
 * with completion_waiters() can rely on lockval having seen it too, and lockval judges the
 * completion while the waiter still waits.
 */
#include "kernel/completion.h"

#include <sched.h>

#include "kernel/check.h"
#include "kernel/percpu.h"

void init_completion_key(struct completion *done, const char *name, const struct lockval_key *key)
{
    monitor_init(&done->inside);
    done->done = 0;
    atomic_init(&done->waiters, 0);
    lockval_init_event(&done->event, name, key);
}

void destroy_completion(struct completion *done)
{
    SIM_CHECK(completion_waiters(done) == 0, "completion destroyed under its waiters");
    monitor_destroy(&done->inside);
}

void wait_for_completion(struct completion *done)
{
    might_sleep("wait_for_completion");
    lockval_begin_wait(&done->event);
    monitor_enter(&done->inside);
    atomic_fetch_add(&done->waiters, 1);
    while (done->done == 0)
        monitor_wait(&done->inside);
    if (done->done != UINT_MAX)
        done->done--;
    atomic_fetch_sub(&done->waiters, 1);
    monitor_leave(&done->inside);
    lockval_end_wait(&done->event);
}

void complete(struct completion *done)
{
    lockval_complete_event(&done->event);
    monitor_enter(&done->inside);
    if (done->done < UINT_MAX - 1)
        done->done++;
    monitor_notify(&done->inside);
    monitor_leave(&done->inside);
}

void complete_all(struct completion *done)
{
    lockval_complete_event(&done->event);
    monitor_enter(&done->inside);
    done->done = UINT_MAX;
    monitor_notify(&done->inside);
    monitor_leave(&done->inside);
}

unsigned completion_waiters(struct completion *done)
{
    return atomic_load(&done->waiters);
}

void completion_await_waiter(struct completion *done)
{
    while (completion_waiters(done) == 0)
        sched_yield();
}
