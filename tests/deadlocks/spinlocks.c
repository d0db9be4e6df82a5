/* SPDX-License-Identifier: MIT */
/* Two spinlocks in two orders: who waits does not sleep, and the machine's fan says so. */
#include "deadlock.h"

enum {
    ROUNDS = 100
};

static pthread_spinlock_t sender, receiver;
static unsigned sum;

static void *forward(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        MUST(pthread_spin_lock(&sender) == 0);
        meet();
        MUST(pthread_spin_lock(&receiver) == 0);
        sum++;
        MUST(pthread_spin_unlock(&receiver) == 0);
        MUST(pthread_spin_unlock(&sender) == 0);
        work(some_number(10000));
    }
    return arg;
}

static void *acknowledge(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        MUST(pthread_spin_lock(&receiver) == 0);
        meet();
        MUST(pthread_spin_lock(&sender) == 0);
        sum++;
        MUST(pthread_spin_unlock(&sender) == 0);
        MUST(pthread_spin_unlock(&receiver) == 0);
        work(some_number(10000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    MUST(pthread_spin_init(&sender, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(pthread_spin_init(&receiver, PTHREAD_PROCESS_PRIVATE) == 0);
    run_two(forward, acknowledge);
    return finish();
}
