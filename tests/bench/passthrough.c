/* SPDX-License-Identifier: MIT */
/*
 * A preloaded library that does nothing but hand each call on: the least that any preloaded library costs. It has the calls
 * that the workloads make. The functions are found when the library is loaded, or by the first call if that comes earlier.
 */

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

/* A name's default version is what a program of today is linked with; dlvsym is needed where an older one exists, too. */
static void *find(const char *name, const char *version)
{
    void *found = version != NULL ? dlvsym(RTLD_NEXT, name, version) : NULL;

    return found != NULL ? found : dlsym(RTLD_NEXT, name);
}

#define PASS(ret, name, version, params, args)                 \
    static ret(*real_##name) params;                           \
    __attribute__((visibility("default"))) ret name params     \
    {                                                          \
        if (__builtin_expect(real_##name == NULL, 0))          \
            *(void **)&real_##name = find(#name, version);     \
        return real_##name args;                               \
    }                                                          \
    __attribute__((constructor)) static void find_##name(void) \
    {                                                          \
        *(void **)&real_##name = find(#name, version);         \
    }

PASS(int, pthread_mutex_init, NULL, (pthread_mutex_t * mutex, const pthread_mutexattr_t *attr), (mutex, attr))
PASS(int, pthread_mutex_destroy, NULL, (pthread_mutex_t * mutex), (mutex))
PASS(int, pthread_mutex_lock, NULL, (pthread_mutex_t * mutex), (mutex))
PASS(int, pthread_mutex_trylock, NULL, (pthread_mutex_t * mutex), (mutex))
PASS(int, pthread_mutex_unlock, NULL, (pthread_mutex_t * mutex), (mutex))
PASS(int, pthread_rwlock_rdlock, NULL, (pthread_rwlock_t * rwlock), (rwlock))
PASS(int, pthread_rwlock_wrlock, NULL, (pthread_rwlock_t * rwlock), (rwlock))
PASS(int, pthread_rwlock_unlock, NULL, (pthread_rwlock_t * rwlock), (rwlock))
PASS(int, pthread_spin_lock, NULL, (pthread_spinlock_t * spin), (spin))
PASS(int, pthread_spin_unlock, NULL, (pthread_spinlock_t * spin), (spin))
PASS(int, pthread_cond_wait, "GLIBC_2.3.2", (pthread_cond_t * cond, pthread_mutex_t *mutex), (cond, mutex))
PASS(int, pthread_cond_signal, "GLIBC_2.3.2", (pthread_cond_t * cond), (cond))
PASS(int, pthread_create, NULL, (pthread_t * thread, const pthread_attr_t *attr, void *(*body)(void *), void *arg),
     (thread, attr, body, arg))
PASS(int, pthread_join, NULL, (pthread_t thread, void **ret_value), (thread, ret_value))
PASS(void, free, NULL, (void *memory), (memory))
