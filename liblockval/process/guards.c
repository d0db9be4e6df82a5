/* SPDX-License-Identifier: MIT */
/*
 * Three places, in this order:
 *   1. behind this library, as all real functions: a program in C++;
 *   2. a C++ runtime that a module of a C program brought along. It was loaded for that module alone (RTLD_LOCAL), so its
 *      functions are not found by name, but the module's calls are bound to our hooks, which everybody sees;
 *   3. here. The module has its runtime linked into itself, and its own functions lost against our hooks. Ours do the same
 *      with the same bits as libstdc++'s on Linux, so that a module whose calls stay inside itself may share a guard.
 * The first call decides between 2 and 3 for good: a guard that was taken by the one must not be released by the other.
 * A runtime found in 2 is not given back, and so stays loaded.
 */

#define _GNU_SOURCE
#include "process/guards.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process/self.h"

/* The first int of a guard, by its bytes. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTE(n) (UINT32_C(1) << (8 * (n)))
#else
#define BYTE(n) (UINT32_C(1) << (24 - 8 * (n)))
#endif

enum {
    FREE = 0
};
#define DONE BYTE(0)
#define PENDING BYTE(1)
#define AWAITED BYTE(2)

/* Not private, as libstdc++'s are not: a waiter and its waker must mean the same futex. */
static void futex(uint32_t *word, int op, uint32_t value)
{
    int error = errno;

    (void)syscall(SYS_futex, word, op, value, NULL);
    errno = error;
}

static int own_acquire(int64_t *guard)
{
    uint32_t *word = (uint32_t *)(void *)guard;

    for (;;) {
        uint32_t old = FREE;

        if (__atomic_compare_exchange_n(word, &old, PENDING, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return 1;
        if ((old & DONE) != 0)
            return 0;
        if ((old & AWAITED) == 0 &&
            !__atomic_compare_exchange_n(word, &old, old | AWAITED, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            continue;
        futex(word, FUTEX_WAIT, old | AWAITED);
    }
}

static void leave(int64_t *guard, uint32_t value)
{
    uint32_t *word = (uint32_t *)(void *)guard;

    if ((__atomic_exchange_n(word, value, __ATOMIC_ACQ_REL) & AWAITED) != 0)
        futex(word, FUTEX_WAKE, INT_MAX);
}

static void own_release(int64_t *guard)
{
    leave(guard, DONE);
}

static void own_abort(int64_t *guard)
{
    leave(guard, FREE);
}

static const struct lv_guards own = { own_acquire, own_release, own_abort };

/* The libraries that may have been brought along. */
static const char *const runtimes[] = { "libstdc++.so.6", "libc++abi.so.1" };

enum {
    RUNTIMES = LV_ARRAY_SIZE(runtimes)
};
static struct lv_guards found[RUNTIMES + 1]; /* the last one: behind this library. Whoever writes one writes the same */
static const struct lv_guards *chosen;       /* atomic; null until the first call, then constant */

static bool asked; /* atomic; written by the constructor: nothing is behind this library, or it is chosen */

/* The functions that @handle finds, kept as number @number; null when one is missing. */
static const struct lv_guards *find_in(void *handle, size_t number)
{
    struct lv_guards *to = &found[number];
    struct lv_guards is;
    void *function[3] = { dlsym(handle, "__cxa_guard_acquire"), NULL, NULL };

    _Static_assert(sizeof(is) == sizeof(function), "three functions");
    if (function[0] == NULL)
        return NULL;
    function[1] = dlsym(handle, "__cxa_guard_release");
    function[2] = dlsym(handle, "__cxa_guard_abort");
    if (function[1] == NULL || function[2] == NULL)
        return NULL;
    memcpy(&is, function, sizeof(is));
    __atomic_store_n(&to->acquire, is.acquire, __ATOMIC_RELAXED);
    __atomic_store_n(&to->release, is.release, __ATOMIC_RELAXED);
    __atomic_store_n(&to->abort, is.abort, __ATOMIC_RELAXED);
    return to;
}

static const struct lv_guards *find_behind(void)
{
    return find_in(RTLD_NEXT, RUNTIMES);
}

/* Clears what dlerror() would say, once in the life of the process. */
static const struct lv_guards *find_loaded(void)
{
    for (size_t i = 0; i < RUNTIMES; i++) {
        void *handle = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);
        const struct lv_guards *guards = handle != NULL ? find_in(handle, i) : NULL;

        if (guards != NULL)
            return guards;
        if (handle != NULL)
            (void)dlclose(handle);
    }
    return NULL;
}

/* Whoever comes first decides for all. */
static const struct lv_guards *choose(const struct lv_guards *guards)
{
    const struct lv_guards *first = NULL;

    return __atomic_compare_exchange_n(&chosen, &first, guards, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ? guards
                                                                                                           : first;
}

/* What the loader takes and allocates here is not the program's doing. */
static const struct lv_guards *find(void)
{
    struct lv_thread *t = lv_self_any();
    const struct lv_guards *guards;
    int error = errno;

    if (t != NULL)
        t->guard++;
    guards = __atomic_load_n(&asked, __ATOMIC_RELAXED) ? NULL : find_behind();
    if (guards == NULL)
        guards = find_loaded();
    if (t != NULL)
        t->guard--;
    errno = error;
    return choose(guards != NULL ? guards : &own);
}

void lv_guards_start(void)
{
    const struct lv_guards *guards = find_behind();

    if (guards != NULL)
        (void)choose(guards);
    else
        (void)dlerror(); /* or the program would be told of it */
    __atomic_store_n(&asked, true, __ATOMIC_RELAXED);
}

const struct lv_guards *lv_guards(void)
{
    const struct lv_guards *guards = __atomic_load_n(&chosen, __ATOMIC_ACQUIRE);

    return guards != NULL ? guards : find();
}
