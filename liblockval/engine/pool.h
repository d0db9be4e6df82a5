/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_POOL_H
#define LV_ENGINE_POOL_H

#include "check/finding.h"
#include "engine/thread.h"

/*
 * The memory of a report that is being made, and what all parts of a report are made of: texts, stacks, classes, locks,
 * threads. What does not fit is left out: then a call returns null or "?", or leaves an empty stack.
 * Context of all calls: lock held.
 */
struct lv_pool {
    struct lv_context *ctx;
    char *at;
    char *end;
    const struct lv_report_class **classes; /* those made so far, */
    lv_class_id *class_ids;                 /* and their ids */
    uint32_t class_count, class_room;
};

void *lv_pool_take(struct lv_pool *p, size_t size);

/* A text that grows at the pool's front; the second call gives the rest back. Nothing else is taken in between. */
struct lv_text lv_pool_text(struct lv_pool *p);
const char *lv_pool_end_text(struct lv_pool *p, const struct lv_text *text);

/* Room for so many distinct classes. Once, before the first class or lock. */
void lv_pool_room_for_classes(struct lv_pool *p, uint32_t count);

void lv_pool_stack(struct lv_pool *p, lv_stack_id id, struct lv_report_stack *ret);

/* Null for id 0. */
const struct lv_report_class *lv_pool_class(struct lv_pool *p, lv_class_id id, enum lv_kind kind);
void lv_pool_lock(struct lv_pool *p, const struct lv_held_record *record, struct lv_report_lock *ret);
struct lv_report_thread lv_pool_thread(struct lv_pool *p, lv_thread_id id);

/* Of the class's stable key, for fingerprints. */
uint64_t lv_pool_stable_hash(struct lv_pool *p, lv_class_id id);

#endif
