/* SPDX-License-Identifier: MIT */
/* Two threads, two locks, two orders. They run one after the other, so nothing hangs. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t A = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t B = PTHREAD_MUTEX_INITIALIZER;
static int turn; /* whose turn it is; a plain atomic, which lockval does not look at */

static void *first(void *unused)
{
    pthread_mutex_lock(&A);
    pthread_mutex_lock(&B);
    pthread_mutex_unlock(&B);
    pthread_mutex_unlock(&A);
    __atomic_store_n(&turn, 1, __ATOMIC_RELEASE);
    return unused;
}

static void *second(void *unused)
{
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == 0)
        ;
    pthread_mutex_lock(&B);
    pthread_mutex_lock(&A);
    pthread_mutex_unlock(&A);
    pthread_mutex_unlock(&B);
    return unused;
}

int main(void)
{
    pthread_t threads[2];

    pthread_create(&threads[0], NULL, first, NULL);
    pthread_create(&threads[1], NULL, second, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    puts("all is well");
    return 0;
}
