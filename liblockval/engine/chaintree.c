/* SPDX-License-Identifier: MIT */
/*
 * A chain is mostly learned after the one that it goes on. Where locks were released in another order, what is held may be
 * a chain that nobody ever walked: it is put in on the way, and is not counted.
 *
 * Acquisitions are counted by the entries of the threads' caches and by places (engine/counts.h), which name the key of the
 * chain.
 */

#include "engine/chaintree.h"

#include <errno.h>

#include "engine/acquire.h"
#include "engine/counts.h"
#include "engine/record.h"

static struct lv_chaintree_node *node_at(struct lv_context *ctx, uint32_t number)
{
    return lv_vec_at(&ctx->recorder.chains, number);
}

static int put_root(struct lv_context *ctx)
{
    uint32_t unused;

    return lv_vec_add(&ctx->recorder.chains, &unused) != NULL ? 0 : -ENOMEM;
}

int lv_chaintree_init(struct lv_context *ctx)
{
    lv_vec_init(&ctx->recorder.chains, &ctx->arena, sizeof(struct lv_chaintree_node));
    lv_table_init(&ctx->recorder.chain_of, &ctx->arena);
    return put_root(ctx);
}

void lv_chaintree_forget(struct lv_context *ctx)
{
    if (ctx->recorder.chains.count == 0)
        return;
    lv_table_clear(&ctx->recorder.chain_of);
    lv_vec_clear(&ctx->recorder.chains);
    (void)put_root(ctx); /* there is memory for what there was before */
}

/* The number of the chain with the key @key, put in as @node if it is not there; 0 without memory. */
static uint32_t find_or_add(struct lv_context *ctx, uint64_t key, const struct lv_chaintree_node *node)
{
    uint32_t number = lv_table_get(&ctx->recorder.chain_of, key);
    struct lv_chaintree_node *new;

    if (number != 0)
        return number;
    new = lv_vec_add(&ctx->recorder.chains, &number);
    if (new == NULL)
        return 0;
    *new = *node;
    if (lv_table_insert(&ctx->recorder.chain_of, key, number) == 0)
        return number;
    ctx->recorder.chains.count--;
    return 0;
}

/* The number of the chain of what @t holds in its context. */
static uint32_t held(struct lv_context *ctx, const struct lv_thread *t)
{
    uint32_t number = lv_table_get(&ctx->recorder.chain_of, t->key);
    const struct lv_held *last = NULL;

    if (number != 0)
        return number;
    for (uint32_t i = 0; i <= t->depth; i++) {
        const struct lv_held *h = i < t->depth ? &t->held[i] : NULL;

        if (h != NULL && h->level != t->level)
            continue;
        if (last != NULL) {
            const struct lv_chaintree_node node = {
                .parent = number, .class = last->class, .mode = last->mode, .flags = last->flags, .level = last->level
            };

            number = find_or_add(ctx, h != NULL ? h->key_before : t->key, &node);
        }
        last = h;
    }
    return number;
}

void lv_chaintree_note(struct lv_context *ctx, const struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_chaintree_node node = { .class = a->class, .mode = a->mode, .flags = a->flags, .level = t->level };

    if (!__atomic_load_n(&ctx->recorder.on, __ATOMIC_RELAXED) || ctx->recorder.chains.count == 0 ||
        lv_table_get(&ctx->recorder.chain_of, a->key_after) != 0)
        return;
    node.parent = held(ctx, t);
    (void)find_or_add(ctx, a->key_after, &node);
}

/* How often each was walked so far, as an array to give back; null without memory. */
static uint64_t *sums_of(struct lv_context *ctx)
{
    uint64_t *sums = lv_os_map(ctx->recorder.chains.count * sizeof(*sums));

    if (sums == NULL)
        __atomic_fetch_add(&ctx->recorder.lost, 1, __ATOMIC_RELAXED);
    else
        lv_counts_sum_chains(ctx, &ctx->recorder.chain_of, sums);
    return sums;
}

static void give_back(struct lv_context *ctx, uint64_t *sums)
{
    lv_os_unmap(sums, ctx->recorder.chains.count * sizeof(*sums));
}

void lv_chaintree_begin(struct lv_context *ctx)
{
    uint64_t *sums = ctx->recorder.chains.count > 1 ? sums_of(ctx) : NULL;

    if (sums == NULL)
        return;
    for (uint32_t i = 1; i < ctx->recorder.chains.count; i++)
        node_at(ctx, i)->before = sums[i];
    give_back(ctx, sums);
}

static void put_chain(struct lv_context *ctx, struct lv_batch *batch, uint32_t number, uint64_t acquisitions)
{
    struct lv_batch_mark mark = lv_batch_mark(batch);
    struct lv_record_chain line = { .id = number, .level = node_at(ctx, number)->level, .acquisitions = acquisitions };
    struct lv_record_link *links;
    uint32_t at;

    for (at = number; at != 0; at = node_at(ctx, at)->parent)
        line.count++;
    links = lv_batch_alloc(batch, line.count * sizeof(*links));
    if (links == NULL)
        return;
    line.links = links;
    links += line.count;
    for (at = number; at != 0; at = node_at(ctx, at)->parent) {
        const struct lv_chaintree_node *node = node_at(ctx, at);

        *--links = (struct lv_record_link){ .class = lv_record_class(ctx, &batch, node->class),
                                            .mode = (enum lv_mode)node->mode,
                                            .flags = node->flags };
    }
    LV_BATCH_LINE(ctx, batch, lv_record_put_chain, &line);
    lv_batch_forget(batch, mark);
}

void lv_chaintree_record(struct lv_context *ctx, struct lv_batch **batch)
{
    uint64_t *sums = ctx->recorder.chains.count > 1 && lv_batch_need(ctx, batch) ? sums_of(ctx) : NULL;

    if (sums == NULL)
        return;
    for (uint32_t i = 1; i < ctx->recorder.chains.count; i++)
        if (sums[i] > node_at(ctx, i)->before)
            put_chain(ctx, *batch, i, sums[i] - node_at(ctx, i)->before);
    give_back(ctx, sums);
}
