/* SPDX-License-Identifier: MIT */
/* A kitchen: three cooks, three things, each needed with one other. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t knife = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t board = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t pan = PTHREAD_MUTEX_INITIALIZER;
static int dishes;

static void *salad(void *unused)
{
    pthread_mutex_lock(&knife);
    pthread_mutex_lock(&board);
    __atomic_fetch_add(&dishes, 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&board);
    pthread_mutex_unlock(&knife);
    return unused;
}

static void *fish(void *unused)
{
    pthread_mutex_lock(&board);
    pthread_mutex_lock(&pan);
    __atomic_fetch_add(&dishes, 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&pan);
    pthread_mutex_unlock(&board);
    return unused;
}

static void *steak(void *unused)
{
    pthread_mutex_lock(&pan);
    pthread_mutex_lock(&knife);
    __atomic_fetch_add(&dishes, 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&knife);
    pthread_mutex_unlock(&pan);
    return unused;
}

int main(void)
{
    void *(*const begin[])(void *) = { salad, fish, steak };
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, begin[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("%d dishes\n", dishes);
    return 0;
}
