/* SPDX-License-Identifier: MIT */
#ifndef WORKLOADS_H
#define WORKLOADS_H

/*
 * What the tests of the fast path repeat: a few acquisitions that the thread has made before, and their releases. Each loop
 * is a function that nothing is inlined into, so that a profile tells it apart, and takes locks of its own thread alone.
 */

#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

enum {
    DEEPEST = 16,   /* locks held at once */
    OUTER = 256,    /* mutexes of as many classes, with one under them */
    SOME = 64,      /* mutexes of which a thread's cache knows all, wherever identities are kept */
    MANY = 65536,   /* mutexes of which it does not */
    MOST_PAIRS = 4, /* pairs of mutexes of one class */
    CACHE_LINE = 64
};

/* The locks of one thread. */
struct locks {
    pthread_mutex_t mutex[DEEPEST];
    pthread_mutex_t recursive;
    pthread_mutex_t errorcheck;
    sem_t semaphore; /* of the value 1: used as a lock */
    pthread_rwlock_t rwlock;
    pthread_rwlock_t strict; /* whose readers are not recursive */
    pthread_spinlock_t spin;
    pthread_mutex_t pair[MOST_PAIRS][2]; /* of one class: all are made by one call */
    pthread_mutex_t outer[OUTER];
    pthread_mutex_t some[SOME];
    pthread_mutex_t many[MANY];
    pthread_mutex_t inside[2]; /* taken in the context only: it can interrupt what takes the others */
    int context;               /* declared; -1 without the library */
} __attribute__((aligned(CACHE_LINE)));

struct workload {
    const char *name;
    unsigned acquisitions; /* a round */
    void (*run)(struct locks *locks, unsigned long rounds);
    void (*before)(struct locks *locks); /* around all rounds; null: nothing */
    void (*after)(struct locks *locks);
};

extern const struct workload workloads[];
extern const size_t workload_count;

/* Null: there is none of that name. */
const struct workload *workload_find(const char *name);

/* Make all locks of @locks, which lies in static memory: that is a class for each address where no call makes the lock. */
void locks_make(struct locks *locks);

#endif
