/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_RESOLVE_STUCK_H
#define LV_ENGINE_RESOLVE_STUCK_H

#include "engine/pool.h"

/*
 * Threads that are stuck, from ids to what a reader sees.
 * Context of all calls, if they do not say something else: lock held. Cost: linear in the locks that they hold, and the look-ups of their stacks.
 */

/* The part of @finding's report that is about them, and about what said so before. @ret_cycle_classes: so many of the pool's classes are
 * those of what is waited for, and of all that was resolved before. */
void lv_resolve_stuck(struct lv_pool *p, const struct lv_finding *finding, struct lv_report *ret,
                      uint32_t *ret_cycle_classes);

/* Only the threads: @count of them, with a thread as .blocker where @stuck has its number. Null without memory. */
struct lv_report_stuck *lv_resolve_threads(struct lv_pool *p, const struct lv_stuck *stuck, uint32_t count);

/* Read the symbols that their part will need. Context: lock not held, guard held, registered thread. */
void lv_resolve_prepare_stuck(struct lv_context *ctx, const struct lv_stuck *stuck, uint32_t count);

/* At most so many classes are theirs. */
uint32_t lv_resolve_stuck_classes(const struct lv_finding *finding);

/* How much memory their part of the report needs at most, or of its text. Context: any. */
size_t lv_resolve_stuck_size(const struct lv_context *ctx, const struct lv_stuck *stuck, uint32_t count);

/* What they wait for, for a fingerprint: the same in every run. There is at least one of them. */
uint64_t lv_resolve_stuck_hash(struct lv_pool *p, const struct lv_finding *finding);

#endif
