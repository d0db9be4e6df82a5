/* SPDX-License-Identifier: MIT */
/* A library whose constructor and destructor, which run under the loader's lock, wait for a lock of the program. */

#include <pthread.h>
#include <stdlib.h>

struct gate {
    pthread_mutex_t *lock;
    int arrived; /* atomic */
};

static void pass(void)
{
    struct gate *gate = (struct gate *)strtoull(getenv("LOADER_GATE"), NULL, 16);

    __atomic_fetch_add(&gate->arrived, 1, __ATOMIC_RELEASE);
    pthread_mutex_lock(gate->lock);
    pthread_mutex_unlock(gate->lock);
}

__attribute__((constructor)) static void construct(void)
{
    pass();
}

__attribute__((destructor)) static void destruct(void)
{
    pass();
}
