/* SPDX-License-Identifier: MIT */
#ifndef BENCH_H
#define BENCH_H

/*
 * The frame of a program of workloads: `PROGRAM WORKLOAD [--ms M] [--reps R] [--locks N]` warms up, measures the loop some
 * times over, and prints what one operation took. The start of the process is not in it. `PROGRAM --list` prints the names.
 *
 * The lines that are printed: "ns X" (the figure to compare: see enum bench_pick), "least X", "middle X", "reps N", "ops N"
 * (of one repetition), and where two threads compete "share X", the smaller one's part of all operations.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_MUST(condition)                                                       \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(99);                                                               \
        }                                                                           \
    } while (0)

/* What one repetition was. */
struct bench_run {
    uint64_t ns;  /* its time */
    uint64_t ops; /* operations in that time; what was asked for, unless the workload says otherwise */
    double share; /* the smaller one's part of them, 0.5 at most; negative: nobody competes */
};

/* Which repetition stands for all. */
enum bench_pick {
    BENCH_LEAST, /* the fastest: the loop without whatever else ran on the machine */
    BENCH_MIDDLE /* the median: what depends on how threads meet has no fastest that means anything */
};

struct bench_workload {
    const char *name;
    /* Does @ops operations and fills in @ret_run. */
    void (*run)(uint64_t ops, struct bench_run *ret_run);
    /* Makes what run() needs, takes every lock once; may be NULL. @locks: how many locks, where that can be chosen. */
    void (*prepare)(uint64_t locks);
    uint64_t locks;     /* by default */
    uint64_t least_ops; /* of one repetition */
    enum bench_pick pick;
};

static inline uint64_t bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The time that this thread had: for loops of one thread, which are no slower for having waited for a processor. */
static inline uint64_t bench_thread_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A program's main. */
int bench_main(int argc, char **argv, const struct bench_workload *all, size_t count);

#ifdef __cplusplus
}
#endif

#endif
