/* SPDX-License-Identifier: MIT */
/*
 * Two modules, each with its lock, call each other: the cache reads from the store when it misses, and the store has the
 * cache forget what it overwrites. No function takes two locks.
 */
#include "deadlock.h"

#define MODULE __attribute__((noinline))

enum {
    ROUNDS = 10
};

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER, store_lock = PTHREAD_MUTEX_INITIALIZER;
static int cached = -1, stored;

static MODULE int store_read(void)
{
    int value;

    LOCK(&store_lock);
    value = stored;
    UNLOCK(&store_lock);
    return value;
}

static MODULE int cache_miss(void)
{
    cached = store_read();
    return cached;
}

static MODULE int cache_get(void)
{
    int value;

    LOCK(&cache_lock);
    meet();
    value = cached < 0 ? cache_miss() : cached;
    UNLOCK(&cache_lock);
    return value;
}

static MODULE void cache_forget(void)
{
    LOCK(&cache_lock);
    cached = -1;
    UNLOCK(&cache_lock);
}

static MODULE void store_changed(void)
{
    meet();
    cache_forget();
}

static MODULE void store_write(int value)
{
    LOCK(&store_lock);
    stored = value;
    store_changed();
    UNLOCK(&store_lock);
}

static void *read_often(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        MUST(cache_get() >= 0);
        work(some_number(20000));
    }
    return arg;
}

static void *write_often(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        store_write(i);
        work(some_number(20000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    run_two(read_often, write_often);
    return finish();
}
