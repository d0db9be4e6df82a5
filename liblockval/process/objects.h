/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_OBJECTS_H
#define LV_PROCESS_OBJECTS_H

/*
 * Objects that are locks without the name: once controls, the guards of static variables in C++, stdio streams. None has
 * room for an identity. What they say of themselves is tried out at start, as the layout of locks is; what is not known
 * is not claimed.
 */

#include "process/layout.h"

#include <stdio.h>

struct lv_objects {
    int once_done;   /* a pthread_once_t whose routine has run; 0: not known */
    bool file_owner; /* a stream's lock names the thread that has it */
};

/* Constant after lv_objects_test(). */
extern struct lv_objects lv_objects;

/* Find out with a once control of our own and with stderr. The real functions are called. */
void lv_objects_test(void);

/* Has the routine of the once control (a pthread_once_t or once_flag) run? False when that cannot be known. Its effects
 * are seen by the caller then. */
static inline bool lv_once_is_done(const void *control)
{
    return lv_objects.once_done != 0 && __atomic_load_n((const int *)control, __ATOMIC_ACQUIRE) == lv_objects.once_done;
}

/* Is the variable behind this guard initialised? The first byte says so in the C++ ABI that all compilers follow. */
static inline bool lv_guard_is_done(const void *guard)
{
    return __atomic_load_n((const unsigned char *)guard, __ATOMIC_ACQUIRE) != 0;
}

/* Has the calling thread locked the stream at @address? */
enum lv_holding lv_file_holding(uintptr_t address);

/* "stdin", "stdout", "stderr", or null: @file is another stream. */
const char *lv_file_standard_name(const FILE *file);

/* Is the once control, guard or stream at @address, which this thread has taken, surely no longer taken by it? Memory
 * that is gone is. */
bool lv_object_is_lost(enum lv_kind kind, uintptr_t address);

/* An object of one of these kinds. */
static inline struct lv_object lv_bare_object(enum lv_kind kind, const void *object)
{
    return (struct lv_object){ (uintptr_t)object, kind, NULL, NULL };
}

#endif
