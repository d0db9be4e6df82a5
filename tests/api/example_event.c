/* SPDX-License-Identifier: MIT */
/*
 * Waiting for what another thread does. The configuration is locked while the first request is waited for, and the
 * worker locks the configuration for the second: it did not hang today, since the requests came in this order.
 * Under lockval: event, potential.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdio.h>

enum request { NONE, PING, RELOAD, STOP };

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum request request;
    struct lockval_event answered;
};

static struct lockval_key answered_key;
static struct queue queue = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NONE,
                              LOCKVAL_EVENT_INIT("(answered)", &answered_key) };
static pthread_mutex_t config = PTHREAD_MUTEX_INITIALIZER;

/* Hand the request over and wait until it is done. The wait begins before the hand-over, so that all of the worker's
 * work on it belongs to it. */
static void ask(struct queue *q, enum request request)
{
    lockval_begin_wait(&q->answered);
    pthread_mutex_lock(&q->lock);
    q->request = request;
    pthread_cond_broadcast(&q->changed);
    while (q->request != NONE)
        pthread_cond_wait(&q->changed, &q->lock);
    pthread_mutex_unlock(&q->lock);
    lockval_end_wait(&q->answered);
}

static void answer(struct queue *q)
{
    lockval_complete_event(&q->answered);
    pthread_mutex_lock(&q->lock);
    q->request = NONE;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

static enum request next_request(struct queue *q)
{
    enum request request;

    pthread_mutex_lock(&q->lock);
    while (q->request == NONE)
        pthread_cond_wait(&q->changed, &q->lock);
    request = q->request;
    pthread_mutex_unlock(&q->lock);
    return request;
}

static void *worker(void *arg)
{
    enum request request;

    do {
        lockval_cut_history(); /* what was locked for the last request has nothing to do with the next */
        request = next_request(arg);
        if (request == RELOAD) {
            pthread_mutex_lock(&config);
            puts("reloaded");
            pthread_mutex_unlock(&config);
        }
        answer(arg);
    } while (request != STOP);
    return NULL;
}

int main(void)
{
    pthread_t thread;

    lockval_init_event(&queue.answered, "(answered)", &answered_key); /* for events that are not static */
    pthread_create(&thread, NULL, worker, &queue);
    pthread_mutex_lock(&config);
    ask(&queue, PING);
    pthread_mutex_unlock(&config);
    ask(&queue, RELOAD);
    ask(&queue, STOP);
    pthread_join(thread, NULL);
    return 0;
}
