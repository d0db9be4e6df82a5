/* SPDX-License-Identifier: MIT */
/* A thread is joined with a lock in hand that it takes in its life; but it has said, by a flag, that it is past that. */
#include "deadlock.h"

static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;
static bool past; /* atomic */
static unsigned sum;

static void *run_worker(void *arg)
{
    LOCK(&state);
    sum++;
    UNLOCK(&state);
    __atomic_store_n(&past, true, __ATOMIC_SEQ_CST);
    work(some_number(50000));
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t worker;

    begin(argc, argv, 0);
    worker = start(run_worker, NULL);
    while (!__atomic_load_n(&past, __ATOMIC_SEQ_CST))
        (void)sched_yield();
    LOCK(&state);
    join(worker);
    UNLOCK(&state);
    return finish();
}
