/* SPDX-License-Identifier: MIT */
/* What dl.c opens and closes: a lock of its own, a constructor and a destructor that take it. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <unistd.h>

int dl_lib_nest(pthread_mutex_t *other);
int dl_lib_count(void);

static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
static int count;

static int take(void)
{
    return pthread_mutex_lock(&own) != 0 || ++count == 0 || pthread_mutex_unlock(&own) != 0;
}

__attribute__((constructor)) static void construct(void)
{
    (void)take();
}

__attribute__((destructor)) static void destroy(void)
{
    (void)(take() != 0 || write(1, "  library closed\n", 17));
}

int dl_lib_nest(pthread_mutex_t *other)
{
    int r = pthread_mutex_lock(other);

    if (r == 0)
        r = take();
    return r != 0 ? r : pthread_mutex_unlock(other);
}

int dl_lib_count(void)
{
    return count;
}
