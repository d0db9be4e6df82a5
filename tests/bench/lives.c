/* SPDX-License-Identifier: MIT */
/*
 * Locks that are made and destroyed, and memory that is given back while locks lie elsewhere. An operation is one of each.
 */

#include "bench.h"

#include <pthread.h>

enum {
    RING = 1024,
    LOCKS = 64
};

static pthread_mutex_t elsewhere[LOCKS];

static void run_churn(uint64_t ops, struct bench_run *run)
{
    static pthread_mutex_t mutex;
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i++) {
        BENCH_MUST(pthread_mutex_init(&mutex, NULL) == 0);
        BENCH_MUST(pthread_mutex_lock(&mutex) == 0);
        BENCH_MUST(pthread_mutex_unlock(&mutex) == 0);
        BENCH_MUST(pthread_mutex_destroy(&mutex) == 0);
    }
    run->ns = bench_thread_now() - start;
}

static void *do_nothing(void *arg)
{
    return arg;
}

/* A process that once had a second thread: before that, libc takes its mutexes without atomic instructions. */
static void prepare_churn(uint64_t locks)
{
    pthread_t thread;

    (void)locks;
    BENCH_MUST(pthread_create(&thread, NULL, do_nothing, NULL) == 0);
    BENCH_MUST(pthread_join(thread, NULL) == 0);
}

/* The program has locks, and the library has state; only not in the memory that is freed. */
static void prepare_memory(uint64_t locks)
{
    prepare_churn(locks);
    for (int i = 0; i < LOCKS; i++) {
        BENCH_MUST(pthread_mutex_lock(&elsewhere[i]) == 0);
        BENCH_MUST(pthread_mutex_unlock(&elsewhere[i]) == 0);
    }
}

/* Blocks of several sizes, each freed when a thousand more were taken. */
static void run_memory(uint64_t ops, struct bench_run *run)
{
    static void *ring[RING];
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i++) {
        void **slot = &ring[i % RING];

        free(*slot);
        *slot = malloc(16 + (i * 40503 & 0x1f0));
        BENCH_MUST(*slot != NULL);
    }
    run->ns = bench_thread_now() - start;
}

static const struct bench_workload workloads[] = {
    { .name = "churn", .run = run_churn, .prepare = prepare_churn },
    { .name = "memory", .run = run_memory, .prepare = prepare_memory },
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, workloads, sizeof(workloads) / sizeof(workloads[0]));
}
