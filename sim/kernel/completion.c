/* SPDX-License-Identifier: MIT */
/*
 * completion.c: waiting for another thread. Owns no data beyond its completions; each one's monitor
 * protects it. What lockval is told, and when, stands in completion.h.
 */
#include "kernel/completion.h"

#include <sched.h>

#include "kernel/check.h"

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

void completion_sleep(struct completion *done)
{
    monitor_enter(&done->inside);
    atomic_fetch_add(&done->waiters, 1);
    while (done->done == 0)
        monitor_wait(&done->inside);
    if (done->done != UINT_MAX)
        done->done--;
    atomic_fetch_sub(&done->waiters, 1);
    monitor_leave(&done->inside);
}

void completion_pass_one(struct completion *done)
{
    monitor_enter(&done->inside);
    if (done->done < UINT_MAX - 1)
        done->done++;
    monitor_notify(&done->inside);
    monitor_leave(&done->inside);
}

void completion_pass_all(struct completion *done)
{
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
