/* SPDX-License-Identifier: MIT */
/* Four threads that add under a mutex and meet at a condition: something for debuggers to look at. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_here = PTHREAD_COND_INITIALIZER;
static int here;
static long total;

static void meet(void)
{
    pthread_mutex_lock(&lock);
    here++;
    pthread_cond_broadcast(&all_here);
    while (here < 4)
        pthread_cond_wait(&all_here, &lock);
    pthread_mutex_unlock(&lock);
}

static void *work(void *arg)
{
    long step = (long)arg;

    for (int i = 0; i < 1000; i++) {
        char *some = malloc(100 + (size_t)i);

        pthread_mutex_lock(&lock);
        total += step;
        pthread_mutex_unlock(&lock);
        free(some);
    }
    meet();
    return NULL;
}

int main(void)
{
    pthread_t threads[4];

    for (long i = 0; i < 4; i++) {
        if (pthread_create(&threads[i], NULL, work, (void *)(i + 1)) != 0)
            return 1;
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("sum %ld\n", total);
    return 0;
}
