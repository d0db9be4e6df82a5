/* SPDX-License-Identifier: MIT */
/* A server that forgets its numbers when SIGUSR1 comes. Mend it; serve() must keep its lock, for there are more threads. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

static pthread_mutex_t stat_lock = PTHREAD_MUTEX_INITIALIZER;
static int requests;

static void reset(int signal)
{
    (void)signal;
    pthread_mutex_lock(&stat_lock);
    requests = 0;
    pthread_mutex_unlock(&stat_lock);
}

static void serve(void)
{
    pthread_mutex_lock(&stat_lock);
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
