/* SPDX-License-Identifier: MIT */
/*
 * Two workers of a pool, and tasks that wait for a task of the same pool: when both workers wait, nobody is left to do
 * what they wait for.
 */
#include "deadlock.h"

enum {
    WORKERS = 2,
    PARENTS = 2,
    MOST_TASKS = 8
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_parent[MOST_TASKS]; /* by task, in the order in which they came */
    bool done[MOST_TASKS];
    unsigned submitted, taken;
    bool stop;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* Context: with the lock. Returns: the task's number. */
static unsigned submit(bool is_parent)
{
    unsigned task = pool.submitted++;

    pool.is_parent[task] = is_parent;
    MUST(pthread_cond_broadcast(&pool.changed) == 0);
    return task;
}

/* Context: with the lock. */
static void await_task(unsigned task)
{
    while (!pool.done[task])
        MUST(pthread_cond_wait(&pool.changed, &pool.lock) == 0);
}

/* Context: with the lock, which is given up while the task runs. */
static void run_task(unsigned task)
{
    if (pool.is_parent[task]) {
        UNLOCK(&pool.lock);
        meet();
        LOCK(&pool.lock);
        await_task(submit(false));
    }
    pool.done[task] = true;
    MUST(pthread_cond_broadcast(&pool.changed) == 0);
}

static void *run_worker(void *arg)
{
    LOCK(&pool.lock);
    while (!pool.stop) {
        if (pool.taken < pool.submitted)
            run_task(pool.taken++);
        else
            MUST(pthread_cond_wait(&pool.changed, &pool.lock) == 0);
    }
    UNLOCK(&pool.lock);
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t workers[WORKERS];
    unsigned tasks[PARENTS];

    begin(argc, argv, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        workers[i] = start(run_worker, NULL);
    for (int i = 0; i < PARENTS; i++) {
        LOCK(&pool.lock);
        tasks[i] = submit(true);
        UNLOCK(&pool.lock);
        if (!hang)
            work(1000000);
    }
    LOCK(&pool.lock);
    for (int i = 0; i < PARENTS; i++)
        await_task(tasks[i]);
    pool.stop = true;
    MUST(pthread_cond_broadcast(&pool.changed) == 0);
    UNLOCK(&pool.lock);
    for (int i = 0; i < WORKERS; i++)
        join(workers[i]);
    return finish();
}
