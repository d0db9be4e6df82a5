/* SPDX-License-Identifier: MIT */
/* Two orders, in two phases with a barrier between them. */
#include "deadlock.h"

enum {
    ROUNDS = 50
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t phase;
static unsigned sum;

static void next_phase(void)
{
    int result = pthread_barrier_wait(&phase);

    MUST(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void *forwards(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&a);
        LOCK(&b);
        sum++;
        UNLOCK(&b);
        UNLOCK(&a);
        next_phase();
        next_phase();
    }
    return arg;
}

static void *backwards(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        next_phase();
        LOCK(&b);
        LOCK(&a);
        sum++;
        UNLOCK(&a);
        UNLOCK(&b);
        next_phase();
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    MUST(pthread_barrier_init(&phase, NULL, 2) == 0);
    run_two(forwards, backwards);
    return finish();
}
