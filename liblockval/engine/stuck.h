/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_STUCK_H
#define LV_ENGINE_STUCK_H

/*
 * From threads that are stuck to a finding of the kind deadlock: what each waits for and holds, copied from their books.
 */

#include "check/finding.h"
#include "engine/circle.h"

/* @t, whose wait at @site closes @circle, says so. Context: guard held, lock not held. */
void lv_stuck_report(struct lv_context *ctx, struct lv_thread *t, const struct lv_circle *circle, uintptr_t site);

/* All threads wait, and with the wait of @t at @site, or with its end if it waits for nothing, nothing can wake them. Context: as
 * above. */
void lv_stuck_report_all(struct lv_context *ctx, struct lv_thread *t, uintptr_t site);

/* What @t waits for and holds now, for a listing. .blocker is not filled in. Context: lock held. */
void lv_stuck_describe(struct lv_context *ctx, struct lv_thread *t, const struct lv_clock *now, struct lv_stuck *ret);

#endif
