/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_RESOLVE_H
#define LV_ENGINE_RESOLVE_H

#include "check/finding.h"
#include "engine/advise.h"
#include "engine/thread.h"

/* Make of @finding, which @t made now, a report: every id becomes what a reader sees, in @memory. What does not fit is
 * left out. @counted: see engine/advise.h. Context: lock held. Cost: looks up symbols; the first look-up in a module reads its
 * symbol table, unless lv_resolve_prepare() did. */
void lv_resolve(struct lv_context *ctx, const struct lv_thread *t, const struct lv_finding *finding,
                const struct lv_counted *counted, void *memory, size_t size, struct lv_report *ret);

/* Read the symbols that @finding's report will need. Context: lock not held, guard held, registered thread. */
void lv_resolve_prepare(struct lv_context *ctx, const struct lv_thread *t, const struct lv_finding *finding);

/* What kind of step a finding's edge is. Context: lock held. */
enum lv_report_edge_kind lv_resolve_edge_kind(const struct lv_context *ctx, const struct lv_finding_edge *edge);

/* Only what the thread @thread holds, the @count locks of @records: fills in @ret's thread and held locks, each with the frame
 * at which it was taken. Context: lock held. */
void lv_resolve_held(struct lv_context *ctx, lv_thread_id thread, const struct lv_held_record *records, uint32_t count,
                     void *memory, size_t size, struct lv_report *ret);

/* What a class is called in reports; @out is appended to. Context: lock held. */
void lv_class_name(const struct lv_class *class, struct lv_text *out);

/* By which rule the class was formed: "static (transfer)", "init at acct_new+0x33 (transfer), through the wrapper mutex_new",
 * "first taken at ...", "named by lockval.h". Context: lock held. */
void lv_class_origin(struct lv_context *ctx, const struct lv_class *class, struct lv_text *out);

/*
 * The class key that is the same in another run of the same build (design: static:, init:, lock:, name:), and the one
 * that is the same in another build (module, symbol, ordinal). Context: lock held.
 */
void lv_class_run_key(const struct lv_class *class, struct lv_text *out);
void lv_class_stable_key(struct lv_context *ctx, struct lv_class *class, struct lv_text *out);

/* Did this run meet the classes of @class's origin and kind in its function in another order than that of their places? Then the
 * numbers in their stable keys may be others in another run. Cost: a look at all classes. Context: lock held. */
bool lv_class_is_out_of_order(struct lv_context *ctx, const struct lv_class *class);

/* "post_entry+0x41 (transfer)"; for a return address, in the module that was born with the number @born. Context: lock
 * held. */
void lv_frame_name(struct lv_context *ctx, uintptr_t frame, uint32_t born, struct lv_text *out);

#endif
