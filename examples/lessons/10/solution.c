/* SPDX-License-Identifier: MIT */
/* A server that forgets its numbers when SIGUSR1 comes. Mend it; serve() must keep its lock, for there are more threads. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

static pthread_mutex_t stat_lock = PTHREAD_MUTEX_INITIALIZER;
static int requests;

static volatile sig_atomic_t wanted; /* a handler may write this, and little else */

static void reset(int signal)
{
    (void)signal;
    wanted = 1;
}

static void serve(void)
{
    pthread_mutex_lock(&stat_lock);
    if (wanted) {
        wanted = 0;
        requests = 0;
    }
    requests++;
    pthread_mutex_unlock(&stat_lock);
}

int main(void)
{
    signal(SIGUSR1, reset);
    raise(SIGUSR1);
    serve();
    printf("%d\n", requests);
    return 0;
}
