/* SPDX-License-Identifier: MIT */
/*
 * The guards of static variables in C++: the compiler calls acquire where the variable is not initialised yet, and after
 * a 1 runs the initialiser and then release, or abort if it threw. The guard is a lock that is held in between; as with
 * pthread_once (once.c), nothing is made once it is done: then the compiler makes no call at all.
 *
 * An initialiser that comes upon its own guard again: libstdc++ throws an exception while the process has one thread, and
 * hangs when it has more. The first is the runtime's word to the program; the second is a finding.
 */

#define _GNU_SOURCE
#include "engine/lockstat.h"
#include "interpose/hook.h"
#include "process/guards.h"
#include "process/objects.h"

#include <sys/single_threaded.h>

int __cxa_guard_acquire(int64_t *guard);
void __cxa_guard_release(int64_t *guard);
void __cxa_guard_abort(int64_t *guard);

/* A guard that is done is not looked up again, so its identity can go. */
static void forget(struct lv_thread *t, const int64_t *guard)
{
    const struct lv_object object = lv_bare_object(LV_KIND_GUARD, guard);

    lv_identity_forget(&lv_process_context, t, &object);
}

LV_EXPORT int __cxa_guard_acquire(int64_t *guard)
{
    const struct lv_guards *real = lv_guards();
    const struct lv_object object = lv_bare_object(LV_KIND_GUARD, guard);
    struct lv_thread *t = lv_guard_is_done(guard) ? NULL : lv_self();
    struct lv_hook_wait wait;
    struct lv_acquisition a;
    int r;

    if (t == NULL || !lv_hook_before(t, &object, LV_WRITE, 0, __libc_single_threaded, LV_CALL_SITE, &a))
        return real->acquire(guard);
    (void)lv_hook_wait_begin(t, &object, &a, false, &wait);
    r = real->acquire(guard);
    lv_hook_wait_end(&wait);
    if (r != 0)
        lv_acquired(&lv_process_context, t, &a);
    else {
        if (t->lockstat != NULL)
            lv_lockstat_left(t, (uintptr_t)guard);
        forget(t, guard);
    }
    return r;
}

LV_EXPORT void __cxa_guard_release(int64_t *guard)
{
    const struct lv_guards *real = lv_guards();
    struct lv_thread *t = lv_self_any();

    if (t != NULL)
        lv_hook_let_go(t, (uintptr_t)guard, LV_KIND_GUARD, LV_CALL_SITE);
    real->release(guard);
    if (t != NULL)
        forget(t, guard);
}

LV_EXPORT void __cxa_guard_abort(int64_t *guard)
{
    const struct lv_guards *real = lv_guards();
    struct lv_thread *t = lv_self_any();

    if (t != NULL)
        lv_hook_let_go(t, (uintptr_t)guard, LV_KIND_GUARD, LV_CALL_SITE);
    real->abort(guard);
}
