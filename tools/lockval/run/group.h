/* SPDX-License-Identifier: MIT */
#ifndef CLI_RUN_GROUP_H
#define CLI_RUN_GROUP_H

/*
 * Was a signal sent to the process group, or to the command alone? Who gets one is not told. So a second process stands in
 * the group, and does nothing: what the group gets, that one gets too.
 *
 * All signals must be blocked by who calls, and stay so. Where there is no such process (fork failed), every signal is taken for one
 * that was sent to the command alone.
 */

#include <stdbool.h>

void run_group_begin(void);
void run_group_end(void);

/* The command got the signal @number: did all of its group? Cost: a few microseconds and two switches of the processor. */
bool run_group_got(int number);

#endif
