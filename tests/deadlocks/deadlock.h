/* SPDX-License-Identifier: MIT */
#ifndef DEADLOCK_H
#define DEADLOCK_H

/*
 * What the programs of this folder share. Each of them can deadlock, or only looks as if it could; table.tsv says which.
 *
 *     PROGRAM           does its work and ends, unless chance closes the circle
 *     PROGRAM --hang    its threads meet before the calls that close the circle, so that it deadlocks in each run
 *
 * They meet by plain atomics, which no lock detector sees: what is seen of locks is the same in both ways. The last one
 * to come says when, on stdout: "forming at N us" of CLOCK_MONOTONIC. It says so before it makes its call, so that no
 * time from there to a report is too short. A program that cannot deadlock takes no --hang.
 *
 * For C and C++. None of the programs knows of lockval.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A step that must succeed for the rest to mean anything. */
#define MUST(condition)                                                             \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            _exit(99);                                                              \
        }                                                                           \
    } while (0)

#define LOCK(mutex) MUST(pthread_mutex_lock(mutex) == 0)
#define UNLOCK(mutex) MUST(pthread_mutex_unlock(mutex) == 0)
#define READ(rwlock) MUST(pthread_rwlock_rdlock(rwlock) == 0)
#define WRITE(rwlock) MUST(pthread_rwlock_wrlock(rwlock) == 0)
#define LEAVE(rwlock) MUST(pthread_rwlock_unlock(rwlock) == 0)

/* Written before the threads begin. */
static bool hang;
static unsigned parties; /* how many threads meet */

static unsigned arrived; /* atomic */
static bool all_here;    /* atomic */

/* Reads the command line. @meeting: how many threads call meet(); 0 when the program cannot hang. */
static inline void begin(int argc, char **argv, unsigned meeting)
{
    hang = argc == 2 && meeting > 0 && strcmp(argv[1], "--hang") == 0;
    if (argc != 1 && !hang) {
        fprintf(stderr, "usage: %s%s\n", argv[0], meeting > 0 ? " [--hang]" : "");
        exit(2);
    }
    parties = meeting;
}

/* The end of a run without a deadlock. */
static inline int finish(void)
{
    printf("done\n");
    return 0;
}

static inline int64_t now_us(void)
{
    struct timespec now;

    MUST(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* The calling thread is about to make the last call. */
static inline void say_forming(void)
{
    char text[64];
    int length = snprintf(text, sizeof(text), "forming at %lld us\n", (long long)now_us());

    MUST(write(STDOUT_FILENO, text, (size_t)length) == length);
}

/* With --hang: go on only when all have come here. The last one says so first if @say is set. */
static inline void meet_and(bool say)
{
    if (!hang)
        return;
    if (__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST) == parties) {
        if (say)
            say_forming();
        __atomic_store_n(&all_here, true, __ATOMIC_SEQ_CST);
    }
    while (!__atomic_load_n(&all_here, __ATOMIC_SEQ_CST))
        (void)sched_yield();
}

/* Where the next call of each thread is its part of the circle. */
static inline void meet(void)
{
    meet_and(true);
}

/* Where somebody has to wait for more: say_forming() is called later. */
static inline void meet_silently(void)
{
    meet_and(false);
}

/*
 * With --hang: go on when the thread @tid (atomic; 0: not known yet) sleeps on @object. For locks whose waiters have an
 * order, where it is not enough that the other one is about to call.
 */
static inline void await_sleeper(const pid_t *tid, const void *object, size_t size)
{
    while (hang) {
        char path[64], text[128];
        unsigned long number, address;
        ssize_t length;
        int fd;

        (void)snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", __atomic_load_n(tid, __ATOMIC_SEQ_CST));
        fd = open(path, O_RDONLY | O_CLOEXEC);
        length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
        if (fd >= 0)
            (void)close(fd);
        text[length > 0 ? length : 0] = '\0';
        if (sscanf(text, "%lu 0x%lx", &number, &address) == 2 && address - (uintptr_t)object < size)
            return;
        (void)sched_yield();
    }
}

/* Some work: @steps of about a nanosecond. */
static inline void work(unsigned steps)
{
    for (unsigned i = 0; i < steps; i++)
        __asm__ volatile("" : : : "memory");
}

/* Another number below @bound in each run, thread and call. */
static inline unsigned some_number(unsigned bound)
{
    static __thread uint64_t state;

    if (state == 0)
        state = (uint64_t)now_us() * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)gettid() << 20;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 33) % bound);
}

static inline pthread_t start(void *(*run)(void *), void *arg)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, run, arg) == 0);
    return thread;
}

static inline void join(pthread_t thread)
{
    MUST(pthread_join(thread, NULL) == 0);
}

/* Run both at once to their ends. */
static inline void run_two(void *(*first)(void *), void *(*second)(void *))
{
    pthread_t one = start(first, NULL), two = start(second, NULL);

    join(one);
    join(two);
}

/* All that are made here are of one class: no compiler may put this into its callers. */
static __attribute__((noinline, unused)) void make_alike(pthread_mutex_t *mutex)
{
    MUST(pthread_mutex_init(mutex, NULL) == 0);
}

/* A mutex of another type than the usual. Each place that calls this makes a class of its own. */
static inline __attribute__((always_inline)) void make_mutex(pthread_mutex_t *mutex, int type, int protocol, int shared)
{
    pthread_mutexattr_t attr;

    MUST(pthread_mutexattr_init(&attr) == 0);
    MUST(pthread_mutexattr_settype(&attr, type) == 0);
    MUST(pthread_mutexattr_setprotocol(&attr, protocol) == 0);
    MUST(pthread_mutexattr_setpshared(&attr, shared) == 0);
    MUST(pthread_mutex_init(mutex, &attr) == 0);
    MUST(pthread_mutexattr_destroy(&attr) == 0);
}

/* A read-write lock whose readers wait behind a writer that waits. Each place makes a class. */
static inline __attribute__((always_inline)) void make_fair(pthread_rwlock_t *rwlock)
{
    pthread_rwlockattr_t attr;

    MUST(pthread_rwlockattr_init(&attr) == 0);
    MUST(pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
    MUST(pthread_rwlock_init(rwlock, &attr) == 0);
    MUST(pthread_rwlockattr_destroy(&attr) == 0);
}

#endif
