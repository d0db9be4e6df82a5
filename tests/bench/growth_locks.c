/* SPDX-License-Identifier: MIT */
/*
 * The growth of growth.c with locks of libc, to be run with the library preloaded: each edge is two locks, one taken while the
 * other is held. Static locks are a class each. Classes are met before, so that only edges are measured.
 *
 *     bench_growth_locks SHAPE CLASSES EDGES mutex|read shuffled|forward|backward
 *
 * Prints the time of the processor for an edge, in ns, and by how many bytes for an edge the process grew.
 */
#include "growth_shapes.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    CLASSES = 100000
};

static pthread_mutex_t mutexes[CLASSES + 1];
static pthread_rwlock_t rwlocks[CLASSES + 1];

static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long all = 0, resident = 0;

    if (file == NULL || fscanf(file, "%ld %ld", &all, &resident) != 2)
        return 0;
    (void)fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void lock(const struct growth *growth, uint32_t class)
{
    if (growth->is_read[class])
        (void)pthread_rwlock_rdlock(&rwlocks[class]);
    else
        (void)pthread_mutex_lock(&mutexes[class]);
}

static void unlock(const struct growth *growth, uint32_t class)
{
    if (growth->is_read[class])
        (void)pthread_rwlock_unlock(&rwlocks[class]);
    else
        (void)pthread_mutex_unlock(&mutexes[class]);
}

int main(int argc, char **argv)
{
    uint32_t classes = argc == 6 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    enum growth_arrival arrival;
    struct growth *growth;
    double start, took, bytes;

    if (classes == 0 || classes > CLASSES) {
        fprintf(stderr, "usage: see the head of growth_locks.c\n");
        return 2;
    }
    arrival = strcmp(argv[5], "forward") == 0    ? GROWTH_FORWARD
              : strcmp(argv[5], "backward") == 0 ? GROWTH_BACKWARD
                                                 : GROWTH_SHUFFLED;
    growth =
        growth_new(argv[1], classes, (uint32_t)strtoul(argv[3], NULL, 10), strcmp(argv[4], "read") == 0, arrival, 1);
    if (growth == NULL)
        return 2;
    for (uint32_t class = 1; class <= classes; class ++) {
        lock(growth, class);
        unlock(growth, class);
    }
    bytes = resident_bytes();
    start = now();
    for (uint32_t i = 0; i < growth->count; i++) {
        const struct growth_edge *edge = &growth->edges[i];

        lock(growth, edge->from);
        lock(growth, edge->to);
        unlock(growth, edge->to);
        unlock(growth, edge->from);
    }
    took = now() - start;
    bytes = resident_bytes() - bytes;
    printf("preload,%s,%s,%s,%u,%u,%.0f,,,,,%.0f\n", argv[1], argv[4], argv[5], classes, growth->count,
           took / growth->count * 1e9, bytes / growth->count);
    growth_free(growth);
    return 0;
}
