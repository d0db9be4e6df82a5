/* SPDX-License-Identifier: MIT */
/* Two findings. One cannot hang, one can. Mend the one that can, and leave the other function as it is. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t north = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t south = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t east = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t west = PTHREAD_MUTEX_INITIALIZER;

static void take_both(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    pthread_mutex_lock(outer);
    pthread_mutex_lock(inner);
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
}

static void *up(void *unused)
{
    pthread_mutex_lock(&gate);
    take_both(&north, &south);
    pthread_mutex_unlock(&gate);
    take_both(&east, &west);
    return unused;
}

static void *down(void *unused)
{
    pthread_mutex_lock(&gate);
    take_both(&south, &north);
    pthread_mutex_unlock(&gate);
    take_both(&west, &east);
    return unused;
}

int main(void)
{
    pthread_t threads[2];

    pthread_create(&threads[0], NULL, up, NULL);
    pthread_create(&threads[1], NULL, down, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    puts("round");
    return 0;
}
