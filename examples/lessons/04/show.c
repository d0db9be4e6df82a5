/* SPDX-License-Identifier: MIT */
/* Three threads, three locks: no two of the threads disagree. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t A = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t B = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t C = PTHREAD_MUTEX_INITIALIZER;
static int turn; /* an atomic that lockval does not look at */

static void take_both(int my_turn, pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != my_turn)
        ;
    pthread_mutex_lock(outer);
    pthread_mutex_lock(inner);
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
    __atomic_store_n(&turn, my_turn + 1, __ATOMIC_RELEASE);
}

static void *one(void *unused)
{
    take_both(0, &A, &B);
    return unused;
}

static void *two(void *unused)
{
    take_both(1, &B, &C);
    return unused;
}

static void *three(void *unused)
{
    take_both(2, &C, &A);
    return unused;
}

int main(void)
{
    void *(*const begin[])(void *) = { one, two, three };
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, begin[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    puts("all is well");
    return 0;
}
