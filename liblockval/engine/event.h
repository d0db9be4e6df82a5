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
#include "engine/publish.h"

/* The state of an event: the generation at which its oldest wait began, and how many wait. One word, so that a completer
 * sees both as of one moment. */
typedef uint64_t lv_event_state; /* generation << 16 | waiters */

/* The thread is about to wait. @a is the event as lv_acquisition_set() filled it in. */
void lv_event_begin_wait(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, lv_event_state *state);
void lv_event_end_wait(lv_event_state *state);

/* The thread brings the event about. */
void lv_event_complete(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a,
                       const lv_event_state *state);

/* An edge from or to an event: what is held and what is wanted, with everything else that is held. */
struct lv_event_edge {
    lv_thread_id thread; /* whose this is; a witness names it from now on */
    const struct lv_held_record *held;
    uint32_t held_count, left_out;
    uint32_t at; /* number of the held one that the edge leads from */
    const struct lv_held_record *wanted;
};

/* Is a circle looked for? */
enum lv_event_judge {
    LV_EVENT_JUDGE_NEVER,
    LV_EVENT_JUDGE_NEW, /* if the edge is new */
    LV_EVENT_JUDGE_ALWAYS
};

enum {
    LV_EVENT_EDGE_KNOWN,
    LV_EVENT_EDGE_NEW,
    LV_EVENT_EDGE_CLOSES /* a circle, which was made a finding of @t if it was none before */
};

/* Add the edge with its witness, and judge it. Returns one of the above, or -ENOMEM. Context: lock held, guard held. */
int lv_event_edge_add(struct lv_context *ctx, struct lv_thread *t, const struct lv_event_edge *add,
                      enum lv_event_judge judge, struct lv_findings *findings);

/* What the thread acquired so far has no bearing on events from here on. */
void lv_history_cut(struct lv_thread *t);

#endif
