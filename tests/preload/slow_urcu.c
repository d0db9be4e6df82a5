/* SPDX-License-Identifier: MIT */
/* Stands before the library and makes liburcu-bp hold its mutexes long, so that forks meet threads which register with it
 * or end. The pause makes the moment likely that a test is about; no result rests on it. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

typedef int unlock_fn(pthread_mutex_t *mutex);

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    const struct timespec pause = { .tv_nsec = 1000 * 1000 };
    unlock_fn *next = (unlock_fn *)dlsym(RTLD_NEXT, "pthread_mutex_unlock");
    struct dl_find_object object;

    if (_dl_find_object(__builtin_return_address(0), &object) == 0 &&
        strstr(object.dlfo_link_map->l_name, "liburcu-bp") != NULL)
        nanosleep(&pause, NULL);
    return next(mutex);
}
