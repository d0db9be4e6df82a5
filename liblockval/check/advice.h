/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_ADVICE_H
#define LV_CHECK_ADVICE_H

#include "base/types.h"

/*
 * What to change about cycles: from numbers to numbers. Nothing here knows a class, a name or a thread.
 */

enum {
    LV_ADVICE_NONE = -1,
    LV_ADVICE_TIMES = 4,      /* an odd edge was seen this many times less often than every other one */
    LV_ADVICE_DEPTH = 16,     /* edges of a set that is looked for exactly; a larger one is taken greedily, */
    LV_ADVICE_STEPS = 5000000 /* and so it is when that many edges were walked over */
};

/* Which of the @n edges of a cycle is the odd one out: seen, and seen far less often than every other one. Their counts are
 * @hits; 0 is not known. LV_ADVICE_NONE: none. */
int lv_advice_odd(const uint64_t *hits, uint32_t n);

/* An edge of the graph that the cycles make together. */
struct lv_advice_edge {
    uint32_t from, to; /* nodes from 0 on */
    uint64_t hits;     /* how often it was seen */
    bool chosen;       /* result */
};

/* Memory that lv_advice_feedback() needs for so many nodes and edges. */
size_t lv_advice_room(uint32_t nodes, uint32_t edges);

/*
 * Choose a smallest set of @edges without which no cycle is left: of several such sets, the one whose edges were seen
 * least. Returns their number. @ret_exact: there is no smaller one; false when there was too much to try, and the set was
 * taken greedily, the edge first that most seems to depend on.
 * @memory has lv_advice_room() bytes, zeroed, aligned to 8. Cost: bounded by LV_ADVICE_STEPS and, for a greedy set, the number
 * of edges squared times that of nodes; no recursion.
 */
uint32_t lv_advice_feedback(struct lv_advice_edge *edges, uint32_t count, uint32_t nodes, void *memory,
                            bool *ret_exact);

#endif
