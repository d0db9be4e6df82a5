/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_LOCKSTAT_SUM_H
#define LV_ENGINE_LOCKSTAT_SUM_H

#include "engine/batch.h"
#include "engine/lockstat.h"

/*
 * What all threads counted (engine/lockstat.h), added up: lines for the record, or the table for the log. What a thread counts
 * meanwhile may be missed.
 */

/* A line for each class, mode and call site. Context: lock held, guard held. Cost: linear in what all threads counted. */
void lv_lockstat_record(struct lv_context *ctx, struct lv_batch **batch);

/* The table, to the log, once; nothing if nothing was counted. Context: lock not held, guard held. */
void lv_lockstat_say(struct lv_context *ctx);

#endif
