/* SPDX-License-Identifier: MIT */
/* Two orders, one of which only the main thread takes, before it makes the other threads. */
#include "deadlock.h"

enum {
    ROUNDS = 200
};

static pthread_mutex_t config = PTHREAD_MUTEX_INITIALIZER, pool = PTHREAD_MUTEX_INITIALIZER;
static unsigned sum;

static void *serve(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&pool);
        LOCK(&config);
        sum++;
        UNLOCK(&config);
        UNLOCK(&pool);
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    LOCK(&config);
    LOCK(&pool);
    sum++;
    UNLOCK(&pool);
    UNLOCK(&config);
    run_two(serve, serve);
    return finish();
}
