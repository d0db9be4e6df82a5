/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_VERDICT_H
#define LV_CHECK_VERDICT_H

#include "check/circular.h"

/*
 * The verdict on a closed cycle, from the evidence of its edges (docs/adr/0019-verdicts.md).
 *
 * A witness is an acquisition: a thread, what it holds, and what it wants. A *choice* of witnesses goes round the cycle:
 * what each wants is held by the next. One acquisition may stand for several edges in a row, if it holds the lock that
 * the first of them leaves and wants the one that the last leads to. A choice shows that the cycle can hang when
 *
 *     - they are at least two acquisitions, by as many threads;
 *     - what each wants is held by the next as the same instance, in a mode that excludes it;
 *     - no two of them hold the same lock in modes that exclude each other (a gate);
 *     - no two of them are ordered by the making or joining of threads, or by a fork;
 *     - none gives up after a time; and no held lock was left out of the evidence.
 *
 *     feasible    there is such a choice
 *     guarded     every choice has a gate, is ordered by create or join, or gives up after a time; and it is certain that
 *                 no evidence is missing
 *     potential   all else. The reasons are those of the choice that lacks the least
 *
 * A cycle through an event is potential: that a thread waits for an event while it holds a lock, and that another takes
 * that lock before it completes the event, says nothing of which wait it was. With strict, every cycle is.
 */

enum {
    LV_VERDICT_STEPS = 20000 /* witnesses tried in one search; then the evidence counts as incomplete */
};

/* Memory for the edges of a cycle and for the judge. Returns 0 or -ENOMEM. */
int lv_verdict_room(const struct lv_check *check, struct lv_finding *finding, uint32_t edge_count) LV_MUST_CHECK;

/* Show the acquisition @at as @ret. */
void lv_verdict_show(const struct lv_check *check, struct lv_edge_witness at, struct lv_finding_edge *ret);

/*
 * Judge @finding, a closed cycle with room, edge_numbers, edges and timed filled in: verdict, reasons, and the acquisitions
 * that are shown for its edges. Where @first is not 0, the first edge is the one that is being made now, by that witness,
 * and no other stands for it.
 * May be called again when edges have more witnesses: the same witnesses give the same verdict, and more of them never a
 * lower one but by the bound on steps. Returns whether the verdict is higher than it was.
 * Context: owner's lock held. Cost: bounded by LV_VERDICT_STEPS; allocates nothing.
 */
bool lv_verdict_judge(const struct lv_check *check, struct lv_finding *finding, struct lv_edge_witness first);

#endif
