/* SPDX-License-Identifier: MIT */
/* Five philosophers, one of whom takes the right fork first. */
#include "deadlock.h"

enum {
    SEATS = 5,
    MEALS = 20
};

static pthread_mutex_t forks[SEATS];

static void *dine(void *arg)
{
    pthread_mutex_t *left = (pthread_mutex_t *)arg;
    pthread_mutex_t *right = &forks[(left - forks + 1) % SEATS];
    pthread_mutex_t *first = left == forks ? right : left;
    pthread_mutex_t *second = left == forks ? left : right;

    for (int meal = 0; meal < MEALS; meal++) {
        LOCK(first);
        work(some_number(2000));
        LOCK(second);
        work(some_number(1000));
        UNLOCK(second);
        UNLOCK(first);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[SEATS];

    begin(argc, argv, 0);
    for (int i = 0; i < SEATS; i++)
        make_alike(&forks[i]);
    for (int i = 0; i < SEATS; i++)
        threads[i] = start(dine, &forks[i]);
    for (int i = 0; i < SEATS; i++)
        join(threads[i]);
    return finish();
}
