/* SPDX-License-Identifier: MIT */
/*
 * workqueue.c: workers, queues and flushes. Owns the workers; one monitor protects all queues and
 * the lists of waiting flushes.
 *
 * One monitor for all CPUs, where the kernel has a lock a pool: a work that is queued on one CPU
 * while it runs on another then needs no order among locks, and the simulator has no more threads
 * than that costs nothing.
 *
 * A work function may free its work. So the worker copies what it needs before the call and does
 * not look at the work after it; a flush that finds the work running hangs its barrier on the
 * worker and not on the work.
 *
 * As in the kernel, the map that is held while the function runs is a copy of the work's (it may be
 * freed), and the history for events is cut after the maps were taken and again before barriers are
 * completed: that a flush depends on the work and its queue is said by touching the maps, and must
 * not be said a second time through the barrier's event.
 */
#include "kernel/workqueue.h"

#include <stdlib.h>

#include "kernel/check.h"
#include "kernel/completion.h"
#include "kernel/kthread.h"
#include "kernel/monitor.h"

struct workqueue_struct {
    const char *name;       /* constant */
    bool rescuer;           /* constant */
    struct lockval_map map; /* held while one of its works runs */
    unsigned works;         /* pool.inside: pending and running */
};

/* One thread in flush_work(). On its stack. */
struct wq_barrier {
    struct completion done;
    struct wq_barrier *next; /* pool.inside until taken off a list, then the worker's */
};

struct worker {
    struct kthread *thread;      /* constant after workqueue_init() */
    struct work_struct *head;    /* pool.inside: the queue */
    struct work_struct **tail;   /* pool.inside: where the next work is hung */
    struct work_struct *current; /* pool.inside: runs now; only compared, it may be freed already */
    struct wq_barrier *barriers; /* pool.inside: flushes that wait for @current */
    bool bound;                  /* pool.inside: the CPU is up and the worker stays on it */
};

/* Exists from workqueue_init() to workqueue_exit(). */
static struct {
    struct monitor inside;
    struct worker workers[NR_CPUS]; /* by CPU */
} pool;

void init_work_class(struct work_struct *work, work_func_t func, struct work_class *class_)
{
    *work = (struct work_struct){ .func = func, .class_ = class_ };
    lockval_init_map(&work->map, class_->name, &class_->work);
}

struct workqueue_struct *alloc_workqueue_key(const char *name, bool rescuer, const char *class_name,
                                             const struct lockval_key *key)
{
    struct workqueue_struct *wq = sim_alloc(1, sizeof(*wq));

    wq->name = name;
    wq->rescuer = rescuer;
    lockval_init_map(&wq->map, class_name, key);
    return wq;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
    monitor_enter(&pool.inside);
    while (wq->works > 0)
        monitor_wait(&pool.inside);
    monitor_leave(&pool.inside);
    free(wq);
}

/* Inside. Returns: the worker that runs @work now, or null. */
static struct worker *find_running(const struct work_struct *work)
{
    unsigned cpu;

    for_each_possible_cpu (cpu)
        if (pool.workers[cpu].current == work)
            return &pool.workers[cpu];
    return NULL;
}

bool queue_work_on(unsigned cpu, struct workqueue_struct *wq, struct work_struct *work)
{
    struct worker *worker;

    SIM_CHECK(cpu < nr_cpu_ids, "%s: work queued on CPU %u, which does not exist", wq->name, cpu);
    monitor_enter(&pool.inside);
    if (work->pending) {
        monitor_leave(&pool.inside);
        return false;
    }
    /* A work never runs twice at once: while it runs, the next run goes to the same worker. */
    worker = find_running(work);
    if (!worker)
        worker = &pool.workers[cpu];
    work->pending = true;
    work->wq = wq;
    work->next = NULL;
    work->barriers = NULL;
    wq->works++;
    *worker->tail = work;
    worker->tail = &work->next;
    monitor_leave(&pool.inside);
    kthread_wake(worker->thread);
    return true;
}

/* Inside. Hang @barrier on the last run of @work. Returns: the workqueue of the run, null when
 * there is none. */
static struct workqueue_struct *insert_barrier(struct work_struct *work, struct wq_barrier *barrier)
{
    struct wq_barrier **list;
    struct worker *worker;

