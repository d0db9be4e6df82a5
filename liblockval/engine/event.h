/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_EVENT_H
#define LV_ENGINE_EVENT_H

/*
 * Dependencies through events, after lockdep's cross-release checks: to wait for an event while holding L makes
 * L -> event; what the completing thread acquired since that wait began makes event -> lock, since the waiter can only go
 * on when those were got. What it held before the wait began does not: the wait had not to wait for that.
 * History entries are kept per thread, LV_HISTORY of them; older ones are forgotten.
 */

#include "engine/acquire.h"

/* The state of an event: the generation at which its oldest wait began, and how many wait. One word, so that a completer
 * sees both as of one moment. */
typedef uint64_t lv_event_state; /* generation << 16 | waiters */

/* The thread is about to wait. @a is the event as lv_acquisition_set() filled it in. */
void lv_event_begin_wait(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, lv_event_state *state);
void lv_event_end_wait(lv_event_state *state);

/* The thread brings the event about. */
void lv_event_complete(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a,
                       const lv_event_state *state);

/* What the thread acquired so far has no bearing on events from here on. */
void lv_history_cut(struct lv_thread *t);

#endif
