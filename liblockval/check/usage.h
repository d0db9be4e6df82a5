/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_USAGE_H
#define LV_CHECK_USAGE_H

#include "check/finding.h"
#include "graph/digraph.h"

/*
 * The rules for contexts. A context that takes X, and can interrupt a thread that holds Y, makes a dependency Y -> X that
 * no thread ever walks: the thread waits in the context, and holds Y until the context is done. So
 *   - a class that is taken in the context and held while it could interrupt is a cycle by itself (X is Y);
 *   - a strong path X to Y over other threads' acquisitions closes one. A class taken in the context is *safe* as long as
 *     it is not held with the context open, and must not lead to an *unsafe* one, which is held so.
 * The letters of the dependency come from both ends: a shared holder and a recursive reader in the context are no
 * obstacle to each other, and a path that begins or ends with such a one must be strong there (graph/uses.h). Paths over
 * acquisitions with a timeout do not count: they end by themselves.
 *
 * A class that contradicts itself in a state has a finding of its own, and is not taken for safe there any more: all
 * paths from it would be the same finding again.
 */
struct lv_usage_check {
    struct lv_arena *arena;
    struct lv_digraph *graph;
    const struct lv_witnesses *witnesses;
    const struct lv_classes *classes;
    const struct lv_uses *uses;
};

/*
 * @class got @use, which is added already: does it contradict itself in @state, one of the use's? Else, is there a path to
 * an unsafe class (if the use is INSIDE), or from a safe one (if it is OPEN)? The nearest is the finding. All but its
 * .subject and .at is filled in.
 * Returns 1 when there is a finding, 0 when not, -ENOMEM.
 */
int lv_check_use(const struct lv_usage_check *check, lv_class_id class, const struct lv_use *use, unsigned state,
                 struct lv_finding *ret) LV_MUST_CHECK;

/* For which states does the new dependency @edge with the one bit @bit lie on a path from a safe class to an unsafe one?
 * Returns 0 or -ENOMEM. */
int lv_check_edge_states(const struct lv_usage_check *check, uint32_t edge, uint8_t bit,
                         struct lv_states *ret) LV_MUST_CHECK;

/* The finding for one of these states, over the nearest classes; the edge's witness is @at. Returns 1, 0, -ENOMEM. */
int lv_check_edge_use(const struct lv_usage_check *check, uint32_t edge, uint8_t bit, struct lv_edge_witness at,
                      unsigned state, struct lv_finding *ret) LV_MUST_CHECK;

#endif
