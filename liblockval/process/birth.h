/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_BIRTH_H
#define LV_PROCESS_BIRTH_H

#include <pthread.h>

#include "engine/thread.h"

/* What pthread_create hands to a new thread so that it can introduce itself before it runs the program's function. */
struct lv_birth;

/* Null without memory. Context: guard not held. */
struct lv_birth *lv_birth_new(struct lv_context *ctx, struct lv_thread *parent, void *(*start)(void *), void *arg);

/* The thread is made as @attr says, which may be null: its stack, and whether it can be joined. Without the call the
 * stack's bounds are not known. */
void lv_birth_note_stack(struct lv_birth *birth, const pthread_attr_t *attr);

/* The birth is the new thread's as soon as that runs. What its maker needs to say how the thread is called: to be taken
 * before, and handed in when the real call is back. */
struct lv_name_wish {
    struct lv_life *life;
    uint64_t uid;
};
struct lv_name_wish lv_birth_name_wish(const struct lv_birth *birth);
void lv_birth_named(struct lv_thread *parent, const struct lv_name_wish *wish, const pthread_t *thread);

/* The start routine of watched threads: takes the birth's contents, recycles it, runs the program's function. */
void *lv_birth_run(void *birth);

/* The same for a thread of C11, whose start function, which returns an int, was cast when the birth was made. */
int lv_birth_run_c11(void *birth);

/* The thread was not made after all. */
void lv_birth_drop(struct lv_birth *birth);

#endif
