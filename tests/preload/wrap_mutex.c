/* SPDX-License-Identifier: MIT */
/* Stands before the library and passes calls on, as another tool would that is preloaded too. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

typedef int mutex_fn(pthread_mutex_t *mutex);

static int pass_on(const char *name, pthread_mutex_t *mutex)
{
    void *found = dlsym(RTLD_NEXT, name);
    mutex_fn *next;

    memcpy(&next, &found, sizeof(next));
    return next(mutex);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return pass_on("pthread_mutex_lock", mutex);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    return pass_on("pthread_mutex_unlock", mutex);
}
