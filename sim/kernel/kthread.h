/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_KTHREAD_H
#define SIM_KERNEL_KTHREAD_H

/*
 * kthread.h: threads of the simulator, both kernel threads and those that play user tasks. Each has
 * a name that debuggers and reports show, is registered with liburcu (flavour memb), and can be
 * woken, parked and stopped.
 *
 * The usual loop of a service thread:
 *
 *     while (!kthread_should_stop()) {
 *         if (kthread_should_park())
 *             kthread_parkme();
 *         else if (there is work)
 *             do it;
 *         else
 *             kthread_schedule();
 *     }
 *
 * A wake-up is remembered: one that comes between the look for work and kthread_schedule() makes
 * the latter return at once.
 *
 * Waking, parking and stopping are not watched by lockval; a lock must not be held across
 * kthread_stop(), which joins.
 */

#include <stdbool.h>

struct kthread;

typedef int (*kthread_fn)(void *arg);

/*
 * Start a thread that runs fn(arg). The name is cut to 15 characters. Ends the program when there
 * is no memory or thread left. The new thread's CPU (percpu.h) is 0 until it calls
 * set_current_cpu().
 */
struct kthread *kthread_run(kthread_fn fn, void *arg, const char *name_format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ask the thread to stop, wait until it has returned, and free @thread. Returns: what its function
 * returned. */
int kthread_stop(struct kthread *thread);

/* Wait until the thread's function returned by itself, and free @thread. Returns: what it
 * returned. */
int kthread_join(struct kthread *thread);

/* Make the thread's present or next kthread_schedule() return. Context: any thread, also with
 * spinlocks held. */
void kthread_wake(struct kthread *thread);

/* Ask the thread to park and wait until it has. Called again on a parked thread it does nothing. */
void kthread_park(struct kthread *thread);

/* Let a parked thread go on. */
void kthread_unpark(struct kthread *thread);

/* ---- for the thread itself ------------------------------------------------------------------- */

/* Both are false in a thread that kthread_run() did not start. */
bool kthread_should_stop(void);
bool kthread_should_park(void);

/* Sleep until woken, or asked to stop or park. */
void kthread_schedule(void);

/* Be parked until kthread_unpark() or kthread_stop(). */
void kthread_parkme(void);

#endif
