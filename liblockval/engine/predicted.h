/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_PREDICTED_H
#define LV_ENGINE_PREDICTED_H

#include "engine/summary.h"

/*
 * Which finding that was made before said that the circle of @finding, a deadlock, can come to be? One about order whose
 * cycle has all that the circle waits for, in the same sequence: each step, from what a thread holds to what it waits for,
 * is a way along that cycle. Null: none, or there is no circle.
 * Context: lock held. Cost: the findings made times the length of their cycles times that of the circle.
 */
const struct lv_made *lv_predicted(const struct lv_context *ctx, const struct lv_finding *finding);

#endif
