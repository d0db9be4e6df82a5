/* SPDX-License-Identifier: MIT */
/*
 * Locks that are called alike and are others, and one lock that is called otherwise. Compiled twice, as one.c (with ONE) and as two.c.
 * The arguments are a pair of locks and which of the two: the first is taken before the lock all, the second after it. Where both were
 * taken for one lock, that would be a circle.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#ifdef ONE
#define NAMED(name) one_##name
#else
#define NAMED(name) two_##name
#endif

pthread_mutex_t *one_own(void);
pthread_mutex_t *two_own(void);
pthread_mutex_t *one_made(void);
pthread_mutex_t *two_made(void);

static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;

static void make(pthread_mutex_t *mutex)
{
    pthread_mutex_init(mutex, NULL);
}

pthread_mutex_t *NAMED(own)(void)
{
    return &own;
}

pthread_mutex_t *NAMED(made)(void)
{
    pthread_mutex_t *mutex = malloc(sizeof(*mutex));

    make(mutex);
    return mutex;
}

#ifdef ONE
pthread_mutex_t all = PTHREAD_MUTEX_INITIALIZER;

static pthread_mutex_t *either(int which)
{
    pthread_mutex_t *mutexes = malloc(2 * sizeof(*mutexes));

    /* @inside@ */
    if (which == 0) {
        pthread_mutex_init(&mutexes[0], NULL);
        return &mutexes[0];
    }
    pthread_mutex_init(&mutexes[1], NULL);
    return &mutexes[1];
}

static pthread_mutex_t *inner_first(void)
{
    static pthread_mutex_t inner = PTHREAD_MUTEX_INITIALIZER;

    return &inner;
}

static pthread_mutex_t *inner_second(void)
{
    static pthread_mutex_t inner = PTHREAD_MUTEX_INITIALIZER;

    return &inner;
}

static pthread_mutex_t *alone(void)
{
    static pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;

    return &mine;
}

static pthread_mutex_t *pick(const char *pair, int second)
{
    if (strcmp(pair, "own") == 0)
        return second ? two_own() : one_own();
    if (strcmp(pair, "made") == 0)
        return second ? two_made() : one_made();
    if (strcmp(pair, "either") == 0)
        return either(second);
    if (strcmp(pair, "inner") == 0)
        return second ? inner_second() : inner_first();
    if (strcmp(pair, "same-own") == 0)
        return one_own();
    if (strcmp(pair, "same-made") == 0) {
        (void)two_made();
        return one_made();
    }
    return strcmp(pair, "same-either") == 0 ? either(0) : alone();
}

int main(int argc, char **argv)
{
    int second = argc > 2;
    pthread_mutex_t *lock = pick(argv[1], second), *outer = second ? &all : lock, *inside = second ? lock : &all;

    pthread_mutex_lock(outer);
    pthread_mutex_lock(inside);
    pthread_mutex_unlock(inside);
    pthread_mutex_unlock(outer);
    return 0;
}
#endif
