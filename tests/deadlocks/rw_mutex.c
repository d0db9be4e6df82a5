/* SPDX-License-Identifier: MIT */
/* A reader that wants a mutex, and the mutex's holder that wants to write. */
#include "deadlock.h"

enum {
    ROUNDS = 10
};

static pthread_rwlock_t tree = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t statistics = PTHREAD_MUTEX_INITIALIZER;
static unsigned lookups, changes;

static void *look_up(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        READ(&tree);
        meet();
        LOCK(&statistics);
        lookups++;
        UNLOCK(&statistics);
        LEAVE(&tree);
        work(some_number(20000));
    }
    return arg;
}

static void *rebalance(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&statistics);
        work(100);
        meet();
        WRITE(&tree);
        changes++;
        LEAVE(&tree);
        UNLOCK(&statistics);
        work(some_number(20000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    run_two(look_up, rebalance);
    return finish();
}
