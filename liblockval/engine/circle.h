/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_CIRCLE_H
#define LV_ENGINE_CIRCLE_H

/*
 * Who blocks whom: from a thread to what it waits for, and from there to who holds that. It is read while the other threads
 * run, so what is found is a moment's answer, to be looked at again (engine/deadlock.h).
 *
 *     wanted lock      its holders in a mode that conflicts; for a reader that does not pass waiting writers, those writers too
 *     join             the thread that is joined
 *     condition        who holds the mutex that the wait gave up, and has to take again
 *     others           nobody is known: the circle does not go on there
 *
 * Each of the blockers has to let go before the thread can go on, so any one that is stuck is enough. A wait that gives up in
 * time blocks nobody for good.
 */

#include "engine/thread.h"

enum {
    LV_CIRCLE_MAX = 32,   /* threads in a circle; a longer one is not found */
    LV_CIRCLE_SEEN = 96,  /* threads looked at for one */
    LV_CIRCLE_FOREIGN = 4 /* threads of other processes in a row */
};

/* Threads of other processes between a thread and the one that blocks it: each has the mutex that the one before it wants,
 * and sleeps on another one. Seen from outside: what they hold besides is not known. */
struct lv_foreign {
    uint32_t count;
    struct {
        int tid;
        uintptr_t wanted; /* the mutex, as this process has it */
    } thread[LV_CIRCLE_FOREIGN];
};

/* One thread of a circle, and how the next one blocks it. */
struct lv_circle_step {
    struct lv_thread *t;
    struct lv_blocked on; /* what it waits for; of a lock without a published wait, .wanted only, and .number 0 */
    enum lv_mode blocker_mode;
    bool blocker_queued;       /* the next one waits for the lock too, as a writer */
    struct lv_foreign through; /* others in between */
};

struct lv_circle {
    uint32_t count;
    struct lv_circle_step step[LV_CIRCLE_MAX]; /* the first is the thread that was asked for */
};

/* How it is looked. */
struct lv_look {
    struct lv_context *ctx;
    const struct lv_thread
        *self; /* the calling thread, which is inside a call about what it waits for: that can be read */
    struct lv_foreign
        *foreign; /* null: do not look into other processes. Else those that the last blocker blocks through */
    bool ask;     /* ask each lock whether it agrees about its holder; a system call each */
};

/* A circle through @t, which has published what it waits for; @ret may be null. False: there is none. Context: guard held. Cost: a look
 * at the holder of one mutex where the thread by its number is known; else linear in the threads and what they hold. */
bool lv_circle_find(const struct lv_look *look, struct lv_thread *t, struct lv_circle *ret);

/* What @t wants, number @i from 0 on: what it is blocked on, or is just taking, then the annotated locks that it is about to
 * have. False: no more. */
bool lv_circle_wanted(const struct lv_thread *t, uint32_t i, struct lv_blocked *ret);

/* Call @found for each thread that keeps @t from getting @on, until it returns true. Returns what the last call did. */
typedef bool (*lv_blocker_fn)(struct lv_thread *blocker, enum lv_mode mode, bool queued, void *arg);
bool lv_circle_blockers(const struct lv_look *look, struct lv_thread *t, const struct lv_blocked *on,
                        lv_blocker_fn found, void *arg);

/* The state of the thread with the number @tid; null: unknown. */
struct lv_thread *lv_circle_thread(struct lv_context *ctx, int tid);

#endif
