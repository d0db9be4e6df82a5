/* SPDX-License-Identifier: MIT */
/* Semaphores that are used as locks, in two orders. */
#include "deadlock.h"

enum {
    ROUNDS = 10
};

static sem_t printer, scanner;
static unsigned sum;

static void *copy(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        MUST(sem_wait(&scanner) == 0);
        meet();
        MUST(sem_wait(&printer) == 0);
        sum++;
        MUST(sem_post(&printer) == 0);
        MUST(sem_post(&scanner) == 0);
        work(some_number(20000));
    }
    return arg;
}

static void *calibrate(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        MUST(sem_wait(&printer) == 0);
        meet();
        MUST(sem_wait(&scanner) == 0);
        sum++;
        MUST(sem_post(&scanner) == 0);
        MUST(sem_post(&printer) == 0);
        work(some_number(20000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    MUST(sem_init(&printer, 0, 1) == 0);
    MUST(sem_init(&scanner, 0, 1) == 0);
    run_two(copy, calibrate);
    return finish();
}
