/* SPDX-License-Identifier: MIT */
/* Threads that end with locks held, and the locks on their stacks. Cases whose name begins with ok- must be silent. */
#include "program.h"

#include <stdint.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;

/* case: return */
/* status: 66 */
/* findings: 1 */
/* expect: ^is held while its thread ends$ */
/* expect: ^the lock was taken at:\n  return_holding\+ */
static void *return_holding(void *arg)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    return arg;
}

/* case: pthread-exit */
/* status: 66 */
/* findings: 1 */
/* expect: ^is held while its thread ends$ */
static void *exit_holding(void *arg)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    pthread_exit(arg);
}

/* case: cancelled */
/* status: 66 */
/* findings: 1 */
/* expect: ^is held while its thread ends$ */
static void *cancelled_holding(void *unused)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    MUST(pthread_cancel(pthread_self()) == 0);
    pthread_testcancel();
    return unused;
}

/* case: several */
/* status: 66 */
/* findings: 3 */
/* expect: ^is held while its thread ends$ */
static void *several(void *unused)
{
    MUST(pthread_mutex_lock(&mutex) == 0 && pthread_rwlock_rdlock(&rwlock) == 0 && pthread_spin_lock(&spin) == 0);
    return unused;
}

/* case: main */
/* status: 66 */
/* findings: 1 */
/* expect: ^is held while its thread ends$ */
static void end_main(void)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    puts("done");
    pthread_exit(NULL);
}

/* A destructor of the program's gives up what the thread held. */
/* case: ok-destructor */
static pthread_key_t key;

static void give_up(void *held)
{
    MUST(pthread_mutex_unlock(held) == 0);
}

static void *with_destructor(void *unused)
{
    MUST(pthread_key_create(&key, give_up) == 0 && pthread_setspecific(key, &mutex) == 0);
    MUST(pthread_mutex_lock(&mutex) == 0);
    return unused;
}

/* case: ok-robust */
static void *robust(void *arg)
{
    MUST(pthread_mutex_lock(arg) == 0);
    return NULL;
}

static void ok_robust(void)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t local;

    MUST(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0 &&
         pthread_mutex_init(&local, &attr) == 0);
    run_thread(robust, &local);
    printf("%d\n", pthread_mutex_lock(&local) == EOWNERDEAD);
    MUST(pthread_mutex_consistent(&local) == 0 && pthread_mutex_unlock(&local) == 0);
}

/* The process ends, main's locks with it, and a thread's. */
/* case: ok-process */
static pthread_barrier_t both;

static void *hold_for_ever(void *unused)
{
    MUST(pthread_rwlock_wrlock(&rwlock) == 0);
    pthread_barrier_wait(&both);
    for (;;)
        pause();
    return unused;
}

static void ok_process(void)
{
    pthread_t thread;

    MUST(pthread_barrier_init(&both, NULL, 2) == 0);
    MUST(pthread_mutex_lock(&mutex) == 0);
    MUST(pthread_create(&thread, NULL, hold_for_ever, NULL) == 0);
    pthread_barrier_wait(&both);
}

/*
 * Threads that follow each other have one stack: what lies where another thread's lock was is another lock. The order
 * changes from thread to thread.
 */
/* case: ok-stacks */
/* case: ok-own-stack */
static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static uintptr_t place;
static int round_number, moved;

static void *on_stack(void *unused)
{
    pthread_mutex_t local = PTHREAD_MUTEX_INITIALIZER;

    if (round_number % 2 != 0)
        nest(&first, &local);
    else
        nest(&local, &first);
    moved += place != 0 && place != (uintptr_t)&local;
    place = (uintptr_t)&local;
    return unused;
}

static void ok_stacks(size_t size)
{
    void *stack = size != 0 ? malloc(size) : NULL;
    pthread_attr_t attr;
    pthread_t thread;

    MUST(pthread_attr_init(&attr) == 0);
    if (stack != NULL)
        MUST(pthread_attr_setstack(&attr, stack, size) == 0);
    for (round_number = 0; round_number < 20; round_number++) {
        MUST(pthread_create(&thread, &attr, on_stack, NULL) == 0);
        MUST(pthread_join(thread, NULL) == 0);
    }
    free(stack);
    printf("moved: %d\n", moved);
}

static const struct {
    const char *name;
    void *(*start)(void *);
} threads[] = {
    { "return", return_holding }, { "pthread-exit", exit_holding },     { "cancelled", cancelled_holding },
    { "several", several },       { "ok-destructor", with_destructor },
};

int main(int argc, char **argv)
{
    (void)argc;
    MUST(pthread_spin_init(&spin, 0) == 0);
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
        if (is_case(argv, threads[i].name))
            run_thread(threads[i].start, NULL);
    if (is_case(argv, "main"))
        end_main();
    if (is_case(argv, "ok-robust"))
        ok_robust();
    if (is_case(argv, "ok-process"))
        ok_process();
    if (is_case(argv, "ok-stacks"))
        ok_stacks(0);
    if (is_case(argv, "ok-own-stack"))
        ok_stacks(1 << 18);
    puts("done");
    return 0;
}
