/* SPDX-License-Identifier: MIT */
/* Two orders, one of which only tries its second lock, and gives up the first one when it does not get it. */
#include "deadlock.h"

enum {
    ROUNDS = 200
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static unsigned sum;

static void *wait_for_both(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&a);
        work(some_number(1000));
        LOCK(&b);
        sum++;
        UNLOCK(&b);
        UNLOCK(&a);
    }
    return arg;
}

static void *back_off(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&b);
        work(some_number(1000));
        if (pthread_mutex_trylock(&a) == 0) {
            sum++;
            UNLOCK(&a);
        }
        UNLOCK(&b);
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    run_two(wait_for_both, back_off);
    return finish();
}
