/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_START_H
#define LV_PROCESS_START_H

#include "engine/context.h"

/* Read the options, test the layouts, build the validator. False: out of memory. Context: the calling thread unwatched. */
bool lv_start_context(struct lv_context *ctx);

/* What fork does to the validator: the internal lock is held across it, so that the child finds everything whole; the
 * child starts with no findings. (self.c) */
void lv_process_before_fork(void);
void lv_process_after_fork_parent(void);
void lv_process_after_fork_child(void);

#endif
