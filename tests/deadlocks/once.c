/* SPDX-License-Identifier: MIT */
/*
 * A module that is set up on first use takes a lock to do so. Who holds that lock and uses the module meanwhile waits for
 * the end of the set-up, which waits for the lock.
 */
#include "deadlock.h"

static pthread_mutex_t settings = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool wanted; /* atomic */
static unsigned level;

static void set_up(void)
{
    __atomic_store_n(&wanted, true, __ATOMIC_SEQ_CST);
    meet();
    LOCK(&settings);
    level = 1;
    UNLOCK(&settings);
}

static void *use_module(void *arg)
{
    work(some_number(20000));
    MUST(pthread_once(&once, set_up) == 0);
    return arg;
}

static void *change_settings(void *arg)
{
    work(some_number(20000));
    while (hang && !__atomic_load_n(&wanted, __ATOMIC_SEQ_CST))
        (void)sched_yield();
    LOCK(&settings);
    if (__atomic_load_n(&wanted, __ATOMIC_SEQ_CST)) {
        meet();
        MUST(pthread_once(&once, set_up) == 0);
    }
    level++;
    UNLOCK(&settings);
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    run_two(use_module, change_settings);
    return finish();
}
