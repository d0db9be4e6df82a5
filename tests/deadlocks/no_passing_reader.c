/* SPDX-License-Identifier: MIT */
/*
 * Two readers, one of which wants a mutex that the other holds, and a writer between them: the lock is of the default
 * kind, whose readers pass a writer that waits.
 */
#include "deadlock.h"

enum {
    ROUNDS = 200
};

static pthread_rwlock_t routes = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t counters = PTHREAD_MUTEX_INITIALIZER;
static unsigned packets, changes;

static void *forward(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        READ(&routes);
        LOCK(&counters);
        packets++;
        UNLOCK(&counters);
        LEAVE(&routes);
    }
    return arg;
}

static void *report(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&counters);
        READ(&routes);
        packets++;
        LEAVE(&routes);
        UNLOCK(&counters);
    }
    return arg;
}

static void *change(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        WRITE(&routes);
        changes++;
        LEAVE(&routes);
        work(some_number(1000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t third;

    begin(argc, argv, 0);
    third = start(change, NULL);
    run_two(forward, report);
    join(third);
    return finish();
}
