/* SPDX-License-Identifier: MIT */
/* Two orders; the second thread waits for a semaphore that the first posts when it is through. */
#include "deadlock.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static sem_t through;
static unsigned sum;

static void *first_a(void *arg)
{
    LOCK(&a);
    LOCK(&b);
    sum++;
    UNLOCK(&b);
    UNLOCK(&a);
    MUST(sem_post(&through) == 0);
    return arg;
}

static void *first_b(void *arg)
{
    MUST(sem_wait(&through) == 0);
    LOCK(&b);
    LOCK(&a);
    sum++;
    UNLOCK(&a);
    UNLOCK(&b);
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    MUST(sem_init(&through, 0, 0) == 0);
    run_two(first_a, first_b);
    return finish();
}
