/* SPDX-License-Identifier: MIT */
/* A program that ends its worker while it holds the list. Mend main(). */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static int items, ready; /* ready: an atomic that lockval does not look at */

static void *work(void *unused)
{
    pthread_mutex_lock(&list_lock);
    items++;
    pthread_mutex_unlock(&list_lock);
    __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
    return unused;
}

int main(void)
{
    pthread_t worker;

    pthread_create(&worker, NULL, work, NULL);
    while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) == 0)
        ;
    pthread_mutex_lock(&list_lock);
    pthread_join(worker, NULL);
    printf("%d items\n", items);
    pthread_mutex_unlock(&list_lock);
    return 0;
}
