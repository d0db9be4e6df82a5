/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_MARKS_H
#define LV_ENGINE_MARKS_H

#include "engine/acquire.h"
#include "engine/publish.h"

/*
 * Marks of usage: in which contexts a class is taken, and held while which could interrupt (graph/uses.h). They are made
 * where something is learned anyway; each first one is judged (check/usage.h).
 *
 *     lv_marks_taken()  a chain is new in these circumstances
 *     lv_marks_held()   something became open while the thread holds locks
 *     lv_marks_edge()   a dependency is new: it may connect what was marked before
 */

/* @t, now, makes the acquisition @a: what waits in a context is taken inside of it, and what is taken is held while
 * something is open. Returns 0 or -ENOMEM. Context: lock held, guard held. */
int lv_marks_taken(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                   struct lv_findings *findings) LV_MUST_CHECK;

/* @opened can interrupt @t from now on. Does nothing when the guard is held. Context: lock not held. Cost: a look into the
 * thread's cache when the same was open before with the same held. */
void lv_marks_held(struct lv_context *ctx, struct lv_thread *t, struct lv_states opened);

/* The dependency @edge with the one bit @bit is new, made now by @t; @at is its witness. Returns 0 or -ENOMEM. Context:
 * lock held, guard held. */
int lv_marks_edge(struct lv_context *ctx, const struct lv_thread *t, uint32_t edge, uint8_t bit,
                  struct lv_edge_witness at, struct lv_findings *findings) LV_MUST_CHECK;

/* The class @class counts as one of locks from now on, which @t found with a call whose stack is @at: all its marks are
 * judged, and those that its edges connect. Returns 0 or -ENOMEM. Context: lock held, guard held. */
int lv_marks_class(struct lv_context *ctx, const struct lv_thread *t, lv_class_id class, lv_stack_id at,
                   struct lv_findings *findings) LV_MUST_CHECK;

#endif
