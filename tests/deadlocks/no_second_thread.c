/* SPDX-License-Identifier: MIT */
/* Two orders, both by the same thread; the other one takes the locks one at a time. */
#include "deadlock.h"

enum {
    ROUNDS = 200
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static unsigned sum;

static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    LOCK(first);
    LOCK(second);
    sum++;
    UNLOCK(second);
    UNLOCK(first);
}

static void *both_orders(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        take(&a, &b);
        take(&b, &a);
    }
    return arg;
}

static void *one_at_a_time(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&a);
        sum++;
        UNLOCK(&a);
        LOCK(&b);
        sum++;
        UNLOCK(&b);
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    run_two(both_orders, one_at_a_time);
    return finish();
}
