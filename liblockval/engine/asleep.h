/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_ASLEEP_H
#define LV_ENGINE_ASLEEP_H

/*
 * Does a thread that says it waits sleep in the kernel, on the very thing that it waits for? The books say what a thread is
 * about to do, or did a moment ago; the kernel says what it does now.
 */

#include "engine/thread.h"

enum lv_asleep {
    LV_ASLEEP_NO,
    LV_ASLEEP_YES,     /* on what it waits for, */
    LV_ASLEEP_ON_LOCK, /* or, woken from a condition variable, on the mutex that it has to take again */
    LV_ASLEEP_UNKNOWN  /* the kernel does not say, or the wait has no word to sleep on */
};

/* @ret: what the kernel says; all false where it says nothing. Cost: three system calls. */
enum lv_asleep lv_asleep_look(const struct lv_context *ctx, int tid, const struct lv_blocked *on,
                              struct lv_task_sleep *ret);

#endif
