/* SPDX-License-Identifier: MIT */
/*
 * Threads: who they are. A new thread gets its state before its first instruction of the program, so that it is known
 * even if it never takes a lock, and is called by its start function where the program gives it no name. A thread's end
 * needs no hook: a destructor of thread-specific data sees return, pthread_exit and cancellation alike (process/self.c).
 *
 * Create and join order what came before and after them (engine/order.h). A join also waits for all that the joined thread takes in its life (engine/join.h).
 */

#define _GNU_SOURCE
#include "engine/join.h"
#include "interpose/hook.h"
#include "process/birth.h"

LV_EXPORT int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr, void *(*start)(void *),
                             void *restrict arg)
{
    struct lv_thread *t = lv_self();
    struct lv_birth *birth = t != NULL ? lv_birth_new(&lv_process_context, t, start, arg) : NULL;
    struct lv_name_wish wish;
    int r;

    if (birth == NULL)
        return lv_real.pthread_create(thread, attr, start, arg);
    lv_birth_note_stack(birth, attr);
    wish = lv_birth_name_wish(birth);
    r = lv_real.pthread_create(thread, attr, lv_birth_run, birth);
    if (r != 0)
        lv_birth_drop(birth);
    else
        lv_birth_named(t, &wish, thread);
    return r;
}

/* The same for C11's, whose threads return an int. */
LV_EXPORT int thrd_create(thrd_t *thread, thrd_start_t start, void *arg)
{
    struct lv_thread *t = lv_self();
    struct lv_birth *birth =
        t != NULL ? lv_birth_new(&lv_process_context, t, (void *(*)(void *))(void (*)(void))start, arg) : NULL;
    struct lv_name_wish wish;
    int r;

    if (birth == NULL)
        return lv_real.thrd_create(thread, start, arg);
    lv_birth_note_stack(birth, NULL);
    wish = lv_birth_name_wish(birth);
    r = lv_real.thrd_create(thread, lv_birth_run_c11, birth);
    if (r != thrd_success)
        lv_birth_drop(birth);
    else
        lv_birth_named(t, &wish, thread);
    return r;
}

/* The body of a hook that joins a thread. The end runs when the scope is left, on cancellation too. */
#define JOIN(thread, flags, refusal, call)                                                                             \
    struct lv_join join_ __attribute__((cleanup(lv_join_end)));                                                        \
    int r_;                                                                                                            \
                                                                                                                       \
    if (lv_join_begin(&lv_process_context, lv_self(), (uintptr_t)(thread), (unsigned)(flags), LV_CALL_SITE, &join_) == \
        LV_DEADLOCK_REFUSE)                                                                                            \
        return (refusal);                                                                                              \
    r_ = (call);                                                                                                       \
    join_.joined = r_ == 0;                                                                                            \
    return r_

LV_EXPORT int pthread_join(pthread_t thread, void **ret_value)
{
    JOIN(thread, 0, EDEADLK, lv_real.pthread_join(thread, ret_value));
}

LV_EXPORT int pthread_tryjoin_np(pthread_t thread, void **ret_value)
{
    JOIN(thread, LV_TRY, EDEADLK, lv_real.pthread_tryjoin_np(thread, ret_value));
}

LV_EXPORT int pthread_timedjoin_np(pthread_t thread, void **ret_value, const struct timespec *until)
{
    JOIN(thread, until != NULL ? LV_TIMED : 0, EDEADLK, lv_real.pthread_timedjoin_np(thread, ret_value, until));
}

LV_EXPORT int pthread_clockjoin_np(pthread_t thread, void **ret_value, clockid_t clock, const struct timespec *until)
{
    JOIN(thread, until != NULL ? LV_TIMED : 0, EDEADLK, lv_real.pthread_clockjoin_np(thread, ret_value, clock, until));
}

LV_EXPORT int thrd_join(thrd_t thread, int *ret_value)
{
    _Static_assert(thrd_success == 0, "joined");

    JOIN(thread, 0, thrd_error, lv_real.thrd_join(thread, ret_value));
}

/* Before the real call, after which the handle may be another thread's. */
static void detach(uintptr_t thread)
{
    struct lv_thread *t = lv_self();

    if (t != NULL)
        lv_life_detach(&lv_process_context, t, thread);
}

LV_EXPORT int pthread_detach(pthread_t thread)
{
    detach((uintptr_t)thread);
    return lv_real.pthread_detach(thread);
}

/* Before the real call: from then on the thread may be gone. Whoever looks whether it is in a deadlock has to know. */
LV_EXPORT int pthread_cancel(pthread_t thread)
{
    struct lv_thread *t = lv_self_any();

    if (t != NULL && t->guard == t->off)
        lv_life_cancel(&lv_process_context, t, (uintptr_t)thread);
    return lv_real.pthread_cancel(thread);
}

LV_EXPORT int thrd_detach(thrd_t thread)
{
    detach((uintptr_t)thread);
    return lv_real.thrd_detach(thread);
}
