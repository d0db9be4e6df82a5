/* SPDX-License-Identifier: MIT */
/* Five philosophers and five forks, but no more than four seats, which a semaphore counts. */
#include "deadlock.h"

enum {
    PHILOSOPHERS = 5,
    MEALS = 20
};

static pthread_mutex_t forks[PHILOSOPHERS];
static sem_t seats;

static void *dine(void *arg)
{
    pthread_mutex_t *left = (pthread_mutex_t *)arg;
    pthread_mutex_t *right = &forks[(left - forks + 1) % PHILOSOPHERS];

    for (int meal = 0; meal < MEALS; meal++) {
        MUST(sem_wait(&seats) == 0);
        LOCK(left);
        work(some_number(2000));
        LOCK(right);
        work(some_number(1000));
        UNLOCK(right);
        UNLOCK(left);
        MUST(sem_post(&seats) == 0);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[PHILOSOPHERS];

    begin(argc, argv, 0);
    MUST(sem_init(&seats, 0, PHILOSOPHERS - 1) == 0);
    for (int i = 0; i < PHILOSOPHERS; i++)
        make_alike(&forks[i]);
    for (int i = 0; i < PHILOSOPHERS; i++)
        threads[i] = start(dine, &forks[i]);
    for (int i = 0; i < PHILOSOPHERS; i++)
        join(threads[i]);
    return finish();
}
