/* SPDX-License-Identifier: MIT */
/*
 * The one who waits looks at the flag before it takes the mutex, and the one who wakes it takes none: a signal that comes
 * in between wakes nobody.
 */
#include "deadlock.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool ready;     /* atomic */
static bool signalled; /* atomic */

static void *await_ready(void *arg)
{
    if (!__atomic_load_n(&ready, __ATOMIC_SEQ_CST)) {
        meet_silently();
        while (hang && !__atomic_load_n(&signalled, __ATOMIC_SEQ_CST))
            (void)sched_yield();
        LOCK(&lock);
        if (hang)
            say_forming();
        MUST(pthread_cond_wait(&changed, &lock) == 0);
        UNLOCK(&lock);
    }
    return arg;
}

static void *make_ready(void *arg)
{
    meet_silently();
    __atomic_store_n(&ready, true, __ATOMIC_SEQ_CST);
    MUST(pthread_cond_signal(&changed) == 0);
    __atomic_store_n(&signalled, true, __ATOMIC_SEQ_CST);
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t waiter, waker;

    begin(argc, argv, 2);
    waker = start(make_ready, NULL);
    waiter = start(await_ready, NULL);
    join(waiter);
    join(waker);
    return finish();
}
