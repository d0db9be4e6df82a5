/* SPDX-License-Identifier: MIT */
/*
 * Calls that answer with EDEADLK, EPERM or EBUSY. A program that asked for such a mutex handles them: no findings, but with
 * error_returns=1. What it sees is the same in both.
 */
#include "program.h"

#include <threads.h>

static pthread_mutex_t errorcheck = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t robust, normal = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static mtx_t c11;

#define GIVES(wanted, call)       \
    do {                          \
        errno = 1234;             \
        MUST((call) == (wanted)); \
        MUST(errno == 1234);      \
    } while (0)

/* To destroy a lock that somebody holds is a finding in any case. */
/* case: all */
/* status: 66 */
/* findings: 1 */
/* expect: ^is destroyed while another thread holds it\n\nwhich is held by error_returns/\d+, taken at:\n  main */
/* The same calls, in the same order, with the option: */
/* case: all-told */
/* args: all */
/* options: error_returns=1 */
/* status: 66 */
/* findings: 9 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^which lock was taken at:\n  lock_twice */
/* expect: the call returns EDEADLK instead of waiting */
/* expect: ^was not released: the call returned an error, as this thread does not hold it$ */
/* expect: ^was not released: .*\n\nwhich is held by error_returns/\d+, taken at:\n  main */
/* expect: ^was not waited with: the call returned an error, as this thread does not hold it$ */
/* expect: ^is destroyed while another thread holds it\n\nwhich is held by error_returns/\d+, taken at:\n  main */
/* reject: ^verdict: (?!misuse) */
__attribute__((noinline)) static void lock_twice(void)
{
    struct timespec past = long_ago();

    MUST(pthread_mutex_lock(&errorcheck) == 0);
    GIVES(EDEADLK, pthread_mutex_lock(&errorcheck)); /* 1 */
    GIVES(EDEADLK, pthread_mutex_timedlock(&errorcheck, &past));
    GIVES(EBUSY, pthread_mutex_trylock(&errorcheck));
    MUST(pthread_mutex_unlock(&errorcheck) == 0);
    MUST(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
    MUST(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
}

static void unlock_free(void)
{
    GIVES(EPERM, pthread_mutex_unlock(&errorcheck)); /* 2 */
    GIVES(EPERM, pthread_mutex_unlock(&recursive));  /* 3 */
    GIVES(EPERM, pthread_mutex_unlock(&robust));     /* 4 */
    GIVES(thrd_error, mtx_unlock(&c11));             /* 5 */
}

static void *unlock_others(void *unused)
{
    GIVES(EPERM, pthread_mutex_unlock(&errorcheck)); /* 6: another place */
    GIVES(EBUSY, pthread_mutex_trylock(&errorcheck));
    GIVES(EBUSY, pthread_mutex_destroy(&normal)); /* 7 */
    return unused;
}

static void wait_without(void)
{
    struct timespec past = long_ago();

    GIVES(EPERM, pthread_cond_wait(&cond, &errorcheck));            /* 8 */
    GIVES(EPERM, pthread_cond_timedwait(&cond, &recursive, &past)); /* 9 */
}

int main(int argc, char **argv)
{
    pthread_mutexattr_t attr;

    (void)argc;
    (void)argv;
    MUST(pthread_mutexattr_init(&attr) == 0);
    MUST(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
    MUST(pthread_mutex_init(&robust, &attr) == 0);
    MUST(mtx_init(&c11, mtx_plain | mtx_recursive) == thrd_success);
    lock_twice();
    unlock_free();
    wait_without();
    MUST(pthread_mutex_lock(&errorcheck) == 0 && pthread_mutex_lock(&normal) == 0);
    run_thread(unlock_others, NULL);
    MUST(pthread_mutex_unlock(&normal) == 0 && pthread_mutex_unlock(&errorcheck) == 0);
    puts("done");
    return 0;
}
