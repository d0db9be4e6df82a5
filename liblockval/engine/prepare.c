/* SPDX-License-Identifier: MIT */
/*
 * What a report names, walked over before it is made. What is left out here is not missing in the report: its symbols are
 * read under the lock then.
 */

#include "engine/resolve.h"
#include "engine/resolve_stuck.h"
#include "engine/symbols.h"

static void prepare_class(struct lv_context *ctx, lv_class_id id)
{
    if (id.v != 0)
        lv_symbols_prepare(ctx, lv_classes_get(&ctx->classes, id)->key.module);
}

static void prepare_lock(struct lv_context *ctx, const struct lv_held_record *record)
{
    prepare_class(ctx, record->class);
    lv_symbols_prepare_stack(ctx, record->stack);
}

static void prepare_use(struct lv_context *ctx, const struct lv_use *use)
{
    prepare_lock(ctx, &use->record);
    lv_symbols_prepare_stack(ctx, use->at);
}

void lv_resolve_prepare_stuck(struct lv_context *ctx, const struct lv_stuck *stuck, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        prepare_lock(ctx, &stuck[i].wanted);
        prepare_lock(ctx, &stuck[i].with);
        for (uint32_t j = 0; j < stuck[i].held_count; j++)
            prepare_lock(ctx, &stuck[i].held[j]);
    }
}

void lv_resolve_prepare(struct lv_context *ctx, const struct lv_thread *t, const struct lv_finding *finding)
{
    for (uint32_t i = 0; i < finding->edge_count; i++) {
        prepare_lock(ctx, &finding->edges[i].held);
        prepare_lock(ctx, &finding->edges[i].wanted);
    }
    for (uint32_t i = 0; i < t->depth; i++) {
        prepare_class(ctx, t->held[i].class);
        lv_symbols_prepare_stack(ctx, t->held[i].stack);
    }
    lv_resolve_prepare_stuck(ctx, finding->stuck, finding->stuck_count);
    prepare_lock(ctx, &finding->subject);
    prepare_lock(ctx, &finding->holder);
    prepare_use(ctx, &finding->inside);
    prepare_use(ctx, &finding->open);
    lv_symbols_prepare_stack(ctx, finding->at);
}
