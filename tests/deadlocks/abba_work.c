/* SPDX-License-Identifier: MIT */
/* Two locks in two orders, with some work between, a few times: what a run of tests may hang in once a week. */
#include "deadlock.h"

enum {
    ROUNDS = 20,
    STEPS = 2000
};

static pthread_mutex_t list = PTHREAD_MUTEX_INITIALIZER, item = PTHREAD_MUTEX_INITIALIZER;
static unsigned sum;

static void *walk(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&list);
        work(STEPS);
        meet();
        LOCK(&item);
        sum++;
        UNLOCK(&item);
        UNLOCK(&list);
        work(some_number(100 * STEPS));
    }
    return arg;
}

static void *drop(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&item);
        work(STEPS);
        meet();
        LOCK(&list);
        sum++;
        UNLOCK(&list);
        UNLOCK(&item);
        work(some_number(100 * STEPS));
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    run_two(walk, drop);
    return finish();
}
