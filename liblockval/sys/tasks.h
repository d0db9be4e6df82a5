/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_TASKS_H
#define LV_SYS_TASKS_H

/*
 * What the kernel says of this process's threads (/proc/self/task). Functions return a negative errno when it says nothing:
 * no /proc, no descriptor left, a thread that is gone.
 * Context: any thread, signal-safe. Cost: three system calls for a look.
 */

#include "base/types.h"

/* The system call that a thread sleeps in. */
struct lv_task_sleep {
    bool sleeps;       /* false: it runs, or is about to */
    bool ends;         /* the call is one that a thread makes at its end */
    bool gone;         /* it ended, and is there in name only: a main thread that left the others */
    bool futex;        /* it waits for the word at .address */
    bool shared;       /* other processes may change that word and wake it */
    bool timed;        /* it wakes by itself */
    uintptr_t address; /* of the futex */
};

/* Look at the thread @tid. */
int lv_task_look(int tid, struct lv_task_sleep *ret);

/* The same for a thread of another process, too. */
int lv_task_look_anywhere(int tid, struct lv_task_sleep *ret);

/* The ids of all threads. Returns how many there are, which may be more than the @max that are stored. */
int lv_task_list(int *ret_tids, int max);

#endif
