/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_RECORD_H
#define LV_ENGINE_RECORD_H

#include "check/finding.h"
#include "engine/batch.h"
#include "engine/thread.h"

/*
 * What is learned, from the tables to lines of the record (docs/record-format.md). Each call writes what the line refers to as
 * well, unless it stands in this process's record already, and does nothing where no record is written. A null batch is made
 * when there is something to put into it; lv_batch_send() writes it after the lock was dropped.
 * Context of all calls: lock held, guard held, unless they say something else.
 */

/* The class is new, or its usage or standing changed: its line. Returns its number in the record; 0: it has none. */
uint32_t lv_record_class(struct lv_context *ctx, struct lv_batch **batch, lv_class_id class);

/* The same of the class @base and its subclasses. */
void lv_record_classes_of(struct lv_context *ctx, struct lv_batch **batch, lv_class_id base);

/* The edge is new, has another mode, or keeps @witness from now on; null: no witness. */
void lv_record_edge(struct lv_context *ctx, struct lv_batch **batch, const struct lv_edge *edge,
                    const struct lv_edge_witness *witness);

/* @use is new. */
void lv_record_use(struct lv_context *ctx, struct lv_batch **batch, const struct lv_use *use);

uint32_t lv_record_stack(struct lv_context *ctx, struct lv_batch **batch, lv_stack_id stack);
uint32_t lv_record_thread(struct lv_context *ctx, struct lv_batch **batch, lv_thread_id thread);

/* The thread's line if its name is another one since that was written. */
void lv_record_name(struct lv_context *ctx, struct lv_batch **batch, lv_thread_id thread);

/* A lock as an acquisition has it; @told: with what a finding says of it. What has no class is no lock: its address is kept. */
struct lv_record_lock lv_record_lock_of(struct lv_context *ctx, struct lv_batch *batch,
                                        const struct lv_held_record *record, bool told);

/* "<build-id>+0x<offset>" of an address in the module that was born with the number @born; @returns: it is a return
 * address. */
const char *lv_record_place(struct lv_context *ctx, struct lv_batch *batch, uintptr_t address, bool returns,
                            uint32_t born);

/* The call that returns to @site, in the module that was born with the number @born, as a frame of a stack; 0: none. */
void lv_record_site(struct lv_context *ctx, struct lv_batch *batch, uintptr_t site, uint32_t born,
                    struct lv_record_frame *ret);

/* The place of the function that a thread began with, or "". */
const char *lv_record_start(struct lv_context *ctx, struct lv_batch *batch, const struct lv_thread_info *info);

/*
 * A finding, in two steps, as the report's text is made after the lock was dropped: what the line is made of, in the batch's
 * memory; null: no record is written. Then the line, context: lock not held. @before: the verdict it had; null: it is new.
 */
struct lv_record_finding;
struct lv_record_finding *lv_record_finding_of(struct lv_context *ctx, struct lv_batch **batch,
                                               const struct lv_thread *t, const struct lv_finding *finding,
                                               const struct lv_report *report, const enum lv_verdict *before);
void lv_record_finding(struct lv_context *ctx, struct lv_batch *batch, struct lv_record_finding *line, bool counts,
                       const char *text);

/* Read the symbols that the line of @class needs, before the lock is taken. Context: lock not held. */
void lv_record_prepare(struct lv_context *ctx, lv_class_id class);

#endif
