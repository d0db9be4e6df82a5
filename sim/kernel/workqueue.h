/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_WORKQUEUE_H
#define SIM_KERNEL_WORKQUEUE_H

/*
 * workqueue.h: functions that run later in a worker thread of a chosen CPU.
 *
 * There is one worker a CPU, "kworker/N:0", shared by all workqueues, as the kernel's pools are. It
 * is never destroyed: when its CPU goes down the worker is unbound and runs its works on any online
 * CPU, so a work that was queued for a CPU may find itself elsewhere. A work function must not wait
 * for another work.
 *
 * What lockval sees: while a work function runs, the maps of its workqueue and of the work count as
 * held. flush_work() touches both, so that holding L while flushing depends on all that the work
 * takes, and then waits for the event "(complete)wq_barr::done".
 */

#include <stdbool.h>

#include "kernel/lockdep.h"
#include "kernel/percpu.h"

struct work_struct;
struct workqueue_struct;
struct wq_barrier;

typedef void (*work_func_t)(struct work_struct *work);

/* The classes of one INIT_WORK() place. */
struct work_class {
    const char *name;
    struct lockval_key work;    /* the map that is held while the function runs */
    struct lockval_key barrier; /* the event that flush_work() waits for */
};

/* One piece of work. The fields are workqueue.c's; all but the first three are protected by its
 * lock. */
struct work_struct {
    work_func_t func;          /* constant after init */
    struct work_class *class_; /* constant after init */
    struct lockval_map map;    /* the instance that flush_work() touches */
    struct workqueue_struct *wq;
    struct work_struct *next;    /* in the queue of a worker */
    struct wq_barrier *barriers; /* flushes that wait for the queued run */
    bool pending;                /* queued, and not begun */
};

/* Make @work ready to be queued; it must not be pending or running. Its class is named "(" argument
 * ")". */
#define INIT_WORK(work, func)                                                                              \
    do {                                                                                                   \
        static struct work_class work_class_here_ = { "(" #work ")", LOCKVAL_KEY_INIT, LOCKVAL_KEY_INIT }; \
        init_work_class((work), (func), &work_class_here_);                                                \
    } while (0)

void init_work_class(struct work_struct *work, work_func_t func, struct work_class *class_);

/*
 * A new workqueue. Its class is named by the text of @name, as in the kernel of the time:
 * alloc_workqueue("mm", true) is called "mm" with its quotes. @rescuer says that it must make
 * progress when memory is short (WQ_MEM_RECLAIM): a flush then depends on the whole queue as a
 * writer, otherwise as a reader. Ends the program when there is no memory.
 */
#define alloc_workqueue(name, rescuer)                                \
    (__extension__({                                                  \
        static struct lockval_key wq_key_here_ = LOCKVAL_KEY_INIT;    \
        alloc_workqueue_key((name), (rescuer), #name, &wq_key_here_); \
    }))

struct workqueue_struct *alloc_workqueue_key(const char *name, bool rescuer, const char *class_name,
                                             const struct lockval_key *key);

/* Waits until the workqueue is empty, and frees it. Nobody may queue on it any more. */
void destroy_workqueue(struct workqueue_struct *wq);

/* Have the worker of @cpu run @work. Returns: false when it was already pending. Context: any
 * thread, may be atomic. */
bool queue_work_on(unsigned cpu, struct workqueue_struct *wq, struct work_struct *work);

/* Wait until the last queued run of @work is over. Returns: false when it was neither pending nor
 * running. */
bool flush_work(struct work_struct *work);

/* ---- for the hotplug code -------------------------------------------------------------------- */

/* Start and stop the workers of all CPUs. They begin unbound. */
void workqueue_init(void);
void workqueue_exit(void);

/* Bind the worker of @cpu to it, or unbind it. Callbacks of CPUHP_AP_WORKQUEUE_ONLINE; always 0. */
int workqueue_online_cpu(unsigned cpu);
int workqueue_offline_cpu(unsigned cpu);

#endif
