/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_SELF_H
#define LV_PROCESS_SELF_H

/*
 * The process's one validator and the calling thread's state. Every hook and every call of lockval.h begins with
 * lv_self().
 */

#include "engine/acquire.h"
#include "process/real.h"

extern struct lv_context lv_process_context LV_HIDDEN;

/* Stands for the state of a thread that had no hook yet. Its guard is never 0 and nothing of it is ever written. */
extern struct lv_thread lv_self_unborn LV_HIDDEN;

/* The calling thread's state, or one that stands for none. */
extern __thread struct lv_thread *lv_self_state __attribute__((tls_model("initial-exec"))) LV_HIDDEN;

/* The signal handlers that the calling thread runs. They are kept beside the state, since a handler may run before there
 * is one. */
extern __thread struct lv_handlers lv_self_handlers __attribute__((tls_model("initial-exec"))) LV_HIDDEN;

/* The slow way: start the validator if need be, make a state. Null when this thread is not watched. */
struct lv_thread *lv_self_new(void);

/* The same, and call @take_in with the new state under the internal lock. Not called when there is none. */
struct lv_thread *lv_self_begin(void (*take_in)(struct lv_context *ctx, struct lv_thread *t, void *arg), void *arg);

static inline bool lv_self_is_born(void)
{
    return lv_self_state != &lv_self_unborn;
}

/* The calling thread's state, or null when it is not to be watched now: inside the library itself, told so by
 * lockval_off(), at its very end, or in a child that does not follow. The real functions are resolved in any case. */
static inline struct lv_thread *lv_self(void)
{
    struct lv_thread *t = lv_self_state;

    if (LV_LIKELY(t->guard == 0))
        return t;
    return t == &lv_self_unborn ? lv_self_new() : NULL;
}

/* The calling thread's state even when it is not watched now; null when it has none and can get none. */
struct lv_thread *lv_self_any(void);

/* The calling thread's state even when it is not watched now; null when it has none. */
struct lv_thread *lv_self_known(void);

/* How deep the calling thread is inside the library, 0 in the program. */
static inline uint32_t lv_self_inside(void)
{
    const struct lv_thread *t = lv_self_state;

    return t != &lv_self_unborn ? t->guard - t->off : 0;
}

/* A jump took the thread out of the library to where that depth was @inside. */
void lv_self_jumped(uint32_t inside);

/* Start the validator: options, context, what runs at exit and at fork. Called by the constructor, or by the first hook
 * before it. Does nothing the second time. */
void lv_process_start(void);

/* Is the validator there, and not just being started? */
bool lv_process_is_started(void);

/* An unwatched thread is about to release @mutex: if it is one of libunwind's, fork has to know of it. */
void lv_process_unwatched_unlock(pthread_mutex_t *mutex);

/* Is this the process of the validator, not a child of vfork, which shares its memory, or of _Fork? Cost: a system call. */
bool lv_process_is_own(void);

/* From here on nothing is watched in this process, which has one thread. The internal lock is made anew: a thread that the
 * process does not have may hold it. */
void lv_process_stop_watching(void);

/* The status with which the process is to end instead of @status; @status itself in a child of vfork. */
int lv_process_exit_status(int status);

/* The process ends with @status, -1: it is not known: the last lines of its record, once. Nothing in a child of vfork. */
void lv_process_end_record(int status);

/* The process ends: the summary of its findings, once. Nothing in a child of vfork. */
void lv_process_say_summary(void);

#define LV_CALL_SITE ((uintptr_t)__builtin_return_address(0))

#endif
