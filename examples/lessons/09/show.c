/* SPDX-License-Identifier: MIT */
/* What a thread holds while it waits on a condition variable: the mutex of the wait is released, all others are not. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t state_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static int queued, done;

static void *consume(void *unused)
{
    pthread_mutex_lock(&state_lock);
    pthread_mutex_lock(&queue_lock);
    while (queued == 0)
        pthread_cond_wait(&more, &queue_lock);
    queued--;
    pthread_mutex_unlock(&queue_lock);
    done++;
    pthread_mutex_unlock(&state_lock);
    return unused;
}

static void *produce(void *unused)
{
    pthread_mutex_lock(&state_lock);
    pthread_mutex_lock(&queue_lock);
    queued++;
    pthread_cond_signal(&more);
    pthread_mutex_unlock(&queue_lock);
    pthread_mutex_unlock(&state_lock);
    return unused;
}

int main(void)
{
    pthread_t consumer, producer;

    pthread_create(&consumer, NULL, consume, NULL);
    while (pthread_mutex_trylock(&state_lock) == 0) /* until the consumer has it */
        pthread_mutex_unlock(&state_lock);
    pthread_create(&producer, NULL, produce, NULL);
    pthread_join(producer, NULL);
    pthread_join(consumer, NULL);
    printf("%d done\n", done);
    return 0;
}