    if (work->pending) {
        list = &work->barriers;
    } else {
        worker = find_running(work);
        if (!worker)
            return NULL;
        list = &worker->barriers;
    }
    barrier->next = *list;
    *list = barrier;
    return work->wq;
}

bool flush_work(struct work_struct *work)
{
    struct workqueue_struct *wq;
    struct wq_barrier barrier;

    might_sleep("flush_work");
    lockdep_map_touch(&work->map);
    init_completion_key(&barrier.done, "(complete)wq_barr::done", &work->class_->barrier);

    monitor_enter(&pool.inside);
    wq = insert_barrier(work, &barrier);
    monitor_leave(&pool.inside);

    if (wq) {
        /* With a rescuer one thread may have to run all works of the queue, so any of them can
         * delay this flush. */
        if (wq->rescuer)
            lockdep_map_acquire(&wq->map);
        else
            lockdep_map_acquire_read(&wq->map);
        lockdep_map_release(&wq->map);
        wait_for_completion(&barrier.done);
    }
    destroy_completion(&barrier.done);
    return wq != NULL;
}

/* Let the flushes of a finished run go on. A barrier is gone as soon as it is completed. */
static void complete_barriers(struct wq_barrier *barrier)
{
    while (barrier) {
        struct wq_barrier *next = barrier->next;

        lockval_cut_history();
        complete(&barrier->done);
        barrier = next;
    }
}

/* Run the first work of the queue. Returns: false when there is none. */
static bool run_next(struct worker *worker, unsigned cpu)
{
    struct workqueue_struct *wq;
    struct wq_barrier *barriers;
    struct work_struct *work;
    struct lockval_map map;
    bool bound;

    monitor_enter(&pool.inside);
    work = worker->head;
    if (!work) {
        monitor_leave(&pool.inside);
        return false;
    }
    worker->head = work->next;
    if (!worker->head)
        worker->tail = &worker->head;
    work->pending = false;
    worker->current = work;
    worker->barriers = work->barriers;
    wq = work->wq;
    bound = worker->bound;
    monitor_leave(&pool.inside);

    /* An unbound worker stays where it is, or where get_cpu() moves it when that CPU is offline. */
    if (bound)
        set_current_cpu(cpu);
    lockval_init_map(&map, work->class_->name, &work->class_->work);
    lockdep_map_acquire(&wq->map);
    lockdep_map_acquire(&map);
    lockval_cut_history();
    work->func(work);
    lockdep_map_release(&map);
    lockdep_map_release(&wq->map);

    monitor_enter(&pool.inside);
    worker->current = NULL;
    barriers = worker->barriers;
    worker->barriers = NULL;
    wq->works--;
    monitor_notify(&pool.inside);
    monitor_leave(&pool.inside);
    complete_barriers(barriers);
    return true;
}

static int worker_thread(void *arg)
{
    struct worker *worker = arg;
    unsigned cpu = (unsigned)(worker - pool.workers);

    set_current_cpu(cpu);
    while (!kthread_should_stop())
        if (!run_next(worker, cpu))
            kthread_schedule();
    return 0;
}

void workqueue_init(void)
{
    unsigned cpu;

    monitor_init(&pool.inside);
    for_each_possible_cpu (cpu) {
        struct worker *worker = &pool.workers[cpu];

        *worker = (struct worker){ .tail = &worker->head };
        worker->thread = kthread_run(worker_thread, worker, "kworker/%u:0", cpu);
    }
}

void workqueue_exit(void)
{
    unsigned cpu;

    for_each_possible_cpu (cpu) {
        struct worker *worker = &pool.workers[cpu];

        kthread_stop(worker->thread);
        SIM_CHECK(!worker->head, "works are left on CPU %u at the end", cpu);
    }
    monitor_destroy(&pool.inside);
}

static int set_bound(unsigned cpu, bool bound)
{
    monitor_enter(&pool.inside);
    pool.workers[cpu].bound = bound;
    monitor_leave(&pool.inside);
    return 0;
}

int workqueue_online_cpu(unsigned cpu)
{
    return set_bound(cpu, true);
}

int workqueue_offline_cpu(unsigned cpu)
{
    return set_bound(cpu, false);
}
