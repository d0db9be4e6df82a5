/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_EVIDENCE_H
#define LV_CHECK_EVIDENCE_H

#include "check/circular.h"

/*
 * Which acquisitions are kept as witnesses of an edge. There is room for a few; what tells most is kept: each kind of
 * dependency, and then different threads, instances, held locks and segments. One that tells the same as another that is
 * kept is left out, and nothing is lost by that. Whatever else is left out, the edge remembers that something was.
 */

/* Whose an acquisition is, and all that it holds. */
struct lv_evidence_by {
    lv_thread_id thread;
    uint32_t segment;  /* node of the thread's segment; 0: it has none, so no witness is of it */
    uint32_t held_key; /* lv_witness_held_key() of all that it holds, folded */
};

/* What an acquisition of @wanted tells of the edge from its held lock number @number, @held. It is no witness yet: .id is 0. */
struct lv_edge_witness lv_evidence_of(const struct lv_evidence_by *by, uint32_t number,
                                      const struct lv_held_record *held, const struct lv_held_record *wanted);

/* The same of the acquisition that witness @id is. */
struct lv_edge_witness lv_evidence_in(const struct lv_witness *witness, lv_witness_id id, uint32_t number);

/* Does a witness of @edge tell the same? */
bool lv_evidence_is_known(const struct lv_edge *edge, const struct lv_edge_witness *e);

/* Would @edge be better known with this evidence? If it is no news, or (then the edge has lost something) tells less than
 * all that is kept, not. */
bool lv_evidence_is_wanted(struct lv_edge *edge, const struct lv_edge_witness *e);

/* Keep the witness @at for @edge of @graph. When there is no room, it takes the place of the one that tells least, if it
 * tells more. Returns that one; 0: none had to go. */
lv_witness_id lv_evidence_keep(struct lv_digraph *graph, struct lv_edge *edge, struct lv_edge_witness at);

/* The place in @edge of the youngest witness that can be spared: another one is of its kind of dependency, too. The last place
 * if there is none, as there must be with more witnesses than kinds. */
uint32_t lv_evidence_spare(const struct lv_edge *edge);

/*
 * A lock that a younger one links to what is wanted makes no edge to it, so the acquisition is no witness there, although it
 * holds the one and wants the other. Where such an edge exists all the same, by others: is there an acquisition that would tell
 * more of edge number @p of the cycle @finding than its witnesses do? Also when too many would have to be looked at.
 * Searches, so that g->path is another one afterwards. Cost: looks at all edges of the graph.
 */
bool lv_evidence_is_elsewhere(const struct lv_check *check, const struct lv_finding *finding, uint32_t p);

#endif
