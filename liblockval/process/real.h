/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_REAL_H
#define LV_PROCESS_REAL_H

/* The functions that the hooks stand before, one pointer each, made from symbols.def. */

#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/types.h>
#include <threads.h>
#include <time.h>
#include <ucontext.h>

#include "base/types.h"

struct lv_real {
#define LV_HOOK(ret, name, parameters, version) ret(*name) parameters;
#define LV_HOOK_OLD(ret, name, parameters, version) ret(*name##_old) parameters;
#include "process/symbols.def"
#undef LV_HOOK
};

/* Constant after lv_real_resolve(). */
extern struct lv_real lv_real LV_HIDDEN;

/* The allocator's malloc_usable_size; null where it has none. Constant after lv_real_resolve(). */
extern size_t (*lv_real_usable_size)(void *) LV_HIDDEN;

/* Is the allocator glibc's own, whose blocks have a word before them with their length and three flags? Constant after
 * lv_real_resolve(). */
extern bool lv_real_header LV_HIDDEN;

/* The length, by that header, of a block that is not null: at least its usable size. */
static inline size_t lv_real_header_size(const void *block)
{
    return (((const size_t *)block)[-1] & ~(size_t)7) - sizeof(size_t);
}

/* The usable size by that header: a block that is a mapping of its own, as its second flag says, shares nothing of the next
 * block's header, which it does not have. */
static inline size_t lv_real_header_usable(const void *block)
{
    bool mapped = (((const size_t *)block)[-1] & 2) != 0;

    return lv_real_header_size(block) - (mapped ? sizeof(size_t) : 0);
}

/* The address of a function that is no hook; 0: there is none. Context: as lv_real_resolve(). */
uintptr_t lv_real_code(const char *name);

/* Look all of them up, the next ones behind this library; once, at the first hook or in the constructor. */
void lv_real_resolve(void);

#endif
