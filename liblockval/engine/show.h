/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_SHOW_H
#define LV_ENGINE_SHOW_H

#include "engine/thread.h"

/*
 * What threads hold, as text on the log. Of other threads it is what their books say at that moment, lock by lock.
 * Context: lock not held, guard held. Cost: one mapping of memory; linear in what is shown.
 */

/* What @t, the calling thread, holds. */
void lv_show_held(struct lv_context *ctx, const struct lv_thread *t);

/* The same for each thread that holds something, between two lines that say so. */
void lv_show_all_held(struct lv_context *ctx);

#endif
