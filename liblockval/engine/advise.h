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

/* How often each edge of a cycle was seen, in memory of its own; null: it was not counted. */
struct lv_counted {
    struct lv_edge_count *edges;
    size_t size; /* of the mapping */
};

/* Count for a finding that was made just now. Context: registered thread, guard held, lock not held. Cost:
 * lv_counts_collect(). */
struct lv_counted lv_advise_collect(struct lv_context *ctx, const struct lv_finding *finding);
void lv_advise_release(struct lv_counted *counted);

/* Advice on @finding, a cycle that was closed just now; none on others. Context: lock held. */
void lv_advise(struct lv_context *ctx, const struct lv_finding *finding, const struct lv_counted *counted,
               struct lv_advice *ret);

/* "A -> B" */
void lv_advise_edge(struct lv_context *ctx, uint32_t from, uint32_t to, struct lv_text *out);

/* "3 times from 1 site (post_entry+0x77)" */
void lv_advise_count(struct lv_context *ctx, const struct lv_edge_count *count, struct lv_text *out);

/* "post_entry+0x77": where an edge is made; one of the places if there are several. */
void lv_advise_site(struct lv_context *ctx, const struct lv_edge_count *count, struct lv_text *out);

#endif
