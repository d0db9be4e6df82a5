/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_MEMCHECK_H
#define LV_SYS_MEMCHECK_H

/*
 * Valgrind's memcheck. The library looks at memory that the program may never have written: is there an identity of a lock in
 * what becomes a lock, or is given back? What it finds is sealed, so rubbish is told apart; but memcheck would complain in
 * the program's name. Built without valgrind's header, the library does not know.
 */

#include <stdbool.h>
#include <stddef.h>

#ifdef LV_HAVE_MEMCHECK
#include <valgrind/memcheck.h>
#endif

/* Does the process run under valgrind? Cost: some instructions without it. */
static inline bool lv_memcheck_is_there(void)
{
#ifdef LV_HAVE_MEMCHECK
    return RUNNING_ON_VALGRIND != 0;
#else
    return false;
#endif
}

/* What stands at @at is not to be complained of. For copies; the program's own memory stays what it is. */
static inline void lv_memcheck_defined(const void *at, size_t size)
{
#ifdef LV_HAVE_MEMCHECK
    (void)VALGRIND_MAKE_MEM_DEFINED(at, size);
#else
    (void)at;
    (void)size;
#endif
}

#endif
