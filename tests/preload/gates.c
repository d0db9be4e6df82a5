/* SPDX-License-Identifier: MIT */
/*
 * Two threads meet a lock for the first time together: it is one lock, however that ends. So what all hold stays a gate. Each
 * round has locks of its own, of a class each, and the threads begin it in the same moment.
 */
#include "program.h"

#include <sched.h>
#include <stdbool.h>

#define ROUND(n)                                                                                    \
    static pthread_mutex_t gate_##n = PTHREAD_MUTEX_INITIALIZER, a_##n = PTHREAD_MUTEX_INITIALIZER, \
                           b_##n = PTHREAD_MUTEX_INITIALIZER;
#define LOCKS(n) { &gate_##n, &a_##n, &b_##n },
#define EIGHT(X, n) X(n##0) X(n##1) X(n##2) X(n##3) X(n##4) X(n##5) X(n##6) X(n##7)
#define ALL(X) EIGHT(X, 0) EIGHT(X, 1) EIGHT(X, 2) EIGHT(X, 3) EIGHT(X, 4) EIGHT(X, 5) EIGHT(X, 6) EIGHT(X, 7)

ALL(ROUND)

enum {
    ROUNDS = 64
};

static pthread_mutex_t *const locks[ROUNDS][3] = { ALL(LOCKS) };
static unsigned arrived; /* atomic: at the rounds so far, by both */

/* Both have come to the round's beginning; nobody sleeps, unless there is one processor. */
static void meet(unsigned round)
{
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    for (unsigned spins = 0; __atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < 2 * (round + 1); spins++)
        if (spins % 1024 == 1023)
            (void)sched_yield();
}

static void *go_round(void *arg)
{
    bool turned = arg != NULL;

    for (unsigned i = 0; i < ROUNDS; i++) {
        meet(i);
        MUST(pthread_mutex_lock(locks[i][0]) == 0);
        MUST(pthread_mutex_lock(locks[i][turned ? 2 : 1]) == 0);
        MUST(pthread_mutex_lock(locks[i][turned ? 1 : 2]) == 0);
        MUST(pthread_mutex_unlock(locks[i][1]) == 0);
        MUST(pthread_mutex_unlock(locks[i][2]) == 0);
        MUST(pthread_mutex_unlock(locks[i][0]) == 0);
    }
    return NULL;
}

/* status: 0 */
/* findings: 64 */
/* expect: ^verdict: guarded$ */
/* reject: ^verdict: potential$ */
int main(void)
{
    pthread_t threads[2];

    MUST(pthread_create(&threads[0], NULL, go_round, NULL) == 0);
    MUST(pthread_create(&threads[1], NULL, go_round, &arrived) == 0);
    MUST(pthread_join(threads[0], NULL) == 0);
    MUST(pthread_join(threads[1], NULL) == 0);
    return 0;
}
