/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_STUCK_H
#define LV_CHECK_STUCK_H

/*
 * A thread that waits, as plain data with ids: of a deadlock each thread that is stuck, of a listing each thread there is.
 */

#include "graph/witness.h"

enum {
    LV_STUCK_HELD = 16 /* held locks of a thread that are kept, the youngest */
};

struct lv_stuck {
    lv_thread_id thread;
    enum lv_wait_kind wait;
    bool foreign;      /* a thread of another process: of what it holds only one lock is known */
    bool timed;        /* it waits no longer than it is told to */
    bool last;         /* it is the one that makes the finding: its wait closed the circle */
    int64_t waited_ms; /* for how long; -1: not known */
    struct lv_held_record
        wanted; /* the lock or the annotated event, with the stack of the call that waits; .class 0: it has
                                     no class. Else .address is that of the object that is waited on, and the class may be 0 */
    struct lv_held_record
        with;            /* LV_WAITS_COND, LV_WAITS_EVENT: a lock that it has to get, too, before it goes on. Of a
                                   condition variable it is the mutex that was given up; class 0: none is known */
    lv_thread_id joined; /* LV_WAITS_JOIN: whose end; 0: not known */
    uint32_t blocker;    /* number of the thread in the same array that it waits for; LV_STUCK_NOBODY: none of them */
    enum lv_mode blocker_mode; /* how that one holds the lock that is waited for, or .with, */
    bool
        blocker_queued; /* or: it does not hold the lock yet, but is a writer that waits for it, which readers do not pass */
    uint32_t held_count; /* at most LV_STUCK_HELD, oldest first */
    uint32_t left_out;   /* older ones that are not among them */
    struct lv_held_record held[LV_STUCK_HELD];
};

/* A number for what threads wait for: @count of them, of which the first @circle wait in a circle; 0: there is none. What each
 * waits for has a number itself, which @number_of gives. It is the same at whichever thread the circle is begun, and, without
 * one, in whatever order the threads come. Cost: quadratic in the threads without a circle. */
uint64_t lv_stuck_hash(uint64_t (*number_of)(const void *arg, uint32_t i), const void *arg, uint32_t count,
                       uint32_t circle);

/* The same by ids, which mean nothing to another process. */
uint64_t lv_stuck_identity(const struct lv_stuck *stuck, uint32_t count, uint32_t circle);

#endif
