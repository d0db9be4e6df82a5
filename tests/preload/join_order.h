/* SPDX-License-Identifier: MIT */
#ifndef JOIN_ORDER_H
#define JOIN_ORDER_H

/*
 * For programs about joins. Threads run one after the other where nothing may hang: that a lock was free again before the
 * join says nothing, since the thread could have been late.
 */
#include "program.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>

static pthread_mutex_t lock __attribute__((unused)) = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t third __attribute__((unused)) = PTHREAD_MUTEX_INITIALIZER;
static pid_t main_thread;
static int done; /* atomic */

static inline void wait_until_done(void)
{
    while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
        sched_yield();
}

static inline void say_done(void)
{
    __atomic_store_n(&done, 1, __ATOMIC_RELEASE);
}

/* Does the thread @tid sleep on a word of the @size bytes at @object? For other reasons it may sleep before that. */
static inline int sleeps_on(pid_t tid, const void *object, size_t size)
{
    unsigned long address = 0;
    char path[64], text[256];
    long number = -1;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
    file = fopen(path, "r");
    MUST(file != NULL && fgets(text, sizeof(text), file) != NULL);
    (void)fclose(file);
    return sscanf(text, "%ld %lx", &number, &address) == 2 && number == SYS_futex &&
           address - (unsigned long)object < size;
}

/* Does it sleep until @joined ends? A thread's handle is where libc keeps what it knows of it. */
static inline int sleeps_in_join(pid_t tid, pthread_t joined)
{
    enum {
        LIBC_THREAD = 2048
    };

    return sleeps_on(tid, (const void *)joined, LIBC_THREAD);
}

static inline void *take(void *mutex)
{
    MUST(pthread_mutex_lock(mutex) == 0);
    MUST(pthread_mutex_unlock(mutex) == 0);
    say_done();
    return NULL;
}

static inline int take_c11(void *mutex)
{
    (void)take(mutex);
    return 0;
}

/* A thread that ran to its end, and can still be joined. */
static inline pthread_t run(void *(*start)(void *), void *arg)
{
    pthread_t thread;

    done = 0;
    MUST(pthread_create(&thread, NULL, start, arg) == 0);
    wait_until_done();
    return thread;
}

static __attribute__((noinline, unused)) void join_under(pthread_mutex_t *held, pthread_t thread)
{
    MUST(pthread_mutex_lock(held) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(pthread_mutex_unlock(held) == 0);
}

struct join_case {
    const char *name;
    void (*run)(void);
};

static inline int run_cases(const struct join_case *cases, size_t count, char **argv)
{
    main_thread = gettid();
    for (size_t i = 0; i < count; i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}

#endif
