/* SPDX-License-Identifier: MIT */
/* The main thread waits for a worker's end with a lock in hand that the worker wants once more before it ends. */
#include "deadlock.h"

static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;
static unsigned done_by_worker;

static void *run_worker(void *arg)
{
    meet();
    LOCK(&state);
    done_by_worker++;
    UNLOCK(&state);
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t worker;

    begin(argc, argv, 2);
    worker = start(run_worker, NULL);
    if (!hang)
        work(2000000);
    LOCK(&state);
    meet();
    join(worker);
    UNLOCK(&state);
    return finish();
}
