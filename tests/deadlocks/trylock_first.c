/* SPDX-License-Identifier: MIT */
/* One of the two only tries its first lock, which is no help: it has got it, and waits for the second. */
#include "deadlock.h"

enum {
    ROUNDS = 10
};

static pthread_mutex_t hint = PTHREAD_MUTEX_INITIALIZER, table = PTHREAD_MUTEX_INITIALIZER;
static unsigned sum;

static void *prefetch(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        while (pthread_mutex_trylock(&hint) != 0)
            (void)sched_yield();
        meet();
        LOCK(&table);
        sum++;
        UNLOCK(&table);
        UNLOCK(&hint);
        work(some_number(20000));
    }
    return arg;
}

static void *grow(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&table);
        meet();
        LOCK(&hint);
        sum++;
        UNLOCK(&hint);
        UNLOCK(&table);
        work(some_number(20000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    run_two(prefetch, grow);
    return finish();
}
