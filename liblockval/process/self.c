/* SPDX-License-Identifier: MIT */
/*
 * The few things that exist once a process: the validator, each thread's pointer to its state, and whether the validator
 * was started. A thread gets its state at its first hook and gives it back from a destructor of thread-specific data,
 * in the last round of destructors, so that locks taken by the program's own destructors are still seen.
 */

#include "process/self.h"

#include <limits.h>

#include "engine/publish.h"
#include "process/start.h"

struct lv_context lv_process_context;

__thread struct lv_thread *lv_self_state __attribute__((tls_model("initial-exec")));

/* Stands for "not watched": at the start and the end of a thread, while its state is made, or for good. Its guard is
 * never 0 and nothing of it is ever written. */
static struct lv_thread nobody = { .guard = 1 };

static enum {
    NOT_STARTED,
    STARTING,
    STARTED
} started; /* written by the first thread, before there are others */

static pthread_key_t exit_key;  /* constant once started */
static pid_t process;           /* of this context: changes in a forked child, where there is one thread */
static __thread unsigned exit_round __attribute__((tls_model("initial-exec"))); /* rounds of destructors so far */

static void thread_exit(void *state)
{
    struct lv_thread *t = state;

    if (++exit_round < PTHREAD_DESTRUCTOR_ITERATIONS) {
        (void)pthread_setspecific(exit_key, t);
        return;
    }
    lv_self_state = &nobody;
    lv_thread_free(&lv_process_context, t);
}

void lv_process_start(void)
{
    if (started != NOT_STARTED)
        return;
    started = STARTING;
    lv_real_resolve();
    lv_self_state = &nobody;
    process = lv_os_pid();
    if (pthread_key_create(&exit_key, thread_exit) == 0 && lv_start_context(&lv_process_context))
        lv_self_state = NULL;
    else
        lv_process_context.state = LV_STATE_OFF;
    started = STARTED;
}

struct lv_thread *lv_self_new(void)
{
    struct lv_thread *t;

    if (started != STARTED) {
        lv_process_start();
        if (started != STARTED)
            return NULL;
    }
    lv_self_state = &nobody;
    if (__atomic_load_n(&lv_process_context.state, __ATOMIC_RELAXED) == LV_STATE_OFF)
        return NULL;
    t = lv_thread_new(&lv_process_context);
    if (t == NULL)
        return NULL;
    (void)pthread_setspecific(exit_key, t);
    lv_self_state = t;
    return t;
}

struct lv_thread *lv_self_any(void)
{
    struct lv_thread *t = lv_self_state != NULL ? lv_self_state : lv_self_new();

    return t != &nobody ? t : NULL;
}

int lv_process_exit_status(int status)
{
    return process == lv_os_pid() ? lv_exit_status(&lv_process_context, status) : status;
}

static struct lv_locked forking; /* the internal lock across fork: held by the forking thread */

void lv_process_before_fork(void)
{
    forking = lv_context_lock(&lv_process_context);
}

void lv_process_after_fork_parent(void)
{
    struct lv_locked locked = forking;

    lv_context_unlock(&lv_process_context, &locked);
}

void lv_process_after_fork_child(void)
{
    struct lv_context *ctx = &lv_process_context;
    struct lv_locked locked = forking;
    struct lv_thread *t = lv_self_state;

    process = lv_os_pid();
    ctx->findings = ctx->counted = 0;
    for (size_t i = 0; i < LV_ARRAY_SIZE(ctx->by_verdict); i++)
        ctx->by_verdict[i] = 0;
    if (!ctx->options.follow_children)
        ctx->state = LV_STATE_OFF;
    lv_context_unlock(ctx, &locked);
    if (t == NULL || t == &nobody)
        return;
    if (ctx->state == LV_STATE_OFF)
        lv_self_state = &nobody;
    else
        lv_thread_after_fork(ctx, t);
}
