/* SPDX-License-Identifier: MIT */
/* Two orders, one of which gives up after a while: the threads meet, and then go on. */
#include "deadlock.h"

enum {
    ROUNDS = 20
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static unsigned sum, given_up;

static bool lock_for_a_while(pthread_mutex_t *mutex)
{
    struct timespec until;
    int result;

    MUST(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_nsec += 2 * 1000 * 1000;
    if (until.tv_nsec >= 1000 * 1000 * 1000) {
        until.tv_nsec -= 1000 * 1000 * 1000;
        until.tv_sec++;
    }
    result = pthread_mutex_timedlock(mutex, &until);
    MUST(result == 0 || result == ETIMEDOUT);
    return result == 0;
}

static void *patient(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&a);
        work(20000);
        LOCK(&b);
        sum++;
        UNLOCK(&b);
        UNLOCK(&a);
    }
    return arg;
}

static void *impatient(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&b);
        work(20000);
        if (lock_for_a_while(&a)) {
            sum++;
            UNLOCK(&a);
        } else {
            given_up++;
        }
        UNLOCK(&b);
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    run_two(patient, impatient);
    return finish();
}
