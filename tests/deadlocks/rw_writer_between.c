/* SPDX-License-Identifier: MIT */
/*
 * Two readers, one of which wants a mutex that the other holds, pass each other well, until a writer comes between: the
 * lock prefers writers, and the second reader waits behind it.
 */
#include "deadlock.h"

enum {
    ROUNDS = 10
};

static pthread_rwlock_t routes;
static pthread_mutex_t counters = PTHREAD_MUTEX_INITIALIZER;
static pid_t writer; /* atomic */
static unsigned packets, changes;

static void *forward(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        READ(&routes);
        meet_silently();
        LOCK(&counters);
        packets++;
        UNLOCK(&counters);
        LEAVE(&routes);
        work(some_number(10000));
    }
    return arg;
}

static void *report(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&counters);
        meet_silently();
        await_sleeper(&writer, &routes, sizeof(routes));
        if (hang)
            say_forming();
        READ(&routes);
        packets++;
        LEAVE(&routes);
        UNLOCK(&counters);
        work(some_number(10000));
    }
    return arg;
}

static void *change(void *arg)
{
    __atomic_store_n(&writer, gettid(), __ATOMIC_SEQ_CST);
    for (int i = 0; i < ROUNDS; i++) {
        meet_silently();
        WRITE(&routes);
        changes++;
        LEAVE(&routes);
        work(some_number(10000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t third;

    begin(argc, argv, 3);
    make_fair(&routes);
    third = start(change, NULL);
    run_two(forward, report);
    join(third);
    return finish();
}
