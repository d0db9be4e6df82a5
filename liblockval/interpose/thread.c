/* SPDX-License-Identifier: MIT */
/*
 * Threads: who they are. A new thread gets its state before its first instruction of the program, so that it is known
 * even if it never takes a lock, and is called by its start function where the program gives it no name. A thread's end
 * needs no hook: a destructor of thread-specific data sees return, pthread_exit and cancellation alike (process/self.c).
 *
 * Create and join order what came before and after them; both empty the thread's cache, so that chains walked again
 * leave new evidence.
 */

#define _GNU_SOURCE
#include "interpose/hook.h"
#include "process/birth.h"

LV_EXPORT int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr, void *(*start)(void *),
                             void *restrict arg)
{
    struct lv_thread *t = lv_self();
    struct lv_birth *birth = t != NULL ? lv_birth_new(&lv_process_context, t, start, arg) : NULL;
    int r;

    if (birth == NULL)
        return lv_real.pthread_create(thread, attr, start, arg);
    lv_birth_note_stack(birth, attr);
    r = lv_real.pthread_create(thread, attr, lv_birth_run, birth);
    if (r != 0)
        lv_birth_drop(birth);
    lv_thread_empty_cache(t);
    return r;
}

LV_EXPORT int pthread_join(pthread_t thread, void **ret_value)
{
    struct lv_thread *t = lv_self();
    int r = lv_real.pthread_join(thread, ret_value);

    if (t != NULL && r == 0)
        lv_thread_empty_cache(t);
    return r;
}
