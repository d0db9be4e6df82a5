/* SPDX-License-Identifier: MIT */
/* One of two threads goes to the barrier with a lock in hand that the other wants before it comes there. */
#include "deadlock.h"

static pthread_mutex_t results = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t phase;
static unsigned sum;

static void pass(void)
{
    int result = pthread_barrier_wait(&phase);

    MUST(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void *collect(void *arg)
{
    if (!hang)
        work(2000000);
    LOCK(&results);
    meet();
    pass();
    sum++;
    UNLOCK(&results);
    return arg;
}

static void *compute(void *arg)
{
    meet();
    LOCK(&results);
    sum++;
    UNLOCK(&results);
    pass();
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    MUST(pthread_barrier_init(&phase, NULL, 2) == 0);
    run_two(collect, compute);
    return finish();
}
