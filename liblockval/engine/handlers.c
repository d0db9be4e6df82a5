/* SPDX-License-Identifier: MIT */
/* Which of the handlers still run is decided by stack addresses alone. Nothing is read from a handler's stack, which may
 * be unmapped by now. Owns no data. */

#include "engine/handlers.h"

#include "sys/os.h"

struct lv_handler_running *lv_handlers_at(struct lv_handlers *handlers, uint32_t number)
{
    return &handlers->running[number < LV_HANDLERS ? number : LV_HANDLERS - 1];
}

static struct lv_handler_running *innermost(struct lv_handlers *handlers)
{
    return lv_handlers_at(handlers, handlers->depth - 1);
}

void lv_handlers_drop(struct lv_handlers *handlers)
{
    uint32_t depth = handlers->depth;

    handlers->depth = (depth <= LV_HANDLERS ? depth : LV_HANDLERS) - 1;
}

/*
 * A handler that is called lower on the stack than another that runs may be nested in it, or come after it was left.
 * One that is called higher is not nested in it, unless the two run on different stacks. That can only be when this one
 * came to a stack for signals: a handler without one stays on the stack of what it interrupts.
 */
static void drop_gone(struct lv_handlers *handlers, uintptr_t frame)
{
    while (handlers->depth != 0 && innermost(handlers)->frame <= frame) {
        if (innermost(handlers)->frame != frame && lv_os_signal_stack() != 0)
            return;
        lv_handlers_drop(handlers);
    }
}

/* The entry's old contents are kept and put back, so that it does not matter where in between another handler comes. */
void lv_handlers_enter(struct lv_handlers *handlers, const struct lv_handler_running *running,
                       struct lv_handlers_entered *ret_entered)
{
    if (LV_UNLIKELY(handlers->depth != 0))
        drop_gone(handlers, running->frame);
    ret_entered->handlers = handlers;
    ret_entered->depth = handlers->depth;
    ret_entered->before = *lv_handlers_at(handlers, ret_entered->depth);
    *lv_handlers_at(handlers, ret_entered->depth) = *running;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    handlers->depth = ret_entered->depth + 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void lv_handlers_leave(const struct lv_handlers_entered *entered)
{
    struct lv_handlers *handlers = entered->handlers;

    if (handlers->depth <= entered->depth)
        return; /* a jump to another stack was taken for one out of the handler */
    handlers->depth = entered->depth;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    *lv_handlers_at(handlers, entered->depth) = entered->before;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/*
 * The innermost handler called, directly or not, who jumps, so its stack reaches from its frame down to @from, and a
 * target outside of that is outside of the handler. Each handler further out was interrupted by the one before, so a
 * target below its frame is inside it: outside would be higher on the stack.
 */
bool lv_handlers_jump(struct lv_handlers *handlers, uintptr_t from, uintptr_t to)
{
    bool left = false;

    while (handlers->depth != 0 && (to > innermost(handlers)->frame || (!left && to < from))) {
        lv_handlers_drop(handlers);
        left = true;
    }
    return left;
}

const struct lv_handler_running *lv_handlers_current(struct lv_handlers *handlers, uintptr_t stack)
{
    while (handlers->depth != 0 && innermost(handlers)->frame <= stack)
        lv_handlers_drop(handlers);
    return handlers->depth != 0 ? innermost(handlers) : NULL;
}
