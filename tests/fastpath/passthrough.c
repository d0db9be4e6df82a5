/* SPDX-License-Identifier: MIT */
/* A library to be preloaded that does nothing but call the real function: what an interposed call costs at least. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <pthread.h>

#define FORWARD(name, type)                                           \
    static int (*real_##name)(type *);                                \
    __attribute__((visibility("default"))) int name(type *lock)       \
    {                                                                 \
        return real_##name(lock);                                     \
    }                                                                 \
    static __attribute__((constructor)) void resolve_##name(void)     \
    {                                                                 \
        real_##name = (__typeof(real_##name))dlsym(RTLD_NEXT, #name); \
    }

FORWARD(pthread_mutex_lock, pthread_mutex_t)
FORWARD(pthread_mutex_trylock, pthread_mutex_t)
FORWARD(pthread_mutex_unlock, pthread_mutex_t)
FORWARD(pthread_rwlock_rdlock, pthread_rwlock_t)
FORWARD(pthread_rwlock_wrlock, pthread_rwlock_t)
FORWARD(pthread_rwlock_unlock, pthread_rwlock_t)
FORWARD(pthread_spin_lock, pthread_spinlock_t)
FORWARD(pthread_spin_unlock, pthread_spinlock_t)
