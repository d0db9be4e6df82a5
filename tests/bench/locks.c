/* SPDX-License-Identifier: MIT */
/*
 * One thread and locks that nobody else wants: what each acquisition and release costs. An operation is one pair of both.
 *
 * There is a second thread, which sleeps. As long as a process never had one, libc takes and releases its mutexes without
 * atomic instructions, which is several times as fast, and not what a program with threads sees. "alone" measures that.
 */

#include "bench.h"

#include <pthread.h>
#include <unistd.h>

enum {
    DEPTH = 16,
    LINE = 64
};

/* Locks that lie a cache line apart, so that a nest's cost is not that of its neighbours. */
struct apart {
    _Alignas(LINE) pthread_mutex_t mutex;
};

/* Nobody initialises these: a static lock is a class of its own. */
static struct apart nested[DEPTH];
/* These are made in one place, and are of one class. */
static struct apart alike[DEPTH];
static _Alignas(LINE) pthread_mutex_t recursive;
static _Alignas(LINE) pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static _Alignas(LINE) pthread_spinlock_t spin;
static pthread_mutex_t *many; /* as close as an array has them */
static uint64_t many_mask;

static void lock(pthread_mutex_t *mutex)
{
    BENCH_MUST(pthread_mutex_lock(mutex) == 0);
}

static void unlock(pthread_mutex_t *mutex)
{
    BENCH_MUST(pthread_mutex_unlock(mutex) == 0);
}

/* ---- preparations ---- */

static void *sleep_for_good(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static void second_thread(void)
{
    pthread_t thread;

    BENCH_MUST(pthread_create(&thread, NULL, sleep_for_good, NULL) == 0);
    BENCH_MUST(pthread_detach(thread) == 0);
}

static void prepare_nested(uint64_t locks)
{
    (void)locks;
    second_thread();
}

static void prepare_alike(uint64_t locks)
{
    (void)locks;
    second_thread();
    for (int i = 0; i < DEPTH; i++)
        BENCH_MUST(pthread_mutex_init(&alike[i].mutex, NULL) == 0);
}

static void prepare_recursive(uint64_t locks)
{
    pthread_mutexattr_t attr;

    (void)locks;
    second_thread();
    BENCH_MUST(pthread_mutexattr_init(&attr) == 0);
    BENCH_MUST(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE) == 0);
    BENCH_MUST(pthread_mutex_init(&recursive, &attr) == 0);
    pthread_mutexattr_destroy(&attr);
}

static void prepare_spin(uint64_t locks)
{
    (void)locks;
    second_thread();
    BENCH_MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
}

static void prepare_many(uint64_t locks)
{
    uint64_t count = 1;

    second_thread();
    while (count < locks)
        count *= 2;
    many_mask = count - 1;
    many = aligned_alloc(LINE, count * sizeof(*many));
    BENCH_MUST(many != NULL);
    for (uint64_t i = 0; i < count; i++) {
        BENCH_MUST(pthread_mutex_init(&many[i], NULL) == 0);
        lock(&many[i]);
        unlock(&many[i]);
    }
}

/* ---- workloads ---- */

static void run_depth1(uint64_t ops, struct bench_run *run)
{
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i++) {
        lock(&nested[0].mutex);
        unlock(&nested[0].mutex);
    }
    run->ns = bench_thread_now() - start;
}

/* Each level its own call, so that each lock has one site, as in a program; a loop would have one for all. */
#define LEVEL(locks, level, inner)     \
    do {                               \
        lock(&(locks)[level].mutex);   \
        inner;                         \
        unlock(&(locks)[level].mutex); \
    } while (0)
#define NEST4(locks, base, inner) \
    LEVEL(locks, base, LEVEL(locks, (base) + 1, LEVEL(locks, (base) + 2, LEVEL(locks, (base) + 3, inner))))

static void run_nest4(uint64_t ops, struct bench_run *run)
{
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i += 4)
        NEST4(nested, 0, (void)0);
    run->ns = bench_thread_now() - start;
    run->ops = (ops + 3) / 4 * 4;
}

static void run_alike4(uint64_t ops, struct bench_run *run)
{
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i += 4)
        NEST4(alike, 0, (void)0);
    run->ns = bench_thread_now() - start;
    run->ops = (ops + 3) / 4 * 4;
}

static void run_nest16(uint64_t ops, struct bench_run *run)
{
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i += 16)
        NEST4(nested, 0, NEST4(nested, 4, NEST4(nested, 8, NEST4(nested, 12, (void)0))));
    run->ns = bench_thread_now() - start;
    run->ops = (ops + 15) / 16 * 16;
}

static void run_recursive(uint64_t ops, struct bench_run *run)
{
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i += 2) {
        lock(&recursive);
        lock(&recursive);
        unlock(&recursive);
        unlock(&recursive);
    }
    run->ns = bench_thread_now() - start;
    run->ops = (ops + 1) / 2 * 2;
}

static void run_many(uint64_t ops, struct bench_run *run)
{
    static uint64_t random = 88172645463325252u;
    uint64_t start = bench_thread_now(), x = random;

    for (uint64_t i = 0; i < ops; i++) {
        pthread_mutex_t *mutex;

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        mutex = &many[x & many_mask];
        lock(mutex);
        unlock(mutex);
    }
    run->ns = bench_thread_now() - start;
    random = x;
}

static void run_trylock(uint64_t ops, struct bench_run *run)
{
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i++) {
        BENCH_MUST(pthread_mutex_trylock(&nested[0].mutex) == 0);
        unlock(&nested[0].mutex);
    }
    run->ns = bench_thread_now() - start;
}

static void run_read(uint64_t ops, struct bench_run *run)
{
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i++) {
        BENCH_MUST(pthread_rwlock_rdlock(&rwlock) == 0);
        BENCH_MUST(pthread_rwlock_unlock(&rwlock) == 0);
    }
    run->ns = bench_thread_now() - start;
}

static void run_write(uint64_t ops, struct bench_run *run)
{
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i++) {
        BENCH_MUST(pthread_rwlock_wrlock(&rwlock) == 0);
        BENCH_MUST(pthread_rwlock_unlock(&rwlock) == 0);
    }
    run->ns = bench_thread_now() - start;
}

static void run_spin(uint64_t ops, struct bench_run *run)
{
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i++) {
        BENCH_MUST(pthread_spin_lock(&spin) == 0);
        BENCH_MUST(pthread_spin_unlock(&spin) == 0);
    }
    run->ns = bench_thread_now() - start;
}

static const struct bench_workload workloads[] = {
    { .name = "depth1", .run = run_depth1, .prepare = prepare_nested },
    { .name = "alone", .run = run_depth1 },
    { .name = "nest4", .run = run_nest4, .prepare = prepare_nested },
    { .name = "nest16", .run = run_nest16, .prepare = prepare_nested },
    { .name = "alike4", .run = run_alike4, .prepare = prepare_alike },
    { .name = "recursive", .run = run_recursive, .prepare = prepare_recursive },
    { .name = "many", .run = run_many, .prepare = prepare_many, .locks = 1 << 16 },
    { .name = "trylock", .run = run_trylock, .prepare = prepare_nested },
    { .name = "read", .run = run_read, .prepare = prepare_nested },
    { .name = "write", .run = run_write, .prepare = prepare_nested },
    { .name = "spin", .run = run_spin, .prepare = prepare_spin },
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, workloads, sizeof(workloads) / sizeof(workloads[0]));
}
