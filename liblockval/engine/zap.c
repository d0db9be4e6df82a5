/* SPDX-License-Identifier: MIT */
/*
 * A number must not be given to another class as long as anything is known by it. Edges and uses are found from the class and
 * go at once. Chains, the threads' caches and witnesses are not; so numbers wait until there are many, and then all chains and
 * caches are forgotten, and the witnesses that no edge names are swept up. Between two such moments a zapped class's chains do
 * no harm, as nobody walks them.
 *
 * What a finding names is kept: its classes' numbers, and edges between two such classes, which are only taken off the graph.
 * Their number is bounded by that of the findings.
 *
 * A lock may outlive its class. Its identity names the number, and its instance number is older than the class that has that
 * number now: so it is told apart, on the slow way only, which it always takes.
 */

#include "engine/zap.h"

#include "engine/acquire.h"
#include "engine/chaintree.h"
#include "engine/lockstat.h"
#include "engine/publish.h"

/* ---- keys ---------------------------------------------------------------------------------------------------------- */

int lv_key_register(struct lv_context *ctx, uintptr_t address)
{
    struct lv_locked locked = lv_context_lock(ctx);
    int r = lv_table_find(&ctx->keys, address) != 0 ? 1 : lv_table_insert(&ctx->keys, address, 1);

    lv_context_unlock(ctx, &locked);
    return r;
}

bool lv_key_is_registered(struct lv_context *ctx, uintptr_t address)
{
    return lv_table_find(&ctx->keys, address) != 0;
}

bool lv_key_unregister(struct lv_context *ctx, uintptr_t address)
{
    struct lv_locked locked = lv_context_lock(ctx);
    bool was = lv_table_find(&ctx->keys, address) != 0;

    if (was)
        lv_table_remove(&ctx->keys, address);
    lv_context_unlock(ctx, &locked);
    return was;
}

/* ---- what is known by a class's number ----------------------------------------------------------------------------- */

static bool is_kept(const struct lv_context *ctx, uint32_t class)
{
    return lv_classes_get(&ctx->classes, (lv_class_id){ class })->kept;
}

static void forget_edge(struct lv_context *ctx, uint32_t number)
{
    const struct lv_edge *edge = lv_digraph_edge(&ctx->graph, number);

    if (is_kept(ctx, edge->from) && is_kept(ctx, edge->to))
        lv_digraph_detach(&ctx->graph, number);
    else
        lv_digraph_remove(&ctx->graph, number);
}

static void forget_edges(struct lv_context *ctx, lv_class_id class)
{
    struct lv_node *node;

    if (class.v >= ctx->graph.nodes.count)
        return;
    node = lv_vec_at(&ctx->graph.nodes, class.v);
    while (node->out != 0)
        forget_edge(ctx, node->out);
    while (node->in != 0)
        forget_edge(ctx, node->in);
    node->passed_by = false;
}

/* A mark for each witness that an edge names, or that was dropped before. */
static void mark_witnesses(struct lv_context *ctx, uint8_t *marks)
{
    struct lv_witnesses *witnesses = &ctx->witnesses;

    for (uint32_t i = 1; i < ctx->graph.edges.count; i++) {
        const struct lv_edge *edge = lv_digraph_edge(&ctx->graph, i);

        for (uint32_t k = 0; k < edge->witness_count; k++)
            marks[lv_edge_witness(edge, k)->id.v] = 1;
    }
    for (uint32_t held = 0; held <= LV_WITNESS_HELD; held++)
        for (uint32_t id = witnesses->dropped[held]; id != 0;
             id = lv_witnesses_get(witnesses, (lv_witness_id){ id })->thread.v)
            marks[id] = 1;
}

/* Without memory for the marks they stay; the next time there may be some. */
static void sweep_witnesses(struct lv_context *ctx)
{
    uint32_t end = lv_witnesses_end(&ctx->witnesses);
    uint8_t *marks = end != 0 ? lv_os_map(end) : NULL;

    if (marks == NULL)
        return;
    mark_witnesses(ctx, marks);
    for (lv_witness_id id = { 0 }; (id = lv_witnesses_next(&ctx->witnesses, id)).v != 0;)
        if (marks[id.v] == 0)
            lv_witnesses_drop(&ctx->witnesses, id);
    lv_os_unmap(marks, end);
}

