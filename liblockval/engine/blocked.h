/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_BLOCKED_H
#define LV_ENGINE_BLOCKED_H

/*
 * What a thread waits for, published for others before the real call that may wait. The fast path needs no more than the
 * entry that it fills in behind the last held lock (engine/fast.h): who finds the lock free before the call is not
 * published here. A signal handler that waits while its thread does saves what it interrupted, and puts it back.
 */

#include "check/stuck.h"

struct lv_life;

struct lv_blocked {
    /* all fields: owner thread for writing; others read them between two looks at .wait and .number */
    uint32_t wait;                /* atomic: enum lv_wait_kind, stored last, cleared first */
    uint32_t number;              /* atomic: another one for each wait of the thread */
    uint32_t depth;               /* of the held stack when the wait began */
    bool timed;                   /* the call gives up in time */
    bool shared;                  /* between processes: others may wake the thread */
    int64_t since_ms;             /* of lv_os_now_ms() */
    uintptr_t object;             /* that is waited on */
    struct lv_held_record wanted; /* as in struct lv_stuck */
    struct lv_held_record with;
    struct lv_life *life; /* LV_WAITS_JOIN: of whom; null: not known. Of another thread by now if its uid is not */
    uint64_t life_uid;
};

#endif
