/* SPDX-License-Identifier: MIT */
/*
 * Two mutexes, taken in the order that the argument says: "ab" or "ba". With "fork" behind it a child takes them, too, the other way round.
 */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void take(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    (void)pthread_mutex_lock(outer);
    (void)pthread_mutex_lock(inner);
    (void)pthread_mutex_unlock(inner);
    (void)pthread_mutex_unlock(outer);
}

int main(int argc, char **argv)
{
    int is_ab = argc > 1 && strcmp(argv[1], "ab") == 0, status = 0;
    pid_t child;

    if (argc > 2) {
        child = fork();
        if (child == 0) {
            take(is_ab ? &b : &a, is_ab ? &a : &b);
            exit(0);
        }
        (void)waitpid(child, &status, 0);
    }
    take(is_ab ? &a : &b, is_ab ? &b : &a);
    return status;
}
