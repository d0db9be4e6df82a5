/* SPDX-License-Identifier: MIT */
/* Four threads and four locks. Two of the threads hold a lock that has nothing to do with it, which comes first. */
#include "deadlock.h"

static pthread_mutex_t parser = PTHREAD_MUTEX_INITIALIZER, symbols = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t types = PTHREAD_MUTEX_INITIALIZER, output = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;

static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    LOCK(first);
    work(some_number(5000));
    meet();
    LOCK(second);
    UNLOCK(second);
    UNLOCK(first);
}

static void *parse(void *arg)
{
    LOCK(&left);
    take(&parser, &symbols);
    UNLOCK(&left);
    return arg;
}

static void *resolve(void *arg)
{
    take(&symbols, &types);
    return arg;
}

static void *check(void *arg)
{
    LOCK(&right);
    take(&types, &output);
    UNLOCK(&right);
    return arg;
}

static void *print(void *arg)
{
    take(&output, &parser);
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t threads[4];

    begin(argc, argv, 4);
    threads[0] = start(parse, NULL);
    threads[1] = start(resolve, NULL);
    threads[2] = start(check, NULL);
    threads[3] = start(print, NULL);
    for (int i = 0; i < 4; i++)
        join(threads[i]);
    return finish();
}
