/* SPDX-License-Identifier: MIT */
/* A cache that evicts: who inserts holds the list and then an entry; who uses an entry may find that it has to go. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t entry_lock = PTHREAD_MUTEX_INITIALIZER;
static int inserted, used, evicted;

static void *insert(void *unused)
{
    pthread_mutex_lock(&list_lock);
    pthread_mutex_lock(&entry_lock);
    inserted++;
    pthread_mutex_unlock(&entry_lock);
    pthread_mutex_unlock(&list_lock);
    return unused;
}

/* The entry is known first, and only then it is seen that the list is needed, too. */
static void *use(void *unused)
{
    pthread_mutex_lock(&entry_lock);
    used++;
    while (pthread_mutex_trylock(&list_lock) != 0)
        sched_yield(); /* "it does not wait" */
    evicted++;
    pthread_mutex_unlock(&list_lock);
    pthread_mutex_unlock(&entry_lock);
    return unused;
}

int main(void)
{
    pthread_t threads[2];

    pthread_create(&threads[0], NULL, insert, NULL);
    pthread_create(&threads[1], NULL, use, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("%d %d %d\n", inserted, used, evicted);
    return 0;
}
