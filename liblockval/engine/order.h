/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_ORDER_H
#define LV_ENGINE_ORDER_H

#include "engine/thread.h"

/*
 * The order of threads (graph/order.h), as the making and joining of threads tell it. A thread that ended left its last
 * segment in its life (engine/life.h), where who joins it finds it.
 *
 * Each step into a new segment empties the thread's cache, so that a chain walked again leaves new evidence.
 */

/* The first segment of a thread that @t is about to make. Context: called by @t. */
struct lv_segment lv_order_make_thread(struct lv_thread *t);

/* @t goes on after all that the thread did whose last segment is @ended. Context: called by @t, lock held. */
void lv_order_follow(struct lv_context *ctx, struct lv_thread *t, const struct lv_segment *ended);

/* @witness is of @t now. False without memory. Context: called by @t, lock held. */
bool lv_order_stamp(struct lv_context *ctx, struct lv_thread *t, struct lv_witness *witness) LV_MUST_CHECK;

#endif