static void reuse(struct lv_context *ctx)
{
    lv_chains_clear(&ctx->chains);
    lv_chains_clear(&ctx->pairs.chains);
    for (struct lv_thread *t = ctx->threads; t != NULL; t = t->next)
        lv_thread_empty_cache(t);
    sweep_witnesses(ctx);
    lv_lockstat_zap(ctx);
    lv_chaintree_forget(ctx);
    lv_classes_reuse(&ctx->classes);
}

/* ---- zapping ------------------------------------------------------------------------------------------------------- */

/* The base class and all its subclasses. Context: lock held. */
static void zap(struct lv_context *ctx, lv_class_id base)
{
    const struct lv_class *class = lv_classes_get(&ctx->classes, base);

    for (unsigned i = LV_SUBCLASSES; i-- > 0;) {
        if (class->subclasses[i].v == 0)
            continue;
        forget_edges(ctx, class->subclasses[i]);
        lv_uses_forget(&ctx->uses, lv_classes_get(&ctx->classes, class->subclasses[i]));
        lv_classes_zap(&ctx->classes, class->subclasses[i]);
    }
    if (ctx->classes.zapped_count >= LV_CLASSES_BATCH)
        reuse(ctx);
}

void lv_zap_key(struct lv_context *ctx, const struct lv_class_key *key)
{
    struct lv_locked locked = lv_context_lock(ctx);
    lv_class_id class = lv_classes_find(&ctx->classes, key);

    if (class.v != 0)
        zap(ctx, class);
    lv_context_unlock(ctx, &locked);
}

/* Does what names the class lie in the range? Call sites are code, which the modules' numbers tell apart. */
static bool is_in(const struct lv_class *class, uintptr_t start, uintptr_t end)
{
    uintptr_t place = class->key.place + (class->key.module != NULL ? class->key.module->bias : 0);

    return (class->key.origin == LV_CLASS_NAME || class->key.origin == LV_CLASS_STATIC) && class->key.place != 0 &&
           place >= start && place < end;
}

void lv_zap_range(struct lv_context *ctx, uintptr_t start, uintptr_t end)
{
    struct lv_locked locked = lv_context_lock(ctx);

    for (uint32_t i = 1; i < ctx->classes.all.count; i++) {
        const struct lv_class *class = lv_classes_get(&ctx->classes, (lv_class_id){ i });

        if (class->subclass != 0 || class->zapped || class->id.v == 0 || !is_in(class, start, end))
            continue;
        if (class->key.module == NULL)
            lv_table_remove(&ctx->keys, class->key.place);
        zap(ctx, class->id);
    }
    lv_context_unlock(ctx, &locked);
}

static void keep(struct lv_context *ctx, lv_class_id class)
{
    if (class.v != 0)
        lv_classes_get(&ctx->classes, class)->kept = true;
}

void lv_zap_keep(struct lv_context *ctx, const struct lv_finding *finding)
{
    keep(ctx, finding->subject.class);
    keep(ctx, finding->holder.class);
    keep(ctx, finding->limit);
    for (uint32_t i = 0; i < finding->edge_count; i++) {
        keep(ctx, finding->edges[i].held.class);
        keep(ctx, finding->edges[i].wanted.class);
    }
    for (uint32_t i = 0; i < finding->stuck_count; i++) {
        keep(ctx, finding->stuck[i].wanted.class);
        keep(ctx, finding->stuck[i].with.class);
        for (uint32_t j = 0; j < finding->stuck[i].held_count; j++)
            keep(ctx, finding->stuck[i].held[j].class);
    }
}

/* ---- locks that outlive their class -------------------------------------------------------------------------------- */

bool lv_zap_any_gone(const struct lv_context *ctx, const struct lv_thread *t)
{
    if (LV_LIKELY(!__atomic_load_n(&ctx->classes.any_zapped, __ATOMIC_RELAXED)))
        return false;
    for (uint32_t i = 0; i < t->depth; i++)
        if (lv_class_is_gone(&ctx->classes, t->held[i].base, t->held[i].uid))
            return true;
    return false;
}

bool lv_zap_is_gone(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_held_record record;

    if (LV_LIKELY(!lv_class_is_gone(&ctx->classes, a->base, a->uid)))
        return false;
    record = lv_acquisition_record(t, a);
    record.stack.v = 0;
    /* The number may be another class's by now. */
    if (!__atomic_load_n(&lv_classes_get(&ctx->classes, a->base)->zapped, __ATOMIC_RELAXED))
        record.class.v = 0;
    lv_finding_about(ctx, t, LV_FINDING_LIFETIME, &record, a->site,
                     "is being taken, but the key of its class was unregistered");
    return true;
}
