/* SPDX-License-Identifier: MIT */
/* A wrong order that cannot hang: whoever takes A and B holds the gate. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t A = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t B = PTHREAD_MUTEX_INITIALIZER;
static int turn; /* an atomic that lockval does not look at */
static int without_gate;

static void take_both(pthread_mutex_t *outer, pthread_mutex_t *inner, int with_gate)
{
    if (with_gate)
        pthread_mutex_lock(&gate);
    pthread_mutex_lock(outer);
    pthread_mutex_lock(inner);
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
    if (with_gate)
        pthread_mutex_unlock(&gate);
}

static void *first(void *unused)
{
    take_both(&A, &B, 1);
    __atomic_store_n(&turn, 1, __ATOMIC_RELEASE);
    return unused;
}

static void *second(void *unused)
{
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == 0)
        ;
    take_both(&B, &A, !without_gate);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];

    without_gate = argc > 1 && strcmp(argv[1], "open") == 0;
    pthread_create(&threads[0], NULL, first, NULL);
    pthread_create(&threads[1], NULL, second, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    puts("all is well");
    return 0;
}
