/* SPDX-License-Identifier: MIT */
/*
 * One program that is built in many ways. It takes its locks in one order, or, with an argument, in the other; each is clean.
 * What the test changes from build to build stands between marks.
 */
#include <pthread.h>
#include <stdlib.h>

/* @before@ */
struct queue {
    pthread_mutex_t lock;
};

struct session {
    pthread_mutex_t lock;
    int number; /* or else compilers make one function of make_queue and make_session */
};

pthread_mutex_t global = PTHREAD_MUTEX_INITIALIZER;

static void init_queue(struct queue *q)
{
    /* @inside@ */
    pthread_mutex_init(&q->lock, NULL);
}

static void init_session(struct session *s)
{
    pthread_mutex_init(&s->lock, NULL);
}

static struct queue *make_queue(void)
{
    struct queue *q = malloc(sizeof(*q));

    init_queue(q);
    return q;
}

static struct session *make_session(void)
{
    struct session *s = malloc(sizeof(*s));

    init_session(s);
    s->number = 1;
    return s;
}

static void take_both(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    pthread_mutex_lock(outer);
    pthread_mutex_lock(inner);
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
}

int main(int argc, char **argv)
{
    struct queue *q = make_queue(), *other = make_queue();
    struct session *s = make_session();

    (void)argv;
    (void)other;
    take_both(&global, &q->lock);
    if (argc == 1)
        take_both(&q->lock, &s->lock);
    else
        take_both(&s->lock, &q->lock);
    return 0;
}
