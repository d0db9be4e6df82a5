/* SPDX-License-Identifier: MIT */
/* Two orders, under a semaphore of one seat. */
#include "deadlock.h"

enum {
    ROUNDS = 200
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static sem_t gate;
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
        MUST(sem_wait(&gate) == 0);
        take_both(&a, &b);
        MUST(sem_post(&gate) == 0);
    }
    return arg;
}

static void *first_b(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        MUST(sem_wait(&gate) == 0);
        take_both(&b, &a);
        MUST(sem_post(&gate) == 0);
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    MUST(sem_init(&gate, 0, 1) == 0);
    run_two(first_a, first_b);
    return finish();
}
