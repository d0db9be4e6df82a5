/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_STATS_H
#define LV_PROCESS_STATS_H

#include "engine/context.h"

/* The counters of option stats=1, to the log. Context: the end of the process. */
void lv_stats_say(struct lv_context *ctx);

#endif
