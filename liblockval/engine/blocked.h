/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_BLOCKED_H
#define LV_ENGINE_BLOCKED_H

/*
 * What a thread waits for, published for others before the real call that may wait. The fast path needs no more than the
 * entry that it fills in behind the last held lock (engine/fast.h): who finds the lock free before the call, and waits for it
 * all the same, is not published here. A signal handler that waits while its thread does saves what it interrupted, and
 * puts it back.
 *
 * The other half is engine/circle.h: who blocks whom.
 */

#include "check/stuck.h"

struct lv_context;
struct lv_life;
struct lv_thread;

struct lv_blocked {
    /* all fields: owner thread for writing; others read them between two looks at .wait and .number */
    uint32_t wait;                /* atomic: enum lv_wait_kind, stored last, cleared first */
    uint32_t number;              /* atomic: another one for each wait of the thread */
    bool timed;                   /* the call gives up in time */
    bool shared;                  /* between processes: others may wake the thread */
    uint32_t round;               /* LV_WAITS_BARRIER: the barrier's, when the wait began */
    uint64_t since;               /* of lv_clock_ticks() */
    uintptr_t site;               /* the call that waits */
    struct lv_held_record wanted; /* as in struct lv_stuck */
    struct lv_held_record with;
    struct lv_held_record event; /* that the program says it waits for, while it is in this wait; class 0: none */
    struct lv_life *life; /* LV_WAITS_JOIN: of whom; null: not known. Of another thread by now if its uid is another */
    uint64_t life_uid;
};

/* @t begins to wait for @what, of which .number and .since are filled in here. @ret_outer: what it waits for already, as its
 * signal handler is running. Context: @t itself. */
void lv_blocked_begin(struct lv_thread *t, const struct lv_blocked *what, struct lv_blocked *ret_outer);
void lv_blocked_end(struct lv_thread *t, const struct lv_blocked *outer);

/* The same for a lock, for callers that mostly do not wait: @since may be 0, which is not known. */
void lv_blocked_begin_lock(struct lv_thread *t, const struct lv_held_record *wanted, bool timed, uintptr_t site,
                           uint64_t since, struct lv_blocked *ret_outer);

/* The same for an annotated event: the program says so, and then waits by whatever means. Nothing if the thread is in a
 * wait already. */
void lv_blocked_begin_event(struct lv_thread *t, const struct lv_held_record *event, uintptr_t site);
void lv_blocked_end_event(struct lv_thread *t);

/* A copy of what @t waits for; its .wait is LV_WAITS_NOT when that is nothing, or changes right now. Context: any thread. */
struct lv_blocked lv_blocked_read(const struct lv_thread *t);

#endif
