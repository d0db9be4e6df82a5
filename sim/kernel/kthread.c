/* SPDX-License-Identifier: MIT */
/*
 * kthread.c: the simulator's threads. Owns one struct kthread a thread, and the thread's pointer to
 * its own.
 *
 * Parking and waking go through a monitor that lockval does not watch. In the kernel, parking is a
 * completion; it is left out of the picture because no scenario is about it. Joining is watched by
 * lockval itself, as in any program.
 */
#include "kernel/kthread.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <urcu/urcu-memb.h>

#include "kernel/check.h"
#include "kernel/monitor.h"

struct kthread {
    pthread_t id;  /* constant after kthread_run() */
    kthread_fn fn; /* constant */
    void *arg;     /* constant */
    char name[16]; /* constant */
    struct monitor inside;
    atomic_bool should_stop; /* written inside, read by the thread */
    atomic_bool should_park; /* written inside, read by the thread */
    bool parked;             /* inside */
    bool woken;              /* inside: a wake-up that kthread_schedule() has not seen */
    int result;              /* written by the thread, read after the join */
};

static _Thread_local struct kthread *current_thread; /* null in threads that are not from here */

static void *thread_main(void *arg)
{
    struct kthread *self = arg;

    current_thread = self;
    pthread_setname_np(pthread_self(), self->name);
    urcu_memb_register_thread();
    self->result = self->fn(self->arg);
    urcu_memb_unregister_thread();
    return NULL;
}

struct kthread *kthread_run(kthread_fn fn, void *arg, const char *name_format, ...)
{
    struct kthread *thread = sim_alloc(1, sizeof(*thread));
    va_list args;
    int err;

    thread->fn = fn;
    thread->arg = arg;
    va_start(args, name_format);
    vsnprintf(thread->name, sizeof(thread->name), name_format, args);
    va_end(args);
    monitor_init(&thread->inside);
    atomic_init(&thread->should_stop, false);
    atomic_init(&thread->should_park, false);
    err = pthread_create(&thread->id, NULL, thread_main, thread);
    SIM_CHECK(!err, "cannot start thread %s: error %d", thread->name, err);
    return thread;
}

int kthread_join(struct kthread *thread)
{
    int err = pthread_join(thread->id, NULL);
    int result;

    SIM_CHECK(!err, "cannot join thread %s: error %d", thread->name, err);
    result = thread->result;
    monitor_destroy(&thread->inside);
    free(thread);
    return result;
}

int kthread_stop(struct kthread *thread)
{
    monitor_enter(&thread->inside);
    atomic_store(&thread->should_stop, true);
    monitor_notify(&thread->inside);
    monitor_leave(&thread->inside);
    return kthread_join(thread);
}

void kthread_wake(struct kthread *thread)
{
    monitor_enter(&thread->inside);
    thread->woken = true;
    monitor_notify(&thread->inside);
    monitor_leave(&thread->inside);
}

void kthread_park(struct kthread *thread)
{
    monitor_enter(&thread->inside);
    atomic_store(&thread->should_park, true);
    monitor_notify(&thread->inside);
    while (!thread->parked)
        monitor_wait(&thread->inside);
    monitor_leave(&thread->inside);
}

void kthread_unpark(struct kthread *thread)
{
    monitor_enter(&thread->inside);
    atomic_store(&thread->should_park, false);
    monitor_notify(&thread->inside);
    monitor_leave(&thread->inside);
}

bool kthread_should_stop(void)
{
    return current_thread && atomic_load(&current_thread->should_stop);
}

bool kthread_should_park(void)
{
    return current_thread && atomic_load(&current_thread->should_park);
}

void kthread_schedule(void)
{
    struct kthread *self = current_thread;

    SIM_CHECK(self, "kthread_schedule() in a thread of another kind");
    monitor_enter(&self->inside);
    while (!self->woken && !kthread_should_stop() && !kthread_should_park())
        monitor_wait(&self->inside);
    self->woken = false;
    monitor_leave(&self->inside);
}

void kthread_parkme(void)
{
    struct kthread *self = current_thread;

    SIM_CHECK(self, "kthread_parkme() in a thread of another kind");
    monitor_enter(&self->inside);
    while (kthread_should_park() && !kthread_should_stop()) {
        if (!self->parked) {
            self->parked = true;
            monitor_notify(&self->inside);
        }
        monitor_wait(&self->inside);
    }
    self->parked = false;
    monitor_leave(&self->inside);
}
