/* SPDX-License-Identifier: MIT */
/*
 * Three threads end each other: each waits for the end of the next one, unless somebody waits for itself already; but
 * three may look before any of them has said so.
 */
#include "deadlock.h"

enum {
    THREADS = 3
};

static pthread_t threads[THREADS];
static unsigned made;         /* atomic: threads[] is written */
static bool awaited[THREADS]; /* atomic: somebody joins it */
static sem_t ended;

static void *end_next(void *arg)
{
    unsigned me = (unsigned)((bool *)arg - awaited);
    unsigned next = (me + 1) % THREADS;

    while (!__atomic_load_n(&made, __ATOMIC_SEQ_CST))
        (void)sched_yield();
    if (!hang)
        work(some_number(30000));
    if (!__atomic_load_n(&awaited[me], __ATOMIC_SEQ_CST)) {
        meet();
        if (!__atomic_exchange_n(&awaited[next], true, __ATOMIC_SEQ_CST))
            join(threads[next]);
    }
    MUST(sem_post(&ended) == 0);
    return NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv, THREADS);
    MUST(sem_init(&ended, 0, 0) == 0);
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(end_next, &awaited[i]);
    __atomic_store_n(&made, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < THREADS; i++)
        MUST(sem_wait(&ended) == 0);
    for (int i = 0; i < THREADS; i++)
        if (!__atomic_exchange_n(&awaited[i], true, __ATOMIC_SEQ_CST))
            join(threads[i]);
    return finish();
}
