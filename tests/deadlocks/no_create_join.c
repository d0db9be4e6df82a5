/* SPDX-License-Identifier: MIT */
/* Two orders, by two threads of which one ends before the other begins. */
#include "deadlock.h"

enum {
    ROUNDS = 100
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
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
    return arg;
}

static void *first_b(void *arg)
{
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
    join(start(first_a, NULL));
    join(start(first_b, NULL));
    return finish();
}
