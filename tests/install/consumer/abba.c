/* SPDX-License-Identifier: MIT */
/*
 * A program of a user: takes two mutexes both ways, says whether the library is there, and names a class by an annotation.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdio.h>

static struct lockval_key key;
static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;

static void take(pthread_mutex_t *one, pthread_mutex_t *other)
{
    pthread_mutex_lock(one);
    pthread_mutex_lock(other);
    pthread_mutex_unlock(other);
    pthread_mutex_unlock(one);
}

int main(int argc, char **argv)
{
    const char *version = lockval_version();

    (void)argv;
    lockval_set_class(&first, LOCKVAL_MUTEX, &key, "named by hand");
    take(&first, &second);
    if (argc == 1)
        take(&second, &first);
    printf("lockval: %s\n", version ? version : "absent");
    return 0;
}
