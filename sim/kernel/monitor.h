/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_MONITOR_H
#define SIM_KERNEL_MONITOR_H

/*
 * monitor.h: a mutex and a condition variable that lockval does not watch.
 *
 * The sleeping primitives of the small kernel (rwsem, completion, kthread, workqueue) are built on
 * one of these each. The validator must see the primitive, through its map or event, and not the
 * parts that it is made of.
 */

#include <pthread.h>

struct monitor {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* some thread waits on it until what @lock protects has changed */
};

void monitor_init(struct monitor *monitor);

/* No thread may be inside; a thread that just left it may still be returning from
 * monitor_leave(). */
void monitor_destroy(struct monitor *monitor);

/* Short sections only: nothing that sleeps may be called inside, except monitor_wait(). */
void monitor_enter(struct monitor *monitor);
void monitor_leave(struct monitor *monitor);

/* Leave, sleep until monitor_notify(), enter again. May return for no reason: test the condition in
 * a loop. */
void monitor_wait(struct monitor *monitor);

/* Wake all threads in monitor_wait(). Called inside. */
void monitor_notify(struct monitor *monitor);

#endif
