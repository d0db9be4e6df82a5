/* SPDX-License-Identifier: MIT */
/* Two orders, and a flag that no lock detector sees: the second begins when the first is through. */
#include "deadlock.h"

enum {
    ROUNDS = 100
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static bool through; /* atomic */
static unsigned sum;

static void *first_a(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&a);
        LOCK(&b);
        sum++;
        UNLOCK(&b);
        UNLOCK(&a);
    }
    __atomic_store_n(&through, true, __ATOMIC_SEQ_CST);
    return arg;
}

static void *first_b(void *arg)
{
    while (!__atomic_load_n(&through, __ATOMIC_SEQ_CST))
        (void)sched_yield();
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&b);
        LOCK(&a);
        sum++;
        UNLOCK(&a);
        UNLOCK(&b);
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    run_two(first_a, first_b);
    return finish();
}
