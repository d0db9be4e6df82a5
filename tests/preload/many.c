/* SPDX-License-Identifier: MIT */
/* A thousand threads that live side by side, and a hundred thousand mutexes, each initialised, used by itself and under
 * another one. For measuring (run.py --measure) and as a test that it ends clean. */
#include "program.h"

enum {
    THREADS = 1000,
    EACH = 100
};

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_mutex_t mutexes[THREADS][EACH];

static void *work(void *row)
{
    pthread_mutex_t *mine = row;

    for (int i = 0; i < EACH; i++)
        MUST(pthread_mutex_init(&mine[i], NULL) == 0);
    pthread_barrier_wait(&barrier); /* all threads are there at once */
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < EACH; i++) {
            MUST(pthread_mutex_lock(&mine[i]) == 0);
            MUST(pthread_mutex_unlock(&mine[i]) == 0);
            nest(&outer, &mine[i]);
        }
    }
    for (int i = 0; i < EACH; i++)
        MUST(pthread_mutex_destroy(&mine[i]) == 0);
    return NULL;
}

int main(void)
{
    static pthread_t thread[THREADS];
    pthread_attr_t attr;

    MUST(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    MUST(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, 65536) == 0);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&thread[i], &attr, work, mutexes[i]) == 0);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    return 0;
}
