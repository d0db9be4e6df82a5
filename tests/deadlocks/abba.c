/* SPDX-License-Identifier: MIT */
/* Two locks in two orders, and between the first and the second of each no more than a few instructions. */
#include "deadlock.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static unsigned sum;

static void *first_a(void *arg)
{
    LOCK(&a);
    meet();
    LOCK(&b);
    sum++;
    UNLOCK(&b);
    UNLOCK(&a);
    return arg;
}

static void *first_b(void *arg)
{
    LOCK(&b);
    meet();
    LOCK(&a);
    sum++;
    UNLOCK(&a);
    UNLOCK(&b);
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    run_two(first_a, first_b);
    return finish();
}
