/* SPDX-License-Identifier: MIT */
/*
 * What becomes of threads that are stuck, by option on_deadlock. Where the last call is refused, the program gives up what it
 * has, and tries again until it has all.
 */

/* plain: no */
/* findings: 2 */
/* status: 66 */
/* expect: verdict: deadlock */

/* case: break-mutex */
/* expect: WARNING: threads are deadlocked! */
/* options: on_deadlock=break */
/* stdout: ^both had both, \d+ refused$ */

/* case: break-errorcheck */
/* expect: WARNING: threads are deadlocked! */
/* options: on_deadlock=break */
/* stdout: ^both had both, \d+ refused$ */

/* case: break-c11 */
/* expect: WARNING: threads are deadlocked! */
/* options: on_deadlock=break */
/* stdout: ^both had both, \d+ refused$ */

/* case: break-spin */
/* expect: WARNING: threads are deadlocked! */
/* options: on_deadlock=break */
/* stdout: ^both had both, \d+ refused$ */

/* case: break-rwlock */
/* expect: WARNING: threads are deadlocked! */
/* options: on_deadlock=break */
/* stdout: ^both had both, \d+ refused$ */

/* case: break-join */
/* expect: WARNING: threads are deadlocked! */
/* options: on_deadlock=break */
/* stdout: ^the join was refused: Resource deadlock avoided$ */
/* stdout: ^joined$ */

/* case: break-again */
/* options: on_deadlock=break */
/* findings: 1 */
/* reject: WARNING: threads are deadlocked! */
/* expect: WARNING: possible recursive locking detected */
/* stdout: ^refused: Resource deadlock avoided$ */

/* case: exit */
/* expect: WARNING: threads are deadlocked! */
/* options: on_deadlock=exit */
/* expect: lockval: 2 findings: 1 deadlock, 1 feasible */

/* case: exit-with */
/* expect: WARNING: threads are deadlocked! */
/* options: on_deadlock=exit:exitcode=7 */
/* status: 7 */

/* case: exit-stalled */
/* options: on_deadlock=exit */
/* findings: 1 */
/* reject: WARNING: threads are deadlocked! */

/* case: abort */
/* expect: WARNING: threads are deadlocked! */
/* options: on_deadlock=abort */
/* status: -6 */

/* case: break-stalled */
/* options: on_deadlock=break */
/* findings: 1 */
/* status: -14 */
/* reject: WARNING: threads are deadlocked! */

#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <threads.h>
#include <unistd.h>

static const char *kind;
static pthread_mutex_t mutex[2] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };
static pthread_rwlock_t rwlock[2] = { PTHREAD_RWLOCK_INITIALIZER, PTHREAD_RWLOCK_INITIALIZER };
static pthread_spinlock_t spin[2];
static mtx_t c11[2];
static int here, refused;

static int is(const char *name)
{
    return strstr(kind, name) != NULL;
}

/* Returns 0, or EDEADLK for a call that was refused. */
static int take(int i)
{
    if (is("rwlock"))
        return pthread_rwlock_wrlock(&rwlock[i]);
    if (is("spin"))
        return pthread_spin_lock(&spin[i]);
    if (is("c11"))
        return mtx_lock(&c11[i]) == thrd_success ? 0 : EDEADLK;
    return pthread_mutex_lock(&mutex[i]);
}

static void drop(int i)
{
    if (is("rwlock"))
        pthread_rwlock_unlock(&rwlock[i]);
    else if (is("spin"))
        pthread_spin_unlock(&spin[i]);
    else if (is("c11"))
        mtx_unlock(&c11[i]);
    else
        pthread_mutex_unlock(&mutex[i]);
}

/* Not before the other thread is as far. */
static void meet(void)
{
    __atomic_fetch_add(&here, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&here, __ATOMIC_SEQ_CST) < 2)
        sched_yield();
}

static void *take_both(void *arg)
{
    int first = arg != NULL, r;

    for (int i = 0;; i++) {
        if (take(first) != 0)
            abort(); /* it holds nothing: nobody can wait for it */
        if (i == 0)
            meet();
        r = take(1 - first);
        if (r == 0)
            break;
        if (r != EDEADLK)
            abort();
        __atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
        drop(first);
        sched_yield();
    }
    drop(1 - first);
    drop(first);
    return arg;
}

static void run_two(void)
{
    pthread_mutexattr_t attr;
    pthread_t one, two;

    pthread_spin_init(&spin[0], PTHREAD_PROCESS_PRIVATE);
    pthread_spin_init(&spin[1], PTHREAD_PROCESS_PRIVATE);
    mtx_init(&c11[0], mtx_plain);
    mtx_init(&c11[1], mtx_plain);
    pthread_mutexattr_init(&attr);
    if (is("errorcheck"))
        pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutex[0], &attr);
    pthread_mutex_init(&mutex[1], &attr);
    pthread_create(&one, NULL, take_both, NULL);
    pthread_create(&two, NULL, take_both, &here);
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    printf("both had both, %d refused\n", refused);
    if (refused == 0)
        abort();
}

static pid_t taker;

static void *take_one(void *arg)
{
    __atomic_store_n(&taker, gettid(), __ATOMIC_SEQ_CST);
    meet();
    pthread_mutex_lock(&mutex[0]);
    pthread_mutex_unlock(&mutex[0]);
    return arg;
}

/* Does the thread sleep in the kernel on the first mutex? For other reasons it may sleep before that. */
static int is_waiting(pid_t tid)
{
    unsigned long address = 0;
    char path[64];
    long number = -1;
    FILE *file;
    int got;

    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    got = fscanf(file, "%ld %lx", &number, &address);
    (void)fclose(file);
    return got == 2 && number == SYS_futex && address - (unsigned long)&mutex[0] < sizeof(mutex[0]);
}

/* The other thread waits for the lock first. */
static void join_under_lock(void)
{
    pthread_t other;
    int r;

    pthread_mutex_lock(&mutex[0]);
    pthread_create(&other, NULL, take_one, NULL);
    meet();
    while (!is_waiting(taker))
        sched_yield();
    r = pthread_join(other, NULL);
    printf("the join was refused: %s\n", strerror(r));
    pthread_mutex_unlock(&mutex[0]);
    if (pthread_join(other, NULL) == 0)
        puts("joined");
}

static void again(void)
{
    pthread_mutex_lock(&mutex[0]);
    printf("refused: %s\n", strerror(pthread_mutex_lock(&mutex[0])));
    pthread_mutex_unlock(&mutex[0]);
}

/* Nobody will signal. A wait for a signal cannot be refused: the alarm ends the process. */
static void stalled(void)
{
    static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

    if (is("break"))
        alarm(2);
    pthread_mutex_lock(&mutex[0]);
    for (;;)
        pthread_cond_wait(&cond, &mutex[0]);
}

int main(int argc, char **argv)
{
    kind = argc > 1 ? argv[1] : "";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (is("join"))
        join_under_lock();
    else if (is("again"))
        again();
    else if (is("stalled"))
        stalled();
    else
        run_two();
    return 0;
}
