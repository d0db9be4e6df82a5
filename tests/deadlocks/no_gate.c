/* SPDX-License-Identifier: MIT */
/* Two orders, under a third lock that keeps them apart. */
#include "deadlock.h"

enum {
    ROUNDS = 200
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static unsigned sum;

static void take_both(pthread_mutex_t *first, pthread_mutex_t *second)
{
    LOCK(first);
    work(some_number(1000));
    LOCK(second);
    sum++;
    UNLOCK(second);
    UNLOCK(first);
}

static void *first_a(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&gate);
        take_both(&a, &b);
        UNLOCK(&gate);
    }
    return arg;
}

static void *first_b(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&gate);
        take_both(&b, &a);
        UNLOCK(&gate);
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    /* So that it is known before both come at once. */
    LOCK(&gate);
    UNLOCK(&gate);
    run_two(first_a, first_b);
    return finish();
}
