/* SPDX-License-Identifier: MIT */
/* Three threads, each with its own lock in hand, each wants the next one's. */
#include "deadlock.h"

enum {
    THREADS = 3,
    ROUNDS = 10
};

static pthread_mutex_t locks[THREADS] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                          PTHREAD_MUTEX_INITIALIZER };

/* Three functions, so that each of the orders has a place of its own in the source. */
#define STEP(name, first, second)          \
    static void *name(void *arg)           \
    {                                      \
        for (int i = 0; i < ROUNDS; i++) { \
            LOCK(&locks[first]);           \
            work(some_number(20000));      \
            meet();                        \
            LOCK(&locks[second]);          \
            UNLOCK(&locks[second]);        \
            UNLOCK(&locks[first]);         \
            work(some_number(200000));     \
        }                                  \
        return arg;                        \
    }

STEP(take_01, 0, 1)
STEP(take_12, 1, 2)
STEP(take_20, 2, 0)

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];

    begin(argc, argv, THREADS);
    threads[0] = start(take_01, NULL);
    threads[1] = start(take_12, NULL);
    threads[2] = start(take_20, NULL);
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
    return finish();
}
