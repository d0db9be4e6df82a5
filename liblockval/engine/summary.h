/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_SUMMARY_H
#define LV_ENGINE_SUMMARY_H

#include "check/finding.h"
#include "engine/context.h"

struct lv_suppression;

/*
 * The findings that were made in this process, kept for its end: then the log gets one block with the final verdict of each,
 * and the smallest set of edges to change over all their cycles.
 *
 *     lockval: 2 findings: 1 feasible, 1 guarded
 *       feasible  circular  a -> b -> a  [7d3f0c...]
 *         b -> a was seen 3 times from 1 site (post_entry+0x77), the others 47112 times or more: the odd one
 *       ...
 *       smallest change: 2 of 5 edges: b -> a (post_entry+0x77), ...
 */

/* A finding that was made. */
struct lv_made {
    struct lv_finding finding; /* lock; its edges stay, its stuck threads do not; verdict and reasons as judged last */
    char fingerprint[20];      /* constant after init */
    const char *cycle;         /* constant after init: "a -> b -> a", or the class of the finding's lock */
    const struct lv_suppression *suppressed; /* constant after init: by this entry; null: it is shown */
    bool counted;                            /* atomic: the exit status knows of it */
    bool open;                               /* lock: more evidence may upgrade it (engine/watch.h) */
    bool dirty;                              /* lock: there is more evidence */
};

void lv_made_init(struct lv_context *ctx);

/* @finding is made now, and reported as @report. Null without memory: then the summary leaves it out, and says so. Context: lock
 * held. */
struct lv_made *lv_made_add(struct lv_context *ctx, const struct lv_finding *finding, const struct lv_report *report);

/* In a forked child: nothing was found yet. Context: lock held. */
void lv_made_after_fork(struct lv_context *ctx);

/* The block's text. @counts: edges may be counted, since the caller is a registered thread. Context: lock held, guard held. */
void lv_summary_text(struct lv_context *ctx, bool counts, struct lv_text *out);

/* Write the block to the log, once for each process, if there was a finding. @counts as above. Context: lock not held; with
 * @counts, guard held. */
void lv_summary_say(struct lv_context *ctx, bool counts);

#endif
