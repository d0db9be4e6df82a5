/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_BIRTH_H
#define LV_PROCESS_BIRTH_H

#include <pthread.h>

#include "engine/thread.h"

/* What pthread_create hands to a new thread so that it can introduce itself before it runs the program's function. */
struct lv_birth;

/* Null without memory. Context: guard not held. */
struct lv_birth *lv_birth_new(struct lv_context *ctx, struct lv_thread *parent, void *(*start)(void *), void *arg);

/* The thread's stack will be as @attr says, which may be null. Without the call the stack's bounds are not known. */
void lv_birth_note_stack(struct lv_birth *birth, const pthread_attr_t *attr);

/* The start routine of watched threads: takes the birth's contents, recycles it, runs the program's function. */
void *lv_birth_run(void *birth);

/* The same for a thread of C11, whose start function, which returns an int, was cast when the birth was made. */
int lv_birth_run_c11(void *birth);

/* The thread was not made after all. */
void lv_birth_drop(struct lv_birth *birth);

#endif
