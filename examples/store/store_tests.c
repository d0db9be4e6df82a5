/* SPDX-License-Identifier: MIT */
/* store_tests NAME: one test; without an argument that of which the program has the name. The status is 0 if it passed. */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "store.h"

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            return 1;                                                                     \
        }                                                                                 \
    } while (0)

static int test_put(void)
{
    CHECK(store_put(3, 30) == 0);
    CHECK(store_get(3) == 30);
    CHECK(store_get(4) == 0);
    return 0;
}

static int test_journal(void)
{
    for (int i = 0; i < STORE_JOURNAL; i++)
        CHECK(store_put(i % STORE_KEYS, i) == 0);
    CHECK(store_put(0, 1) == -1);
    CHECK(store_journal_length() == STORE_JOURNAL);
    return 0;
}

static int test_replay(void)
{
    CHECK(store_put(1, 10) == 0);
    CHECK(store_put(1, 11) == 0);
    store_replay();
    CHECK(store_get(1) == 11);
    return 0;
}

/* Whose turn it is: 1 main, 2 the writer. They never are in the store at once. */
static atomic_int turn;

static void wait_for(int wanted)
{
    while (atomic_load(&turn) != wanted)
        (void)sched_yield();
}

static void *write_some(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++)
        (void)store_put(i % 4, i + 1);
    atomic_store(&turn, 1);
    wait_for(2);
    return NULL;
}

static int test_compact(void)
{
    pthread_t writer;

    CHECK(pthread_create(&writer, NULL, write_some, NULL) == 0);
    wait_for(1);
    store_compact();
    atomic_store(&turn, 2);
    CHECK(pthread_join(writer, NULL) == 0);
    CHECK(store_journal_length() == 4);
    CHECK(store_get(3) == 200);
    return 0;
}

static void *write_much(void *key)
{
    for (int i = 0; i < 500; i++)
        (void)store_put(*(int *)key, i);
    return NULL;
}

static int test_writers(void)
{
    pthread_t writers[2];
    int keys[2] = { 1, 2 };

    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&writers[i], NULL, write_much, &keys[i]) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(writers[i], NULL) == 0);
    CHECK(store_journal_length() == 1000);
    CHECK(store_get(1) == 499 && store_get(2) == 499);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } tests[] = {
        { "put", test_put },         { "journal", test_journal }, { "replay", test_replay },
        { "compact", test_compact }, { "writers", test_writers },
    };

    const char *slash = strrchr(argv[0], '/');
    const char *name = argc > 1 ? argv[1] : slash != NULL ? slash + 1 : argv[0];

    for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        if (strcmp(name, tests[i].name) == 0) {
            store_clear();
            return tests[i].run();
        }
    }
    (void)fprintf(stderr, "usage: store_tests put|journal|replay|compact|writers\n");
    return 2;
}
