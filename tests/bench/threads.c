/* SPDX-License-Identifier: MIT */
/*
 * Several threads: on locks of their own, on one lock, handing a turn to and fro, and threads that come and go.
 */

#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#if __has_include(<valgrind/helgrind.h>)
#include <valgrind/helgrind.h>
#endif

enum {
    LINE = 64,
    PAIR = 2,
    WARM_UP = 2000, /* operations of a new thread before it is measured */
    AT_ONCE = 50,   /* short lives */
    LIFE_LOCKS = 8
};

struct racer {
    pthread_t thread;
    pthread_mutex_t *mutex;
    uint64_t ops;             /* to do; when the time ends it, what was done */
    unsigned work;            /* steps of arithmetic with the lock held, and as many without it */
    uint64_t begin, end;      /* its time */
    volatile uint64_t result; /* so that the arithmetic is done */
    _Alignas(LINE) atomic_bool ready;
};

static struct {
    _Alignas(LINE) pthread_mutex_t mutex;
} own[PAIR];
static _Alignas(LINE) pthread_mutex_t shared = PTHREAD_MUTEX_INITIALIZER;
static _Alignas(LINE) atomic_bool go, stop;

static void lock(pthread_mutex_t *mutex)
{
    BENCH_MUST(pthread_mutex_lock(mutex) == 0);
}

static void unlock(pthread_mutex_t *mutex)
{
    BENCH_MUST(pthread_mutex_unlock(mutex) == 0);
}

/* Valgrind's tools take an atomic variable for a race, and would report it at every turn of the loop. */
static void unwatched(void *variable, size_t size)
{
#if __has_include(<valgrind/helgrind.h>)
    VALGRIND_HG_DISABLE_CHECKING(variable, size);
#else
    (void)variable;
    (void)size;
#endif
}

static uint64_t work(uint64_t value, unsigned steps)
{
    for (unsigned i = 0; i < steps; i++)
        value = value * 6364136223846793005u + 1442695040888963407u;
    return value;
}

static void get_ready(struct racer *racer)
{
    for (int i = 0; i < WARM_UP; i++) {
        lock(racer->mutex);
        unlock(racer->mutex);
    }
    atomic_store(&racer->ready, true);
    while (!atomic_load_explicit(&go, memory_order_acquire))
        sched_yield();
    racer->begin = bench_now();
}

/* Makes two threads, lets them begin together and ends them; @ns: when to tell them to stop, 0 for never. */
static void race(struct racer *racers, void *(*body)(void *), uint64_t ns)
{
    unwatched(&go, sizeof(go));
    unwatched(&stop, sizeof(stop));
    atomic_store(&go, false);
    atomic_store(&stop, false);
    for (int i = 0; i < PAIR; i++)
        unwatched(&racers[i].ready, sizeof(racers[i].ready));
    for (int i = 0; i < PAIR; i++)
        BENCH_MUST(pthread_create(&racers[i].thread, NULL, body, &racers[i]) == 0);
    for (int i = 0; i < PAIR; i++) {
        while (!atomic_load(&racers[i].ready))
            nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
    }
    atomic_store(&go, true);
    if (ns > 0) {
        nanosleep(&(struct timespec){ .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) }, NULL);
        atomic_store(&stop, true);
    }
    for (int i = 0; i < PAIR; i++)
        BENCH_MUST(pthread_join(racers[i].thread, NULL) == 0);
}

/*
 * ---- two threads on locks of their own: an operation is a pair by each ----
 *
 * Each thread's own time on a processor; the slower one counts. Of the repetitions the median, as in the fastest one the two
 * may have run one after the other.
 */

static void *run_alone(void *arg)
{
    struct racer *racer = arg;

    get_ready(racer);
    racer->begin = bench_thread_now();
    for (uint64_t i = 0; i < racer->ops; i++) {
        lock(racer->mutex);
        unlock(racer->mutex);
    }
    racer->end = bench_thread_now();
    return NULL;
}

static void run_private(uint64_t ops, struct bench_run *run)
{
    struct racer racers[PAIR] = { { .mutex = &own[0].mutex, .ops = ops }, { .mutex = &own[1].mutex, .ops = ops } };
    uint64_t first, second;

    race(racers, run_alone, 0);
    first = racers[0].end - racers[0].begin;
    second = racers[1].end - racers[1].begin;
    run->ns = first > second ? first : second;
}

/* ---- two threads on one lock: an operation is a pair by either ---- */

static void *run_against(void *arg)
{
    struct racer *racer = arg;
    uint64_t value = 1, ops = 0;

    get_ready(racer);
    /* Once at least: on a busy machine the time may be over before the thread runs again. */
    do {
        lock(racer->mutex);
        value = work(value, racer->work);
        unlock(racer->mutex);
        value = work(value, racer->work);
        ops++;
    } while (!atomic_load_explicit(&stop, memory_order_relaxed));
    racer->end = bench_now();
    racer->ops = ops;
    racer->result = value;
    return NULL;
}

