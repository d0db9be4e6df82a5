/* SPDX-License-Identifier: MIT */
#ifndef INSIDE_H
#define INSIDE_H

/*
 * What lies inside of the library that is preloaded here, as it was built: its context and the calling thread's state. They
 * are no exported symbols, so whoever starts the program reads their values from the library's symbol table and hands them
 * over; the layout is that of the library's headers.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/thread.h"

struct inside {
    const struct lv_context *context;
    struct lv_thread *const *self; /* of the thread that asked */
    uintptr_t base;                /* that addresses in the library's file are relative to */
};

/* Find the library; @context and @self are the values of its symbols. False: it is not there. */
bool inside_find(uintptr_t context, uintptr_t self, struct inside *ret);

struct range {
    uintptr_t start, end;
};

enum {
    INSIDE_OWN = 8
};

/* The memory of the library that belongs to the thread @t alone: all that its fast path may write. */
size_t inside_own(const struct lv_thread *t, struct range own[INSIDE_OWN]);

#endif
