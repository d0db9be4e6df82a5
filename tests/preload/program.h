/* SPDX-License-Identifier: MIT */
#ifndef PROGRAM_H
#define PROGRAM_H

/*
 * What the programs of this folder share. They are ordinary programs: none of them includes a header of the library but
 * lockval.h, and each does the same with and without it. A program says on stdout what it saw; the runner compares.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A step that must succeed for the rest to mean anything. */
#define MUST(condition)                                                    \
    do {                                                                   \
        if (!(condition)) {                                                \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(99);                                                      \
        }                                                                  \
    } while (0)

/* Take and release two locks, the second under the first. */
static inline void nest(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    MUST(pthread_mutex_lock(outer) == 0);
    MUST(pthread_mutex_lock(inner) == 0);
    MUST(pthread_mutex_unlock(inner) == 0);
    MUST(pthread_mutex_unlock(outer) == 0);
}

static pthread_mutex_t finding_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t finding_b = PTHREAD_MUTEX_INITIALIZER;

/* One finding: circular, potential. */
static inline void make_finding(void)
{
    nest(&finding_a, &finding_b);
    nest(&finding_b, &finding_a);
}

/* Use both locks in one order. */
static inline void make_no_finding(void)
{
    nest(&finding_a, &finding_b);
    nest(&finding_a, &finding_b);
}

static inline void run_thread(void *(*start)(void *), void *arg)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, start, arg) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

/* The case that the runner asks for: the program's first argument. */
static inline int is_case(char **argv, const char *name)
{
    return argv[1] != NULL && strcmp(argv[1], name) == 0;
}

/* A time that is over. */
static inline struct timespec long_ago(void)
{
    return (struct timespec){ .tv_sec = 1, .tv_nsec = 0 };
}

/* A time that no test reaches. */
static inline struct timespec far_away(clockid_t clock)
{
    struct timespec now;

    MUST(clock_gettime(clock, &now) == 0);
    now.tv_sec += 3600;
    return now;
}

#endif
