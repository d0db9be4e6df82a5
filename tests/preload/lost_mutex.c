/* SPDX-License-Identifier: MIT */
/* A robust mutex that is lost for good while a thread waits on a condition variable: the wait ends without it, and what
 * the thread takes next does not depend on it. One that is only inherited from the dead is held. */
/* case: lost */
/* case: inherited */
/* options: fail_on=guarded */
/* expect: ^verdict: guarded$ */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular */
#include "program.h"

#include <sched.h>

static pthread_mutex_t robust, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int waiting; /* robust */
static int wanted;

static void *wait_for_it(void *unused)
{
    MUST(pthread_mutex_lock(&robust) == 0);
    waiting = 1;
    MUST(pthread_cond_wait(&cond, &robust) == wanted);
    MUST(pthread_mutex_lock(&other) == 0);
    MUST(pthread_mutex_unlock(&other) == 0);
    if (wanted == EOWNERDEAD)
        MUST(pthread_mutex_consistent(&robust) == 0 && pthread_mutex_unlock(&robust) == 0);
    return unused;
}

static void *die_holding(void *unused)
{
    MUST(pthread_mutex_lock(&robust) == 0);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_mutexattr_t attr;
    pthread_t thread;
    int there;

    (void)argc;
    wanted = is_case(argv, "lost") ? ENOTRECOVERABLE : EOWNERDEAD;
    MUST(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
    MUST(pthread_mutex_init(&robust, &attr) == 0);
    nest(&other, &robust);
    MUST(pthread_create(&thread, NULL, wait_for_it, NULL) == 0);
    do {
        sched_yield();
        MUST(pthread_mutex_lock(&robust) == 0);
        there = waiting;
        MUST(pthread_mutex_unlock(&robust) == 0);
    } while (!there);
    run_thread(die_holding, NULL);
    if (wanted == ENOTRECOVERABLE) {
        MUST(pthread_mutex_lock(&robust) == EOWNERDEAD);
        MUST(pthread_mutex_unlock(&robust) == 0); /* not made consistent */
    }
    MUST(pthread_cond_signal(&cond) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    puts("done");
    return 0;
}
