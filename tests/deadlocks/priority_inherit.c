/* SPDX-License-Identifier: MIT */
/* Mutexes that lend their priority: the kernel knows who waits for whom, and that it is a circle, and libc keeps it. */
#include "deadlock.h"

enum {
    ROUNDS = 10
};

static pthread_mutex_t *high, *low;
static unsigned sum;

static void *go_in(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(high);
        meet();
        LOCK(low);
        sum++;
        UNLOCK(low);
        UNLOCK(high);
        work(some_number(20000));
    }
    return arg;
}

static void *go_out(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(low);
        meet();
        LOCK(high);
        sum++;
        UNLOCK(high);
        UNLOCK(low);
        work(some_number(20000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    static pthread_mutex_t high_lock, low_lock;

    high = &high_lock;
    low = &low_lock;
    begin(argc, argv, 2);
    make_mutex(high, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_PROCESS_PRIVATE);
    make_mutex(low, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_PROCESS_PRIVATE);
    run_two(go_in, go_out);
    return finish();
}
