/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_BOUNDS_H
#define LV_PROCESS_BOUNDS_H

#include <pthread.h>

#include "engine/thread.h"

/* Where threads' stacks lie, without malloc and without reading /proc. */

/* A stack as pthread_create was asked for it: a place of the program's own, or only a size; both 0: the default. */
struct lv_stack_wish {
    uintptr_t start;
    size_t size;
};

/* What @attr, which may be null, says. Context: the caller of pthread_create. */
struct lv_stack_wish lv_bounds_wish(const pthread_attr_t *attr);

/* Note the calling thread's bounds in its state @t. @frame is in its outermost frame. */
void lv_bounds_note(struct lv_thread *t, const struct lv_stack_wish *wish, uintptr_t frame);

/* The same for the process's first thread. */
void lv_bounds_note_main(struct lv_thread *t);

#endif
