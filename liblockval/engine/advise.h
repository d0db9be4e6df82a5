/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_ADVISE_H
#define LV_ENGINE_ADVISE_H

#include "check/finding.h"
#include "engine/context.h"

/* What a reader may change about a finding, in plain words: which edge of its cycle is the odd one out, by how often each was
 * seen, and what else would help. */

enum {
    LV_ADVICE_LINES = 3,
    LV_ADVICE_CYCLE = 64, /* edges of a cycle that are compared with each other; a longer one has no odd one out */
    LV_ADVICE_LINE = 320
};

struct lv_advice {
    uint32_t count;
    char line[LV_ADVICE_LINES][LV_ADVICE_LINE];
};

/* Advice on @finding, a cycle that was closed just now; none on others. @counts has room for finding->edge_count.
 * Context: lock held, registered thread. Cost: lv_counts_collect(). */
void lv_advise(struct lv_context *ctx, const struct lv_finding *finding, struct lv_edge_count *counts,
               struct lv_advice *ret);

/* "A -> B" */
void lv_advise_edge(struct lv_context *ctx, uint32_t from, uint32_t to, struct lv_text *out);

/* "3 times from 1 site (post_entry+0x77)" */
void lv_advise_count(struct lv_context *ctx, const struct lv_edge_count *count, struct lv_text *out);

/* "post_entry+0x77": where an edge is made; one of the places if there are several. */
void lv_advise_site(struct lv_context *ctx, const struct lv_edge_count *count, struct lv_text *out);

#endif
