/* SPDX-License-Identifier: MIT */
/*
 * What a thread may still spend on a class is in a table, under class and thread; when a class has been looked at often enough
 * by all together, it leaves the watch. A thread whose budget is spent has its acquisitions in the cache again, so it comes no
 * more; until then they are not remembered.
 *
 * An acquisition that leaves a new witness costs nothing of the thread's budget: a program that goes through many locks of a
 * class one after another is followed as long as it tells something.
 */

#include "engine/watch.h"

#include "check/verdict.h"

void lv_watch_init(struct lv_context *ctx)
{
    ctx->watch = (struct lv_watch){ 0 };
    lv_table_init(&ctx->watch.used, &ctx->arena);
}

static struct lv_class *class_of(const struct lv_context *ctx, lv_class_id class)
{
    return lv_classes_get(&ctx->classes, class);
}

static bool is_watched(const struct lv_context *ctx, lv_class_id class)
{
    return __atomic_load_n(&class_of(ctx, class)->watch_left, __ATOMIC_RELAXED) != 0;
}

static void unwatch(struct lv_context *ctx, struct lv_class *class)
{
    if (class->watch_left == 0)
        return;
    __atomic_store_n(&class->watch_left, 0, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&ctx->watch.classes, 1, __ATOMIC_RELAXED);
}

/* Can more witnesses change the verdict? Not where it does not come from them. */
static bool can_be_upgraded(const struct lv_context *ctx, const struct lv_finding *finding)
{
    return (finding->kind == LV_FINDING_CIRCULAR || finding->kind == LV_FINDING_RECURSIVE) && finding->edge_count > 1 &&
           finding->edge_numbers != NULL && finding->verdict < LV_VERDICT_FEASIBLE && !finding->timed &&
           !ctx->options.strict;
}

/* @class goes under watch. Returns whether it was not, and never was: a watch that has ended is not begun again. */
static bool watch_class(struct lv_context *ctx, struct lv_class *class)
{
    if (class->watch_begun)
        return false;
    class->watch_begun = true;
    __atomic_store_n(&class->watch_left, LV_WATCH_CLASS, __ATOMIC_RELAXED);
    __atomic_fetch_add(&ctx->watch.classes, 1, __ATOMIC_RELAXED);
    return true;
}

void lv_watch_begin(struct lv_context *ctx, struct lv_made *made)
{
    const struct lv_finding *finding = &made->finding;
    bool fresh = false;

    if (!can_be_upgraded(ctx, finding))
        return;
    made->open = true;
    ctx->watch.open++;
    for (uint32_t i = 0; i < finding->edge_count; i++)
        fresh |= watch_class(ctx, class_of(ctx, finding->edges[i].held.class));
    for (struct lv_thread *t = fresh ? ctx->threads : NULL; t != NULL; t = t->next)
        lv_thread_empty_cache(t);
}

void lv_watch_after_fork(struct lv_context *ctx)
{
    for (uint32_t i = 1; i < ctx->classes.all.count; i++) {
        struct lv_class *class = class_of(ctx, (lv_class_id){ i });

        unwatch(ctx, class);
        class->watch_begun = false;
    }
    lv_table_clear(&ctx->watch.used);
    ctx->watch.open = 0;
    ctx->watch.dirty = false;
}

static bool holds_watched(const struct lv_context *ctx, const struct lv_thread *t)
{
    for (uint32_t i = t->depth; i-- > 0;)
        if (is_watched(ctx, t->held[i].class))
            return true;
    return false;
}

static uint64_t used_key(const struct lv_thread *t, const struct lv_acquisition *a)
{
    return (uint64_t)a->class.v << 32 | t->info.v;
}

bool lv_watch_wants_slow(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    bool wanted;

    if (!is_watched(ctx, a->class) || !holds_watched(ctx, t))
        return false;
    t->guard++;
    wanted = lv_table_find(&ctx->watch.used, used_key(t, a)) <= LV_WATCH_THREAD;
    t->guard--;
    return wanted;
}

