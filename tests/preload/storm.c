/* SPDX-License-Identifier: MIT */
/* A storm of signals: a timer interrupts threads that nest locks, wherever they are, and its handler takes locks of its
 * own. Afterwards every thread holds what it should, and a known cycle is found once, and nothing else. */
/* case: clean */
/* case: finds */
/* options: fail_on=guarded */
/* expect: ^verdict: guarded$ */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular */
#include "program.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum {
    THREADS = 4,
    ENOUGH = 4000
};

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t between = PTHREAD_RWLOCK_INITIALIZER;
static atomic_int handled, ready;

/* Each thread's handler has a lock that no other takes: a wait for another thread could be for one that it interrupted. */
static __thread pthread_mutex_t *of_handler;
static pthread_mutex_t handler_lock[THREADS][2];

static void on_signal(int number)
{
    int saved = errno;

    (void)number;
    if (of_handler != NULL) {
        nest(&of_handler[0], &of_handler[1]);
        atomic_fetch_add(&handled, 1);
    }
    errno = saved;
}

static void *work(void *arg)
{
    struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN };
    struct itimerspec often = { { 0, 50000 }, { 0, 50000 } };
    timer_t timer;

    of_handler = arg;
    event._sigev_un._tid = gettid();
    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    MUST(timer_settime(timer, 0, &often, NULL) == 0);
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&handled) < ENOUGH || atomic_load(&ready) < THREADS) {
        pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

        MUST(pthread_mutex_lock(&outer) == 0);
        MUST(pthread_rwlock_rdlock(&between) == 0);
        nest(&inner, &fresh);
        MUST(pthread_mutex_unlock(&outer) == 0); /* out of order */
        MUST(pthread_rwlock_unlock(&between) == 0);
    }
    MUST(timer_delete(timer) == 0);
    of_handler = NULL;
    /* Nothing is left on the stack of held locks: nothing would come before the outer lock now. */
    nest(&outer, &inner);
    return NULL;
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    pthread_t thread[THREADS];

    (void)argc;
    for (int i = 0; i < THREADS; i++)
        for (int j = 0; j < 2; j++)
            MUST(pthread_mutex_init(&handler_lock[i][j], NULL) == 0);
    MUST(sigaction(SIGRTMIN, &action, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&thread[i], NULL, work, handler_lock[i]) == 0);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    if (is_case(argv, "finds"))
        nest(&inner, &outer);
    puts("done");
    return 0;
}
