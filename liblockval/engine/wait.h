/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_WAIT_H
#define LV_ENGINE_WAIT_H

#include "check/wait.h"
#include "engine/publish.h"

/* The acquisition @a of a chain that is new: may it wait as it does, under what is held and in the contexts that are entered?
 * Adds a finding (wait-context) to @findings if not. Context: lock held. */
void lv_wait_judge(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t,
                   const struct lv_acquisition *a);

/* The locks of @class, of its base and all subclasses, have the types @wait from now on. When they change for a class that was
 * used already, all chains are forgotten and judged anew as they come. Context: guard held, lock not held. */
void lv_wait_set_class(struct lv_context *ctx, lv_class_id class, const struct lv_wait *wait);

/* The same for a declared context. */
void lv_wait_set_context(struct lv_context *ctx, int context, uint8_t allowed);

#endif