void lv_watch_charge(struct lv_context *ctx, const struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_class *class = class_of(ctx, a->class);
    uint64_t key = used_key(t, a);

    if (class->watch_left == 1)
        unwatch(ctx, class);
    else if (class->watch_left != 0)
        __atomic_store_n(&class->watch_left, class->watch_left - 1, __ATOMIC_RELAXED);
    /* Without memory for the budget the watch ends: it must be bounded. */
    if (!ctx->watch.news && lv_table_insert(&ctx->watch.used, key, lv_table_find(&ctx->watch.used, key) + 1) < 0)
        unwatch(ctx, class);
    ctx->watch.news = false;
}

/* Findings of @kind with the edge number @edge have a new witness. */
static void note(struct lv_context *ctx, enum lv_finding_kind kind, uint32_t edge)
{
    ctx->watch.news = true;
    for (uint32_t i = 0; ctx->watch.open != 0 && i < ctx->made.count; i++) {
        struct lv_made *made = lv_vec_at(&ctx->made, i);

        if (!made->open || made->finding.kind != kind)
            continue;
        for (uint32_t j = 0; j < made->finding.edge_count; j++)
            made->dirty |= made->finding.edge_numbers[j] == edge;
        ctx->watch.dirty |= made->dirty;
    }
}

void lv_watch_note(struct lv_context *ctx, uint32_t edge)
{
    note(ctx, LV_FINDING_CIRCULAR, edge);
}

void lv_watch_note_pair(struct lv_context *ctx)
{
    if (ctx->pairs.news != 0)
        note(ctx, LV_FINDING_RECURSIVE, ctx->pairs.news);
    ctx->pairs.news = 0;
}

/* Does the number still stand for the edge that is shown? What is forgotten about a class or an instance takes its edges with
 * it. */
static bool is_its_edge(const struct lv_context *ctx, enum lv_finding_kind kind, uint32_t number,
                        const struct lv_finding_edge *shown)
{
    const struct lv_edge *edge;

    if (kind == LV_FINDING_RECURSIVE)
        return lv_pairs_is(&ctx->pairs, number, shown->held.uid, shown->wanted.uid);
    edge = lv_digraph_edge(&ctx->graph, number);
    return edge->from == shown->held.class.v && edge->to == shown->wanted.class.v;
}

static bool has_its_edges(const struct lv_context *ctx, const struct lv_finding *finding)
{
    for (uint32_t i = 0; i < finding->edge_count; i++)
        if (!is_its_edge(ctx, finding->kind, finding->edge_numbers[i], &finding->edges[i]))
            return false;
    return true;
}

/* Judge @made again. Returns whether its verdict is higher now, and was @ret_before. */
static bool is_upgraded(struct lv_context *ctx, struct lv_made *made, enum lv_verdict *ret_before)
{
    const struct lv_finding before = made->finding;
    struct lv_check check = lv_context_check(ctx);

    made->dirty = false;
    *ret_before = before.verdict;
    if (!has_its_edges(ctx, &made->finding)) {
        made->open = false;
        ctx->watch.open--;
        return false;
    }
    if (before.kind == LV_FINDING_RECURSIVE)
        check = lv_check_instances(&check, &ctx->pairs, before.edges[0].held.class);
    if (lv_verdict_judge(&check, &made->finding, (struct lv_edge_witness){ 0 }))
        return true;
    /* It may be the same for other reasons, or lower because the judge gave up: what was said stays. */
    made->finding.verdict = before.verdict;
    made->finding.reason_count = before.reason_count;
    made->finding.acquisition_count = before.acquisition_count;
    for (uint32_t i = 0; i < LV_FINDING_REASONS; i++)
        made->finding.reasons[i] = before.reasons[i];
    return false;
}

bool lv_watch_judge(struct lv_context *ctx, const struct lv_thread *t, struct lv_findings *findings)
{
    bool upgraded = false;

    if (LV_LIKELY(!ctx->watch.dirty))
        return false;
    ctx->watch.dirty = false;
    for (uint32_t i = 0; i < ctx->made.count; i++) {
        struct lv_made *made = lv_vec_at(&ctx->made, i);
        enum lv_verdict before;

        if (!made->dirty || !is_upgraded(ctx, made, &before))
            continue;
        if (made->finding.verdict >= LV_VERDICT_FEASIBLE) {
            made->open = false;
            ctx->watch.open--;
        }
        lv_findings_upgrade(ctx, findings, t, made, before);
        upgraded = true;
    }
    return upgraded;
}
