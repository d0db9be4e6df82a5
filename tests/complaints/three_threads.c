/* SPDX-License-Identifier: MIT */
/* Three threads that really hang: each has its first lock when the second is wanted. Said before the last one waits. */
/* complaint: 9 a real deadlock of three threads is missed */
/* title: A B, B C and C A, all three at once */
/* plain: no */
/* options: halt_on_error=1 */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^verdict: feasible$ */
#include "../preload/program.h"

enum {
    THREADS = 3
};

static pthread_mutex_t locks[THREADS] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                          PTHREAD_MUTEX_INITIALIZER };
static pthread_barrier_t each_has_one;

static void *take_two(void *arg)
{
    pthread_mutex_t *first = arg, *second = first == &locks[THREADS - 1] ? &locks[0] : first + 1;

    MUST(pthread_mutex_lock(first) == 0);
    (void)pthread_barrier_wait(&each_has_one);
    MUST(pthread_mutex_lock(second) == 0);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];

    MUST(pthread_barrier_init(&each_has_one, NULL, THREADS) == 0);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, take_two, &locks[i]) == 0);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    puts("never reached");
    return 0;
}
