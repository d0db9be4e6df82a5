/* SPDX-License-Identifier: MIT */
#ifndef LAB_WAITS_H
#define LAB_WAITS_H

/*
 * What the core is told of threads that are made, end and are joined, and of waits on condition variables, as the hooks of the
 * library tell it.
 */

#include "engine/join.h"

/* Thread @number of the program, which is @t, will be joined by somebody. Without memory the core says nothing of its end. */
void lab_life_begin(struct lv_context *ctx, struct lv_thread *t, unsigned number);
void lab_life_end(struct lv_context *ctx, struct lv_thread *t);

/* @t waits for the end of thread @number, and has it. */
void lab_join_begin(struct lv_context *ctx, struct lv_thread *t, unsigned number, uintptr_t site, struct lv_join *ret);
void lab_join_end(struct lv_join *join);

/* A wait on a condition variable that is under way. */
struct lab_cond_wait {
    bool on, published;
    struct lv_acquisition again; /* of the mutex, when the wait is over */
};

/* @t gives up the mutex, which it holds, and waits. */
void lab_cond_begin(struct lv_context *ctx, struct lv_thread *t, uintptr_t cond, uintptr_t mutex, uintptr_t site,
                    struct lab_cond_wait *ret);
/* It has the mutex again. */
void lab_cond_end(struct lv_context *ctx, struct lv_thread *t, struct lab_cond_wait *wait);
void lab_cond_wake(struct lv_context *ctx, struct lv_thread *t, uintptr_t cond);

#endif
