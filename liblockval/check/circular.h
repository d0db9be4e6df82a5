/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_CIRCULAR_H
#define LV_CHECK_CIRCULAR_H

#include "check/finding.h"
#include "graph/classes.h"
#include "graph/digraph.h"
#include "graph/order.h"

/* What the rules read; the owner's lock is held. */
struct lv_check {
    struct lv_arena *arena;
    struct lv_digraph *graph;
    const struct lv_witnesses *witnesses;
    const struct lv_classes *classes; /* null: not known; then no gate is certain */
    struct lv_order *order;           /* of segments; null: not known; then nothing is feasible */
    bool instances;                   /* the graph's nodes are instances of one class, not classes */
    uint32_t forgotten;               /* how often pairs of that class were forgotten */
    bool strict;                      /* option strict */
    bool incomplete;                  /* acquisitions were not looked at at all, since memory ran out */
};

/*
 * The circular rule: does the new dependency @edge with the one bit @bit, made by held lock @at.held of the acquisition
 * @at.id, close a strong path? Fills in @ret (kind circular, or event when an edge of the cycle passes through an event)
 * with one shortest cycle. A cycle that needs an acquisition with a timeout is `guarded`, one that does not is looked for
 * first.
 * Returns 1 when there is a finding, 0 when not, -ENOMEM.
 */
int lv_check_circular(const struct lv_check *check, uint32_t edge, uint8_t bit, struct lv_edge_witness at,
                      struct lv_finding *ret) LV_MUST_CHECK;

/*
 * The same rule for an edge that was made earlier, while one of its classes was passed by: every way in which it happened
 * is judged now. Of several cycles the one that no acquisition with a timeout resolves is the finding. edges[0] is then
 * no dependency of this moment, and @ret says so (late).
 */
int lv_check_kept_edge(const struct lv_check *check, uint32_t edge, struct lv_finding *ret) LV_MUST_CHECK;

#endif
