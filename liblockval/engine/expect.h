/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_EXPECT_H
#define LV_ENGINE_EXPECT_H

#include "check/expect.h"
#include "engine/publish.h"

/*
 * Acquisitions against the lock order that the program is expected to keep (check/expect.h), from the file that the option `expect`
 * names. A step is judged where an edge is new, so never on the fast path; without the option, each call here is a look at a pointer.
 */

/* Read the file, once, at start. What is wrong with it goes to @complaints, and the option is ignored. */
void lv_expect_load(struct lv_context *ctx, struct lv_text *complaints);

/* The class @id is going to be looked up. Context: lock not held, guard held. */
void lv_expect_prepare(struct lv_context *ctx, lv_class_id id);

/* A step, as a finding shows it, in the ways @bits. */
struct lv_expect_step {
    const struct lv_finding_edge *edge;
    uint8_t bits;
    bool indirect;  /* as in struct lv_expect_asked */
    bool late;      /* it was made before, maybe by another thread, */
    lv_stack_id at; /* and this is the call that makes it count. 0: it is that of .edge */
};

/* Judge @step, which @t makes; what is against the order is added to @findings. Context: lock held. */
void lv_expect_judge_step(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t,
                          const struct lv_expect_step *step);

/* The same for number @edge of the graph, of which @at is a witness. */
void lv_expect_judge_edge(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t, uint8_t bits,
                          struct lv_edge_witness at, lv_stack_id late);

/* For stats=1, said in the log: which lines of the file were never met. */
void lv_expect_stats(struct lv_context *ctx);

#endif
