/* SPDX-License-Identifier: MIT */
/* Two mutexes in both orders by one thread, which is a finding; stdin goes to stdout. The status is 5, or death by the
 * signal whose number is given. */

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

int main(int argc, char **argv)
{
    int c;

    take(&a, &b);
    take(&b, &a);
    while ((c = getchar()) != EOF)
        (void)putchar(c);
    (void)fflush(stdout);
    if (argc > 1)
        (void)raise(atoi(argv[1]));
    return 5;
}
