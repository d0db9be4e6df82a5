/* SPDX-License-Identifier: MIT */
/*
 * Threads that walk chains nobody walked before: what the slow way costs, alone and when all come at once.
 *
 *     discover SHAPE WHOSE THREADS CHAINS
 *
 * SHAPE   chains   three locks in all combinations: many chains over few edges
 *         edges    two locks: each chain is an edge
 * WHOSE   same     each thread walks all CHAINS chains, in the same order
 *         own      each walks its share of them
 *         mixed    the first half of the chains is walked by all, of the second each walks its share
 *
 * The threads begin together, when all are there. Prints the time from then until the last one is done, the walks, and the
 * processor time of it, in nanoseconds. Locks are always taken in the order of their numbers, so there is nothing to find.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
    LOCKS = 1024,
    THREADS = 256
};

#define ONE PTHREAD_MUTEX_INITIALIZER
#define FOUR ONE, ONE, ONE, ONE
#define SIXTEEN FOUR, FOUR, FOUR, FOUR
#define SIXTY_FOUR SIXTEEN, SIXTEEN, SIXTEEN, SIXTEEN

/* Each in a place of its own in the program's data, so each is a class. */
static pthread_mutex_t lock[LOCKS] = {
    SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR,
    SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR, SIXTY_FOUR,
};

struct combination {
    uint16_t number[3];
};

static struct combination *all; /* constant while there are threads */
static uint32_t chains, shared, threads;
static unsigned depth;
static pthread_barrier_t begin;

static void must(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "discover: %s\n", what);
        exit(2);
    }
}

static uint64_t now(clockid_t clock)
{
    struct timespec t;

    must(clock_gettime(clock, &t) == 0, "clock_gettime");
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void walk(const struct combination *c)
{
    for (unsigned i = 0; i < depth; i++)
        pthread_mutex_lock(&lock[c->number[i]]);
    for (unsigned i = depth; i-- > 0;)
        pthread_mutex_unlock(&lock[c->number[i]]);
}

static void *walk_all(void *arg)
{
    uint32_t number = (uint32_t)(uintptr_t)arg;
    uint32_t own = chains - shared;
    uint32_t first = shared + (uint32_t)((uint64_t)own * number / threads);
    uint32_t end = shared + (uint32_t)((uint64_t)own * (number + 1) / threads);

    walk(&(struct combination){ { 0, 1, 2 } }); /* the thread has its state now */
    pthread_barrier_wait(&begin);
    for (uint32_t i = 0; i < shared; i++)
        walk(&all[i]);
    for (uint32_t i = first; i < end; i++)
        walk(&all[i]);
    return NULL;
}

/* All combinations of locks below the next, and so on: the first n need no more locks than n makes necessary. */
static void combine(void)
{
    uint32_t n = 0;

    all = malloc(chains * sizeof(*all));
    must(all != NULL, "no memory");
    for (uint16_t last = 0; n < chains; last++) {
        must(last < LOCKS, "too many chains");
        for (uint16_t middle = 0; middle < last && n < chains; middle++) {
            if (depth == 2) {
                all[n++] = (struct combination){ { middle, last, 0 } };
                continue;
            }
            for (uint16_t first = 0; first < middle && n < chains; first++)
                all[n++] = (struct combination){ { first, middle, last } };
        }
    }
}

/* So that a walk is no prefix of the next, as it is not in a program: the order is one of chance, and always the same. */
static void shuffle(void)
{
    uint64_t random = 88172645463325252u;

    for (uint32_t i = chains; i > 1; i--) {
        struct combination swap = all[i - 1];
        uint32_t other;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        other = (uint32_t)((random >> 32) % i);
        all[i - 1] = all[other];
        all[other] = swap;
    }
}

static long context_switches(void)
{
    struct rusage usage;

    must(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    return usage.ru_nvcsw;
}

int main(int argc, char **argv)
{
    pthread_t thread[THREADS];
    uint64_t started, cpu;
    long switches;
    uint64_t walks;

    must(argc == 5, "usage: discover chains|edges same|own|mixed THREADS CHAINS");
    depth = strcmp(argv[1], "edges") == 0 ? 2 : 3;
    threads = (uint32_t)strtoul(argv[3], NULL, 10);
    chains = (uint32_t)strtoul(argv[4], NULL, 10);
    must(threads >= 1 && threads <= THREADS && chains >= 1 && chains <= 400000, "too many, or none");
    shared = strcmp(argv[2], "same") == 0 ? chains : strcmp(argv[2], "mixed") == 0 ? chains / 2 : 0;
    combine();
    shuffle();
    must(pthread_barrier_init(&begin, NULL, threads + 1) == 0, "pthread_barrier_init");
    for (uint32_t i = 0; i < threads; i++)
        must(pthread_create(&thread[i], NULL, walk_all, (void *)(uintptr_t)i) == 0, "pthread_create");
    switches = context_switches();
    cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    started = now(CLOCK_MONOTONIC);
    pthread_barrier_wait(&begin);
    for (uint32_t i = 0; i < threads; i++)
        must(pthread_join(thread[i], NULL) == 0, "pthread_join");
    started = now(CLOCK_MONOTONIC) - started;
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    switches = context_switches() - switches;
    walks = (uint64_t)shared * threads + (chains - shared);
    printf("ns %llu cpu %llu walks %llu switches %ld\n", (unsigned long long)started, (unsigned long long)cpu,
           (unsigned long long)walks, switches);
    return 0;
}
