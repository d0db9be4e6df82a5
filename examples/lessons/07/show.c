/* SPDX-License-Identifier: MIT */
/* Against the order, but without waiting: with a trylock, or with a limit. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t A = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t B = PTHREAD_MUTEX_INITIALIZER;
static int turn; /* an atomic that lockval does not look at */
static int way;

static void *first(void *unused)
{
    pthread_mutex_lock(&A);
    pthread_mutex_lock(&B);
    pthread_mutex_unlock(&B);
    pthread_mutex_unlock(&A);
    __atomic_store_n(&turn, 1, __ATOMIC_RELEASE);
    return unused;
}

static int take_A(void)
{
    struct timespec until;

    if (way == 0)
        return pthread_mutex_trylock(&A);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    return pthread_mutex_timedlock(&A, &until);
}

static void *second(void *unused)
{
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == 0)
        ;
    pthread_mutex_lock(&B);
    if (take_A() == 0)
        pthread_mutex_unlock(&A);
    pthread_mutex_unlock(&B);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];

    way = argc > 1 && strcmp(argv[1], "timed") == 0;
    pthread_create(&threads[0], NULL, first, NULL);
    pthread_create(&threads[1], NULL, second, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    puts("all is well");
    return 0;
}
