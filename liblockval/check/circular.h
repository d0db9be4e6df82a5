/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_CIRCULAR_H
#define LV_CHECK_CIRCULAR_H

#include "check/finding.h"
#include "graph/digraph.h"

/* What the rules read; the owner's lock is held. */
struct lv_check {
    struct lv_arena *arena;
    struct lv_digraph *graph;
    const struct lv_witnesses *witnesses;
};

/* Would the acquisition by @thread of @wanted, while it held @held, tell something about the edge that its witnesses do
 * not? Another thread, other instances, or another kind of dependency. */
bool lv_check_is_news(const struct lv_check *check, const struct lv_edge *edge, lv_thread_id thread,
                      const struct lv_held_record *held, const struct lv_held_record *wanted);

/* Keep the witness @at for @edge. When there is no room, the first witness of a dependency bit (@fresh) takes the place
 * of one whose bit has others; any other is lost. */
void lv_check_keep_witness(const struct lv_check *check, struct lv_edge *edge, struct lv_edge_witness at, bool fresh);

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
