/* SPDX-License-Identifier: MIT */
/* Five philosophers at a round table, a fork between any two. Each takes the left one first. */
#include "deadlock.h"

enum {
    SEATS = 5,
    MEALS = 5
};

static pthread_mutex_t forks[SEATS];

static void *dine(void *arg)
{
    pthread_mutex_t *left = (pthread_mutex_t *)arg;
    pthread_mutex_t *right = &forks[(left - forks + 1) % SEATS];

    for (int meal = 0; meal < MEALS; meal++) {
        work(some_number(100000)); /* thinks */
        LOCK(left);
        work(some_number(2000));
        meet();
        LOCK(right);
        work(some_number(1000)); /* eats */
        UNLOCK(right);
        UNLOCK(left);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[SEATS];

    begin(argc, argv, SEATS);
    for (int i = 0; i < SEATS; i++)
        make_alike(&forks[i]);
    for (int i = 0; i < SEATS; i++)
        threads[i] = start(dine, &forks[i]);
    for (int i = 0; i < SEATS; i++)
        join(threads[i]);
    return finish();
}
