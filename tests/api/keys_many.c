/* SPDX-License-Identifier: MIT */
/*
 * Keys that come and go without end: numbers are used again, and memory stays bounded.
 *
 * expect many: clean
 * expect million: clean
 * expect edges: clean
 * expect threads: clean
 */

#include "api.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct object {
    struct lockval_key key;
    struct lockval_map map, other;
};

static struct lockval_key list_key;
static struct lockval_map list = LOCKVAL_MAP_INIT("list", &list_key);
static struct object *object;

static void object_init(void)
{
    lockval_register_key(&object->key);
    lockval_init_map(&object->map, "object", &object->key);
    lockval_init_map(&object->other, "object", &object->key);
}

static void object_forget(void)
{
    lockval_unregister_key(&object->key);
}

static void levels(void)
{
    take(&object->map);
    take_with(&object->other, LOCKVAL_WRITE, 1, 0, NULL);
    drop(&object->other);
    drop(&object->map);
}

static void churn(int times)
{
    for (volatile int i = 0; i < times; i++) {
        object_init();
        take(&object->map);
        drop(&object->map);
        object_forget();
    }
}

static long memory_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return kib;
}

/* Many live at once, then die, and again. */
static void many(void)
{
    enum {
        COUNT = 3000
    };
    struct object *const objects = calloc(COUNT, sizeof(*objects));

    if (objects == NULL)
        exit(1);
    for (volatile int round = 0; round < 4; round++) {
        for (volatile int i = 0; i < COUNT; i++) {
            object = &objects[i];
            object_init();
            if (round % 2 == 0)
                nest(&list, &object->map);
            else
                nest(&object->map, &list);
        }
        for (volatile int i = 0; i < COUNT; i++)
            lockval_unregister_key(&objects[i].key);
    }
    free(objects);
}

static void object_new(void)
{
    object = calloc(1, sizeof(*object));
    if (object == NULL)
        exit(1);
}

static void million(void)
{
    long before;

    object_new();
    churn(20000);
    before = memory_kib();
    churn(1000000);
    api_require(memory_kib() < before + 4096, "a million keys take no more memory than some thousands");
}

/* The same with edges, in both directions by turns: each new class knows nothing of the one before it. */
static void churn_edges(int times)
{
    for (volatile int i = 0; i < times; i++) {
        object_init();
        if (i % 2 == 0)
            nest(&list, &object->map);
        else
            nest(&object->map, &list);
        levels();
        object_forget();
    }
}

static void edges(void)
{
    long before;

    object_new();
    churn_edges(5000);
    before = memory_kib();
    churn_edges(100000);
    api_require(memory_kib() < before + 4096, "their edges take none either");
}

/* Threads whose keys come and go at the same time, beside locks that stay and are taken by all. */
static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, last = PTHREAD_MUTEX_INITIALIZER;

static void *come_and_go(void *unused)
{
    struct object *own = calloc(1, sizeof(*own));

    if (own == NULL)
        exit(1);
    for (volatile int i = 0; i < 3000; i++) {
        lockval_register_key(&own->key);
        lockval_init_map(&own->map, "own", &own->key);
        pthread_mutex_lock(&first);
        take(&own->map);
        pthread_mutex_lock(&last);
        pthread_mutex_unlock(&last);
        drop(&own->map);
        pthread_mutex_unlock(&first);
        lockval_unregister_key(&own->key);
    }
    free(own);
    return unused;
}

static void threads(void)
{
    pthread_t thread[4];

    for (int i = 0; i < 4; i++)
        if (pthread_create(&thread[i], NULL, come_and_go, NULL) != 0)
            exit(1);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
}

static const struct api_case cases[] = {
    { "many", many },
    { "million", million },
    { "edges", edges },
    { "threads", threads },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
