/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_BATCH_H
#define LV_ENGINE_BATCH_H

#include "base/text.h"
#include "base/types.h"

/*
 * Lines of the record between the internal lock and the file: they are put into a batch under the lock and written when it
 * was dropped, so that a slow disk holds up nobody but the thread that writes. A batch is its thread's own. Beside the lines it
 * has memory for what they are made of.
 */
struct lv_context;
struct lv_batch;

/* A batch in *@batch if there is none; false when there is none to be had: no record is written by this process, or memory
 * ran out. Context: lock held. */
bool lv_batch_need(struct lv_context *ctx, struct lv_batch **batch);

/* Write what is in *@batch, in writes of whole lines, and be rid of it; null: nothing. Signals are blocked meanwhile: a handler
 * must not jump away from lines that are noted as written. Context: lock not held, guard held. */
void lv_batch_send(struct lv_context *ctx, struct lv_batch **batch);

/* The witness that was put into the batch last, and its number in the record: edges that it is kept for follow each other. Who
 * drops the lock and takes it again forgets it, as the number may be another witness's then. */
struct lv_batch_witness {
    uint32_t id, number;
};
struct lv_batch_witness *lv_batch_witness(struct lv_batch *batch);

/* @size zeroed bytes; null without memory. They are good until lv_batch_forget() with an earlier mark. */
void *lv_batch_alloc(struct lv_batch *batch, size_t size);

/* What was allocated since the mark is not needed any more. */
struct lv_batch_mark {
    void *block;
    size_t used;
};
struct lv_batch_mark lv_batch_mark(const struct lv_batch *batch);
void lv_batch_forget(struct lv_batch *batch, struct lv_batch_mark mark);

/* A text that grows in the batch's memory, LV_BATCH_TEXT bytes at most. lv_batch_text() ends it; "" without memory. Nothing else
 * is allocated in between. */
enum {
    LV_BATCH_TEXT = 4096
};
struct lv_text lv_batch_begin_text(struct lv_batch *batch);
const char *lv_batch_text(struct lv_batch *batch, const struct lv_text *text);

/*
 * A line, rendered by @put (report/record.h) from @line. Where it does not fit it is rendered once more with more room; without
 * memory for that it is counted as lost. Written as a loop, as each kind of line has a type of its own.
 */
#define LV_BATCH_LINE(ctx, batch, put, line)                                                                          \
    for (struct lv_text text_ = lv_batch_begin_line(batch); text_.buf != NULL; lv_batch_end_line(ctx, batch, &text_)) \
    put(line, lv_recorder_by(ctx), &text_)

struct lv_text lv_batch_begin_line(struct lv_batch *batch);
void lv_batch_end_line(struct lv_context *ctx, struct lv_batch *batch, struct lv_text *text);

#endif
