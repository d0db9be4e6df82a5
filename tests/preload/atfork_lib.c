/* SPDX-License-Identifier: MIT */
/* A library that registers handlers for fork in its constructor, before any lock function was called and before the
 * constructor of the library under test. One takes a mutex around fork; in the child one more is made anew. */
#include <pthread.h>

extern pthread_mutex_t early_taken, early_renewed;
pthread_mutex_t early_taken = PTHREAD_MUTEX_INITIALIZER, early_renewed = PTHREAD_MUTEX_INITIALIZER;

static void prepare(void)
{
    (void)pthread_mutex_lock(&early_taken);
}

static void parent(void)
{
    (void)pthread_mutex_unlock(&early_taken);
}

static void child(void)
{
    (void)pthread_mutex_unlock(&early_taken);
    (void)pthread_mutex_init(&early_renewed, NULL);
}

__attribute__((constructor)) static void begin(void)
{
    (void)pthread_atfork(prepare, parent, child);
}
