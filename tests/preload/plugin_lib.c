/* SPDX-License-Identifier: MIT */
/* The plugin: it takes locks in its constructor, which runs under the loader's lock, and when it is told to. */

#include <pthread.h>

static pthread_mutex_t plugin_first = PTHREAD_MUTEX_INITIALIZER, plugin_second = PTHREAD_MUTEX_INITIALIZER;

void plugin_use(int other_order);

void plugin_use(int other_order)
{
    pthread_mutex_t *outer = other_order ? &plugin_second : &plugin_first;
    pthread_mutex_t *inner = other_order ? &plugin_first : &plugin_second;

    pthread_mutex_lock(outer);
    pthread_mutex_lock(inner);
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
}

__attribute__((constructor)) static void construct(void)
{
    plugin_use(0);
}
