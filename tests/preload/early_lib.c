/* SPDX-License-Identifier: MIT */
/* A shared object whose constructor takes locks, holds one until the next call, and makes a thread. It stands behind the
 * library in LD_PRELOAD, so its constructor runs first. */

#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t across = PTHREAD_MUTEX_INITIALIZER;
static int is_held;

void early_nest(int other_order);

void early_nest(int other_order)
{
    pthread_mutex_lock(other_order ? &second : &first);
    pthread_mutex_lock(other_order ? &first : &second);
    pthread_mutex_unlock(other_order ? &first : &second);
    pthread_mutex_unlock(other_order ? &second : &first);
    if (is_held) {
        is_held = 0;
        pthread_mutex_unlock(&across);
    }
}

static void *run(void *unused)
{
    early_nest(0);
    return unused;
}

__attribute__((constructor)) static void construct(void)
{
    pthread_t thread;

    early_nest(0);
    if (pthread_create(&thread, NULL, run, NULL) == 0)
        pthread_join(thread, NULL);
    pthread_mutex_lock(&across);
    is_held = 1;
}
