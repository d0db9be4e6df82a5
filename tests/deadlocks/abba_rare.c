/* SPDX-License-Identifier: MIT */
/*
 * Two locks in two orders, once in a hundred thousand rounds of each thread: the threads would have to come there within
 * the same hundred nanoseconds.
 */
#include "deadlock.h"

enum {
    ROUNDS = 100000
};

static pthread_mutex_t own[2] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };
static pthread_mutex_t index_lock = PTHREAD_MUTEX_INITIALIZER, journal = PTHREAD_MUTEX_INITIALIZER;
static unsigned counts[2], sum;

static void compact(void)
{
    LOCK(&index_lock);
    meet();
    LOCK(&journal);
    sum++;
    UNLOCK(&journal);
    UNLOCK(&index_lock);
}

static void replay(void)
{
    LOCK(&journal);
    meet();
    LOCK(&index_lock);
    sum++;
    UNLOCK(&index_lock);
    UNLOCK(&journal);
}

static void *serve(void *arg)
{
    unsigned me = arg != NULL;
    unsigned rare = some_number(ROUNDS);

    for (unsigned i = 0; i < ROUNDS; i++) {
        LOCK(&own[me]);
        counts[me]++;
        UNLOCK(&own[me]);
        if (i == rare)
            (me ? replay : compact)();
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t one, two;

    begin(argc, argv, 2);
    one = start(serve, NULL);
    two = start(serve, &two);
    join(one);
    join(two);
    return finish();
}
