/* SPDX-License-Identifier: MIT */
#ifndef LV_BASE_TYPES_H
#define LV_BASE_TYPES_H

/*
 * The words that every layer shares: ids, modes, kinds. Ids are structs, so that a class id cannot be passed where a
 * stack id is wanted; the id 0 means "none".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t v;
} lv_class_id;

typedef struct {
    uint32_t v;
} lv_stack_id;

typedef struct {
    uint32_t v;
} lv_witness_id;

typedef struct {
    uint32_t v;
} lv_thread_id;

/* How a lock is taken; the values are lockdep's. */
enum lv_mode {
    LV_WRITE = 0,
    LV_READ = 1,           /* non-recursive: blocks behind a waiting writer */
    LV_READ_RECURSIVE = 2, /* passes a waiting writer */
    LV_MODE__COUNT
};

/* What a lock is. */
enum lv_kind {
    LV_KIND_MUTEX,
    LV_KIND_RWLOCK,
    LV_KIND_SPIN,
    LV_KIND_SEM,   /* a semaphore with the initial value 1: perhaps a lock (engine/sem.h) */
    LV_KIND_ONCE,  /* pthread_once: held while the routine runs */
    LV_KIND_GUARD, /* of a static local variable in C++: held while it is initialised */
    LV_KIND_FILE,  /* a stdio stream */
    LV_KIND_MAP,   /* a lock annotated through lockval.h */
    LV_KIND_EVENT, /* something waited for that another thread completes */
    LV_KIND__COUNT
};

/* How an acquisition may fail or is exempt. */
enum lv_acquire_flag {
    LV_TRY = 1,       /* does not wait: no edge leads to it */
    LV_TIMED = 2,     /* gives up after a time */
    LV_UNCHECKED = 4, /* held, but its order is not judged (novalidate) */
    LV_SYNC = 8       /* waits until nobody has the lock, and does not take it */
};

/* What a thread waits for. */
enum lv_wait_kind {
    LV_WAITS_NOT,
    LV_WAITS_LOCK,    /* a mutex, rwlock, spinlock, semaphore that is used as a lock, annotated lock */
    LV_WAITS_JOIN,    /* the end of a thread */
    LV_WAITS_COND,    /* a condition variable */
    LV_WAITS_SEM,     /* a semaphore that is no lock */
    LV_WAITS_BARRIER, /* the others at a barrier */
    LV_WAITS_EVENT    /* an annotated event */
};

#define LV_STUCK_NOBODY UINT32_MAX /* as a number among threads that wait */

#define LV_SUBCLASSES 8

#define LV_LIKELY(x) __builtin_expect(!!(x), 1)
#define LV_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define LV_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/* For the few functions that are the fast path: one call less matters there. */
#define LV_ALWAYS_INLINE static inline __attribute__((always_inline))
/* A variable that only the library itself knows: it is reached in one instruction. Functions are so by the build's options,
 * declarations of variables are not. */
#define LV_HIDDEN __attribute__((visibility("hidden")))
/* For their slow halves, whose stack frames the fast ones do without. */
#define LV_NOINLINE __attribute__((noinline))
#define LV_MUST_CHECK __attribute__((warn_unused_result))

#endif
