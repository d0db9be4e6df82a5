/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_HANDLERS_H
#define LV_ENGINE_HANDLERS_H

/*
 * The signal handlers that a thread runs now, outermost first. A handler need not return: it may leave by a jump, and
 * then nobody says so. Each entry has the stack frame that the handler was called from; what a jump leaves
 * (lv_handlers_jump()), and what can be seen to be gone, is dropped. Stacks are taken to grow downwards.
 *
 * The owner alone reads and writes. A further handler may run between any two instructions of these functions; it is
 * taken off again before they go on, or they never do.
 */

#include "base/types.h"

struct lv_handler_running {
    uintptr_t frame; /* stack address of the call of the handler */
    uintptr_t site;  /* the call that installed the handler */
    int signal;
    uint32_t inside;  /* how deep in the library the thread was when the signal came */
    uint32_t nesting; /* contexts that the thread was in when it came */
    uint64_t before;  /* the thread's mask then, and in the handler */
    uint64_t during;
    uint32_t held; /* how many locks its books had then: what lies below was taken outside of the handler */
};

enum {
    LV_HANDLERS = 8 /* entries kept. Of handlers nested deeper the youngest is in the last entry, and a jump out of it
                       to another of them is taken to leave all of them */
};

struct lv_handlers {
    uint32_t depth; /* handlers running, however many */
    struct lv_handler_running running[LV_HANDLERS];
};

/* What lv_handlers_leave() needs: kept in the frame that calls the handler. */
struct lv_handlers_entered {
    struct lv_handlers *handlers;
    uint32_t depth;
    struct lv_handler_running before; /* of the entry that was used */
};

/* A handler is about to be called from the frame @running->frame. Entries that are seen to be gone are dropped: two live
 * frames have not one address, and the older lies higher on the same stack. Context: signal-safe. */
void lv_handlers_enter(struct lv_handlers *handlers, const struct lv_handler_running *running,
                       struct lv_handlers_entered *ret_entered);

/* The handler returned, or is being unwound. */
void lv_handlers_leave(const struct lv_handlers_entered *entered);

/* A jump from the stack address @from to @to: the handlers that it leaves are dropped. Returns whether there were any. */
bool lv_handlers_jump(struct lv_handlers *handlers, uintptr_t from, uintptr_t to);

/* The innermost handler, of one or more, does not run any more; with it go those that have no entry of their own. */
void lv_handlers_drop(struct lv_handlers *handlers);

/* Where handler number @depth is kept, the outermost being number 0; what was kept there, if it does not run any more. */
struct lv_handler_running *lv_handlers_at(struct lv_handlers *handlers, uint32_t depth);

/* The innermost handler that runs, or null, for a caller whose stack has come to @stack. A handler that was left in
 * another way than by a jump counts as running until the stack is above it. */
const struct lv_handler_running *lv_handlers_current(struct lv_handlers *handlers, uintptr_t stack);

#endif
