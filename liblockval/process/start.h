/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_START_H
#define LV_PROCESS_START_H

#include "engine/context.h"

/* Read the options, test the layouts, build the validator. False: out of memory. Context: the calling thread unwatched. */
bool lv_start_context(struct lv_context *ctx);

#endif
