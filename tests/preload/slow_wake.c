/* SPDX-License-Identifier: MIT */
/* Stands behind the library; its pthread_cond_broadcast comes back long after it woke the waiters. The pause makes the moment
 * likely that a test is about; no result rests on it. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

typedef int broadcast_fn(pthread_cond_t *cond);

int pthread_cond_broadcast(pthread_cond_t *cond)
{
    const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
    broadcast_fn *next = (broadcast_fn *)dlsym(RTLD_NEXT, "pthread_cond_broadcast");
    int r = next(cond);

    nanosleep(&pause, NULL);
    return r;
}
