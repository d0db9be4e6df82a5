/* SPDX-License-Identifier: MIT */
/*
 * pthread_once and call_once: the control is a lock that is held while the routine runs. Whoever comes meanwhile waits for
 * that, so a call makes edges from what its thread holds, before the real call. When the routine has run there is nothing
 * to wait for any more, and nothing is made (ADR 0015).
 *
 * Only libc knows which of the threads runs the routine, so each hands it a routine of ours, which runs in the caller's
 * thread and finds the caller's through `innermost`. That is set just before the real call and read first thing in our
 * routine; only a signal handler can come between, whose calls are over when it returns. So it does not matter that
 * longjmp leaves it pointing to a frame that is gone.
 */

#define _GNU_SOURCE
#include "engine/lockstat.h"
#include "interpose/hook.h"
#include "process/objects.h"

struct once_run {
    struct lv_thread *t; /* null: not watched */
    struct once_run *outer;
    void (*routine)(void);
    struct lv_hook_wait wait; /* for another thread's run */
    struct lv_acquisition a;
};

static __thread struct once_run *innermost __attribute__((tls_model("initial-exec")));

static void begin(struct once_run *run, const void *control, void (*routine)(void), uintptr_t site)
{
    const struct lv_object object = lv_bare_object(LV_KIND_ONCE, control);
    struct lv_thread *t = lv_self();

    run->t = NULL;
    if (t == NULL || !lv_hook_before(t, &object, LV_WRITE, 0, false, site, &run->a))
        return;
    (void)lv_hook_wait_begin(t, &object, &run->a, false, &run->wait);
    run->t = t;
    run->routine = routine;
    run->outer = innermost;
    innermost = run;
}

/* The call is over: returned, or left by an exception or a cancellation of the routine. A control that is done is not
 * looked up again, so its identity can go. */
static void end(struct once_run *run)
{
    struct lv_object object;

    if (run->t == NULL)
        return;
    innermost = run->outer;
    lv_hook_wait_end(&run->wait);
    if (run->t->lockstat != NULL)
        lv_lockstat_left(run->t, run->a.address);
    object = lv_bare_object(LV_KIND_ONCE, (const void *)run->a.address);
    if (run->t == lv_self_any() && lv_once_is_done((const void *)run->a.address))
        lv_identity_forget(&lv_process_context, run->t, &object);
}

static void release(struct once_run **run)
{
    if ((*run)->t == lv_self_any())
        lv_hook_let_go((*run)->t, (*run)->a.address, LV_KIND_ONCE, (*run)->a.site);
}

static void lv_once_routine(void)
{
    struct once_run *run __attribute__((cleanup(release))) = innermost;

    lv_hook_wait_end(&run->wait);
    lv_acquired(&lv_process_context, run->t, &run->a);
    run->routine();
}

static __attribute__((noinline)) int once_posix(pthread_once_t *control, void (*routine)(void), uintptr_t site)
{
    struct once_run run __attribute__((cleanup(end)));

    begin(&run, control, routine, site);
    return lv_real.pthread_once(control, run.t != NULL ? lv_once_routine : routine);
}

static __attribute__((noinline)) void once_c11(once_flag *control, void (*routine)(void), uintptr_t site)
{
    struct once_run run __attribute__((cleanup(end)));

    begin(&run, control, routine, site);
    lv_real.call_once(control, run.t != NULL ? lv_once_routine : routine);
}

/* The calls that are made for ever after: no more than a look. */
LV_EXPORT int pthread_once(pthread_once_t *control, void (*routine)(void))
{
    return LV_LIKELY(lv_once_is_done(control)) ? lv_real.pthread_once(control, routine)
                                               : once_posix(control, routine, LV_CALL_SITE);
}

LV_EXPORT void call_once(once_flag *control, void (*routine)(void))
{
    if (LV_LIKELY(lv_once_is_done(control)))
        lv_real.call_once(control, routine);
    else
        once_c11(control, routine, LV_CALL_SITE);
}

LV_ALIAS(pthread_once, __pthread_once);
