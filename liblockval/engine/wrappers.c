/* SPDX-License-Identifier: MIT */
/* Patterns of the linker's names. A name that is not mangled is that of a C function, in whatever library. */

#include "engine/wrappers.h"

#include <string.h>

#include "base/text.h"
#include "sys/options.h"

static const char *const known_wrappers[] = {
    "*mutex_init*",
    "*rwlock_init*",
    "*spin_init*",
    "*mutex_lock*",
    "*rwlock_rdlock*",
    "*rwlock_wrlock*",
    "*spin_lock*",
    "*mutex_trylock*",
    "*sem_init*",
    "*semaphore_init*",
    "*emaphoreC1E*", /* constructors of classes called Semaphore */
    "*emaphoreC2E*",
    "*cond_init*",
    "*cond_wait*",
    "*cond_timedwait*",
    "*barrier_init*",
    "*mtx_init*",
    "*mtx_lock*",
    "_ZL*__gthread_*",
    "_ZN9__gnu_cxx*",
    "_ZNSt5mutex*",
    "_ZNSt15recursive_mutex*",
    "_ZNSt11timed_mutex*",
    "_ZNSt21recursive_timed_mutex*",
    "_ZNSt12__mutex_base*",
    "_ZNSt22__recursive_mutex_base*",
    "_ZNSt18__timed_mutex_impl*",
    "_ZNSt12shared_mutex*",
    "_ZNSt18shared_timed_mutex*",
    "_ZNSt22__shared_mutex_pthread*",
    "_ZNSt22__shared_mutex_cv*",
    "_ZStL21__glibcxx_rwlock*",
    "_ZNSt10lock_guard*",
    "_ZNSt11unique_lock*",
    "_ZNSt11scoped_lock*",
    "_ZNSt11shared_lock*",
    "_ZSt4lock*",
    "_ZSt9call_once*",
    "_ZSt8try_lock*",
    "_ZNSt8__detail*lock*",
    "_ZNSt18condition_variable*",
    "_ZN5boost5mutex*",
    "_ZN5boost15recursive_mutex*",
    "_ZN5boost12shared_mutex*",
    "_ZN5boost11unique_lock*",
    "_ZN5boost10lock_guard*",
    "_ZN5boost5posix*",
    "_ZN6QMutex*",
    "_ZN14QReadWriteLock*",
    "_ZN4absl*5Mutex*",
    "_ZN4absl*MutexLock*",
    "_ZNSt3__1*5mutex*",
    "_ZNSt3__1*call_once*",
    "_ZNSt3__1*10lock_guard*",
    "_ZNSt3__1*11unique_lock*",
    "_ZN*8CallOnce*", /* and what a static lock made at its first use is made by */
    "_ZN*12CallOnceImpl*",
    /* Libraries' own locks, made and taken by calls that whole programs go through: OpenSSL and BoringSSL, NSPR, APR, SDL,
     * libxml2, CPython, SQLite. */
    "CRYPTO_THREAD_*",
    "CRYPTO_MUTEX_*",
    "PR_NewLock",
    "PR_NewMonitor",
    "PR_NewRWLock",
    "PR_Lock",
    "PR_EnterMonitor",
    "PR_RWLock_*",
    "apr_thread_mutex_*",
    "apr_thread_rwlock_*",
    "SDL_CreateMutex*",
    "SDL_CreateSemaphore*",
    "SDL_CreateRWLock*",
    "SDL_mutexP",
    "SDL_LockMutex*",
    "xmlNewMutex",
    "xmlNewRMutex",
    "xmlMutexLock",
    "xmlRMutexLock",
    "PyThread_allocate_lock",
    "PyThread_acquire_lock*",
    "*mutex_alloc*",
    "*mutex_enter*",
    /* Constructors of classes named like a mutex, and what such classes take it with: programs bring their own. */
    "_ZN*utexC?E*",
    "_ZN*LockC?E*",
    "_ZN*MonitorC?E*",
    "_ZN*utex4?ockE*",
    "_ZN*utex7?ryLockE*",
};

/* Not wrappers, though they are called so: they make many locks. */
static const char *const no_wrappers[] = {
    "_Z10mutex_initv", /* every lock of a JVM */
};

enum lv_wrapper lv_wrappers_look(const char *symbol)
{
    for (size_t i = 0; i < LV_ARRAY_SIZE(no_wrappers); i++)
        if (lv_text_glob(no_wrappers[i], symbol))
            return LV_WRAPPER_NEVER;
    for (size_t i = 0; i < LV_ARRAY_SIZE(known_wrappers); i++)
        if (lv_text_glob(known_wrappers[i], symbol))
            return LV_WRAPPER_KNOWN;
    return LV_WRAPPER_NO;
}

bool lv_wrappers_match(const char *patterns, const char *name)
{
    char pattern[LV_OPTION_PATH_MAX];

    while (*patterns != '\0') {
        size_t len = strcspn(patterns, ",");

        memcpy(pattern, patterns, len);
        pattern[len] = '\0';
        if (len != 0 && lv_text_glob(pattern, name))
            return true;
        patterns += len + (patterns[len] == ',');
    }
    return false;
}
