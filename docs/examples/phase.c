/* SPDX-License-Identifier: MIT */
/* Importing takes the cache before the index, serving takes the index before the cache. A flag keeps the two apart. */
#include <lockval.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static pthread_mutex_t cache = PTHREAD_MUTEX_INITIALIZER, index_lock = PTHREAD_MUTEX_INITIALIZER;
static struct lockval_map phase = LOCKVAL_MAP_INIT("phase", NULL);
static atomic_bool imported;

static void *import(void *unused)
{
    lockval_acquire_map(&phase, LOCKVAL_WRITE, 0, 0, 0);
    lockval_acquired_map(&phase);
    pthread_mutex_lock(&cache);
    pthread_mutex_lock(&index_lock);
    pthread_mutex_unlock(&index_lock);
    pthread_mutex_unlock(&cache);
    lockval_release_map(&phase);
    atomic_store(&imported, 1);
    return unused;
}

static void *serve(void *unused)
{
    while (!atomic_load(&imported))
        sched_yield();
    lockval_acquire_map(&phase, LOCKVAL_READ, 0, 0, 0);
    lockval_acquired_map(&phase);
    pthread_mutex_lock(&index_lock);
    pthread_mutex_lock(&cache);
    pthread_mutex_unlock(&cache);
    pthread_mutex_unlock(&index_lock);
    lockval_release_map(&phase);
    return unused;
}

int main(void)
{
    pthread_t threads[2];

    pthread_create(&threads[0], NULL, import, NULL);
    pthread_create(&threads[1], NULL, serve, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
