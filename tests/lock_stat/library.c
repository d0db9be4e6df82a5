/* SPDX-License-Identifier: MIT */
/* A library with a lock, to be unloaded. */

#include <pthread.h>

void use(int times);

static pthread_mutex_t of_the_library = PTHREAD_MUTEX_INITIALIZER;

void use(int times)
{
    while (times-- > 0) {
        (void)pthread_mutex_lock(&of_the_library);
        (void)pthread_mutex_unlock(&of_the_library);
    }
}