/* @ns: how long. What is done in that time is the result. */
static void compete(uint64_t ns, unsigned steps, struct bench_run *run)
{
    struct racer racers[PAIR] = { { .mutex = &shared, .work = steps }, { .mutex = &shared, .work = steps } };
    uint64_t least, begin, end;

    race(racers, run_against, ns);
    least = racers[0].ops < racers[1].ops ? racers[0].ops : racers[1].ops;
    begin = racers[0].begin < racers[1].begin ? racers[0].begin : racers[1].begin;
    end = racers[0].end > racers[1].end ? racers[0].end : racers[1].end;
    run->ns = end - begin;
    run->ops = racers[0].ops + racers[1].ops;
    run->share = run->ops > 0 ? (double)least / (double)run->ops : 0;
}

static void run_shared(uint64_t ns, struct bench_run *run)
{
    compete(ns, 0, run);
}

static void run_shared_work(uint64_t ns, struct bench_run *run)
{
    compete(ns, 100, run);
}

/* ---- the turn goes to and fro: an operation is there and back ---- */

static pthread_mutex_t turn_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_cond = PTHREAD_COND_INITIALIZER;
static unsigned turn; /* under turn_mutex */

static void play(uint64_t ops, unsigned mine)
{
    for (uint64_t i = 0; i < ops; i++) {
        lock(&turn_mutex);
        while (turn != mine)
            BENCH_MUST(pthread_cond_wait(&turn_cond, &turn_mutex) == 0);
        turn = !mine;
        BENCH_MUST(pthread_cond_signal(&turn_cond) == 0);
        unlock(&turn_mutex);
    }
}

static void *play_second(void *arg)
{
    play(*(uint64_t *)arg, 1);
    return NULL;
}

static void run_cond(uint64_t ops, struct bench_run *run)
{
    pthread_t thread;
    uint64_t start;

    turn = 0;
    BENCH_MUST(pthread_create(&thread, NULL, play_second, &ops) == 0);
    start = bench_now();
    play(ops, 0);
    BENCH_MUST(pthread_join(thread, NULL) == 0);
    run->ns = bench_now() - start;
}

/* ---- threads that come and go: an operation is a thread ---- */

static void *do_nothing(void *arg)
{
    return arg;
}

static void run_create(uint64_t ops, struct bench_run *run)
{
    uint64_t start = bench_now();

    for (uint64_t i = 0; i < ops; i++) {
        pthread_t thread;

        BENCH_MUST(pthread_create(&thread, NULL, do_nothing, NULL) == 0);
        BENCH_MUST(pthread_join(thread, NULL) == 0);
    }
    run->ns = bench_now() - start;
}

static pthread_mutex_t life_mutex[LIFE_LOCKS];

static void prepare_lives(uint64_t locks)
{
    (void)locks;
    for (int i = 0; i < LIFE_LOCKS; i++)
        BENCH_MUST(pthread_mutex_init(&life_mutex[i], NULL) == 0);
}

/* Takes a few locks, two by two, and ends. */
static void *live(void *arg)
{
    for (int i = 0; i + 1 < LIFE_LOCKS; i++) {
        lock(&life_mutex[i]);
        lock(&life_mutex[i + 1]);
        unlock(&life_mutex[i + 1]);
        unlock(&life_mutex[i]);
    }
    return arg;
}

static void run_lives(uint64_t ops, struct bench_run *run)
{
    pthread_t threads[AT_ONCE];
    uint64_t start = bench_now(), done = 0;

    while (done < ops) {
        for (int i = 0; i < AT_ONCE; i++)
            BENCH_MUST(pthread_create(&threads[i], NULL, live, NULL) == 0);
        for (int i = 0; i < AT_ONCE; i++)
            BENCH_MUST(pthread_join(threads[i], NULL) == 0);
        done += AT_ONCE;
    }
    run->ns = bench_now() - start;
    run->ops = done;
}

static const struct bench_workload workloads[] = {
    { .name = "private", .run = run_private, .least_ops = 10000, .pick = BENCH_MIDDLE },
    { .name = "shared", .run = run_shared, .least_ops = 1000000, .pick = BENCH_MIDDLE },
    { .name = "shared_work", .run = run_shared_work, .least_ops = 1000000, .pick = BENCH_MIDDLE },
    { .name = "cond", .run = run_cond, .least_ops = 100, .pick = BENCH_MIDDLE },
    { .name = "create", .run = run_create, .least_ops = 20, .pick = BENCH_LEAST },
    { .name = "lives", .run = run_lives, .prepare = prepare_lives, .least_ops = 1000, .pick = BENCH_LEAST },
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, workloads, sizeof(workloads) / sizeof(workloads[0]));
}
