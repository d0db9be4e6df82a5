/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_CHAINTREE_H
#define LV_ENGINE_CHAINTREE_H

#include "engine/batch.h"
#include "engine/thread.h"

/*
 * Which locks each chain is made of, and how often it was walked, for the record. The table of chains (graph/chains.h) has only keys. Here a chain is the one
 * without its last lock, and that lock: a tree. It is kept where a record is written, and goes into it at the end.
 * Context of all calls: lock held.
 */

/* A chain; number 0 is the empty one. */
struct lv_chaintree_node {
    uint32_t parent;
    lv_class_id class; /* of the last lock, as are the next two */
    uint8_t mode, flags;
    uint8_t level;   /* as in struct lv_held */
    uint64_t before; /* acquisitions that are not this process's: its parent's, before the fork */
};

int lv_chaintree_init(struct lv_context *ctx) LV_MUST_CHECK;

/* @t learned from @a. Without memory it is not in the record. */
void lv_chaintree_note(struct lv_context *ctx, const struct lv_thread *t, const struct lv_acquisition *a);

/* Class numbers are about to be given to others. */
void lv_chaintree_forget(struct lv_context *ctx);

/* A forked child begins its record: what was counted so far is its parent's. Cost: as lv_counts_sum(). */
void lv_chaintree_begin(struct lv_context *ctx);

/* A line for each chain that this process walked. Context: guard held, too. Cost: as lv_counts_sum(). */
void lv_chaintree_record(struct lv_context *ctx, struct lv_batch **batch);

#endif
