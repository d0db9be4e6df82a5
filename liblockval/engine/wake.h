/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_WAKE_H
#define LV_ENGINE_WAKE_H

/*
 * Waits for events in programs that say nothing of them: condition variables, semaphores that are no locks, barriers. Only
 * where the option events asks for them, since who wakes the waiter next time, and what it does before, is a guess (ADR
 * 0023). An event is known by the address of its object and has a class as a lock has: by the init call, by its static
 * address, or by the place that waited for it first. From there on it is an event as annotated ones are (engine/event.h):
 * held lock -> event when a wait begins, event -> what the thread that wakes took since.
 *
 * How many wait, and since when, is kept in a record that exists as long as somebody waits.
 *
 * Context of all calls: the calling thread's own state, guard not held. Cost: the internal lock at the begin and at the end
 * of a wait; a look-up or two for one who wakes.
 */

#include "engine/event.h"
#include "engine/identity.h"

/* The waits for one event. */
struct lv_wake {
    lv_event_state state; /* atomic */
    uint32_t uid;         /* lock for writing; of the event; 0: the record is free */
    uint32_t users;       /* lock; threads between the begin and the end of a wait */
    uint32_t next_free;   /* lock */
};

/* A wait that is under way. */
struct lv_wake_wait {
    struct lv_thread *t;
    struct lv_wake *wake; /* null: it is not followed */
    uint32_t number;      /* of the record, */
    uint32_t uid;         /* and of the event */
};

void lv_wakes_init(struct lv_context *ctx);

/* In a forked child: nobody waits. Context: lock held. */
void lv_wakes_after_fork(struct lv_context *ctx);

/* Does the option events ask for @source? From the start on, then; else the rest is not to be called. */
static inline bool lv_wake_is_on(const struct lv_context *ctx, enum lv_event_source source)
{
    return LV_UNLIKELY((ctx->options.events & (unsigned)source) != 0);
}

/* An event begins to live, or ends, at @address. */
void lv_wake_make(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, uintptr_t site);
void lv_wake_forget(struct lv_context *ctx, struct lv_thread *t, uintptr_t address);

/* The thread is about to wait (@flags: LV_TIMED). An event that nobody made in our sight is one only with @adopt. */
struct lv_wake_wait lv_wake_begin(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, unsigned flags,
                                  bool adopt, uintptr_t site);
void lv_wake_end(struct lv_context *ctx, struct lv_wake_wait *wait);

/* The thread is about to wake who waits. */
void lv_wake_up(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, uintptr_t site);

#endif
