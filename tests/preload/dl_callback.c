/* SPDX-License-Identifier: MIT */
/* A callback of dl_iterate_phdr runs under the loader's lock and waits for a lock whose holder takes another one the slow
 * way: the hook must not wait for the loader. And the program gets from dl_iterate_phdr all that it always got. */
/* case: waits */
/* case: list */
#include "program.h"

#include <link.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, n = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t in_callback;

static int wait_for_lock(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)info;
    (void)size;
    (void)unused;
    pthread_barrier_wait(&in_callback);
    MUST(pthread_mutex_lock(&m) == 0);
    MUST(pthread_mutex_unlock(&m) == 0);
    return 7;
}

static void *iterate(void *unused)
{
    MUST(dl_iterate_phdr(wait_for_lock, NULL) == 7);
    return unused;
}

/* On frames that were never walked before. */
static __attribute__((noinline)) void lock_deep(int depth)
{
    if (depth > 0) {
        lock_deep(depth - 1);
    } else {
        MUST(pthread_mutex_lock(&n) == 0);
        MUST(pthread_mutex_unlock(&n) == 0);
    }
    __asm__ volatile("" ::: "memory");
}

static void *hold(void *unused)
{
    MUST(pthread_mutex_lock(&m) == 0);
    pthread_barrier_wait(&in_callback);
    /* The other thread is in the callback now, until it gets m. */
    lock_deep(3);
    MUST(pthread_mutex_unlock(&m) == 0);
    return unused;
}

static int look(struct dl_phdr_info *info, size_t size, void *arg)
{
    int *count = arg;

    MUST(size == sizeof(*info));
    MUST(info->dlpi_phnum > 0 && info->dlpi_name != NULL);
    if (++*count == 1)
        printf("first: name \"%s\", %d program headers\n", info->dlpi_name, (int)info->dlpi_phnum);
    MUST(info->dlpi_adds >= 2);
    return 0;
}

int main(int argc, char **argv)
{
    pthread_t iterating, holding;
    int count = 0;

    (void)argc;
    if (is_case(argv, "list")) {
        MUST(dl_iterate_phdr(look, &count) == 0);
        MUST(count >= 2);
    } else {
        MUST(pthread_barrier_init(&in_callback, NULL, 2) == 0);
        MUST(pthread_create(&iterating, NULL, iterate, NULL) == 0);
        MUST(pthread_create(&holding, NULL, hold, NULL) == 0);
        MUST(pthread_join(iterating, NULL) == 0);
        MUST(pthread_join(holding, NULL) == 0);
    }
    puts("done");
    return 0;
}
