/* SPDX-License-Identifier: MIT */
/*
 * monitor.c: the unwatched inside of the sleeping primitives. Owns no data.
 *
 * pthread errors are programming errors here (the mutexes are of the normal kind), so each is a
 * check.
 */
#include "kernel/monitor.h"

#include "kernel/check.h"
#include "kernel/lockdep.h"

void monitor_init(struct monitor *monitor)
{
    int err = pthread_mutex_init(&monitor->lock, NULL);

    SIM_CHECK(!err, "pthread_mutex_init: error %d", err);
    lockval_set_notrack(&monitor->lock, LOCKVAL_MUTEX);
    err = pthread_cond_init(&monitor->changed, NULL);
    SIM_CHECK(!err, "pthread_cond_init: error %d", err);
}

void monitor_destroy(struct monitor *monitor)
{
    int err;

    /* monitor_notify() is called inside, so a thread that has left touches neither of the two any
     * more. */
    err = pthread_cond_destroy(&monitor->changed);
    SIM_CHECK(!err, "pthread_cond_destroy: error %d", err);
    err = pthread_mutex_destroy(&monitor->lock);
    SIM_CHECK(!err, "pthread_mutex_destroy: error %d", err);
}

void monitor_enter(struct monitor *monitor)
{
    int err = pthread_mutex_lock(&monitor->lock);

    SIM_CHECK(!err, "pthread_mutex_lock: error %d", err);
}

void monitor_leave(struct monitor *monitor)
{
    int err = pthread_mutex_unlock(&monitor->lock);

    SIM_CHECK(!err, "pthread_mutex_unlock: error %d", err);
}

void monitor_wait(struct monitor *monitor)
{
    int err = pthread_cond_wait(&monitor->changed, &monitor->lock);

    SIM_CHECK(!err, "pthread_cond_wait: error %d", err);
}

void monitor_notify(struct monitor *monitor)
{
    int err = pthread_cond_broadcast(&monitor->changed);

    SIM_CHECK(!err, "pthread_cond_broadcast: error %d", err);
}
