/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIRM_PLAN_H
#define CLI_CONFIRM_PLAN_H

#include "confirm/record.h"

/*
 * How try number @number, from 1 on, steers into @finding: the text of a plan (liblockval/engine/plan.h), memory to free, and in
 * words how it does it, memory to free too. @report is where the library says what came of it.
 *
 * Tries take turns. The first holds every role before the lock that it wants. Then each role that holds something is early once. Then threads are delayed at random
 * at the locks of the cycle. Then all of it again, each pause twice as long, from the calls of the record only or from any.
 */
struct confirm_way {
    char *plan;
    char *words;
};

struct confirm_way confirm_way(const struct confirm_finding *finding, unsigned number, const char *report);

/* The same of a plan that was kept: with another report. */
char *confirm_plan_again(const char *plan, const char *report);

#endif
