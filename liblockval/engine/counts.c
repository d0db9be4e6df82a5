/* SPDX-License-Identifier: MIT */
/*
 * The states of threads are type-stable and their caches are never given back, so all can be read at any time. Their owners
 * change them meanwhile: an entry is taken as it is only if its tag was the same before and after; the owner clears the tag
 * before it changes the rest (lv_cache_set()). A cache is replaced by a larger one, and the mask after it: the mask is read
 * first.
 */

#include "engine/counts.h"

#include <errno.h>

#include "base/hash.h"
#include "engine/thread.h"

int lv_counts_init(struct lv_counts *counts, struct lv_arena *arena)
{
    uint32_t unused;

    lv_table_init(&counts->links_of, arena);
    lv_table_init(&counts->place_at, arena);
    lv_vec_init(&counts->links, arena, sizeof(struct lv_link));
    lv_vec_init(&counts->places, arena, sizeof(struct lv_place));
    return lv_vec_add(&counts->links, &unused) != NULL && lv_vec_add(&counts->places, &unused) != NULL ? 0 : -ENOMEM;
}

size_t lv_counts_bytes(const struct lv_counts *counts)
{
    return counts->links_of.bytes + lv_vec_bytes(&counts->links) + lv_vec_bytes(&counts->places) +
           counts->place_at.bytes;
}

uint32_t lv_counts_begin(const struct lv_counts *counts)
{
    return counts->links.count;
}

void lv_counts_link(struct lv_counts *counts, uint32_t from, uint32_t to)
{
    uint32_t unused;
    struct lv_link *link = lv_vec_add(&counts->links, &unused);

    if (link != NULL)
        *link = (struct lv_link){ .from = from, .to = to };
}

/* What the place of a chain taken from the site of @stack is found by; 0: there is none. */
static uint64_t place_key(const struct lv_context *ctx, uint64_t chain, lv_stack_id id)
{
    const struct lv_stack *stack = lv_stacks_get(&ctx->stacks, id);

    if (stack == NULL || chain == 0)
        return 0;
    return lv_counts_place(chain, lv_modules_now(&ctx->modules) != 0 ? lv_stack_born(stack, 0) : 0, stack->frames[0]);
}

lv_stack_id lv_counts_stack_at(const struct lv_context *ctx, uint64_t place)
{
    uint32_t number = lv_table_find(&ctx->counts.place_at, place);

    return number != 0 ? ((const struct lv_place *)lv_vec_at(&ctx->counts.places, number))->stack : (lv_stack_id){ 0 };
}

int lv_counts_note_place(struct lv_context *ctx, uint64_t place, uint64_t chain, lv_stack_id stack)
{
    struct lv_counts *counts = &ctx->counts;
    struct lv_place *new;
    uint32_t number;

    if (lv_table_get(&counts->place_at, place) != 0)
        return 0;
    new = lv_vec_add(&counts->places, &number);
    if (new == NULL)
        return -ENOMEM;
    *new = (struct lv_place){ .chain = chain,
                              .stack = stack,
                              .links = chain != 0 ? lv_table_get(&counts->links_of, chain) : 0 };
    if (lv_table_insert(&counts->place_at, place, number) == 0)
        return 0;
    counts->places.count--;
    return -ENOMEM;
}

void lv_counts_end(struct lv_context *ctx, uint32_t begun, const struct lv_acquisition *a)
{
    struct lv_counts *counts = &ctx->counts;

    if (counts->links.count == begun)
        return;
    /* Whoever finds the chain without the lock finds where its links end. */
    ((struct lv_link *)lv_vec_at(&counts->links, counts->links.count - 1))->last = true;
    /* A chain that is known made these edges before. */
    if (a->key_after == 0 || lv_table_get(&counts->links_of, a->key_after) != 0 ||
        lv_table_insert(&counts->links_of, a->key_after, begun) < 0) {
        counts->links.count = begun;
    }
}

static void add_hits(struct lv_context *ctx, uint64_t chain, lv_stack_id stack, uint32_t hits)
{
    uint64_t key = place_key(ctx, chain, stack);
    uint32_t number = key != 0 ? lv_table_find(&ctx->counts.place_at, key) : 0;

    if (number != 0)
        __atomic_fetch_add(&((struct lv_place *)lv_vec_at(&ctx->counts.places, number))->hits, hits, __ATOMIC_RELAXED);
}

void lv_counts_uncached(struct lv_context *ctx, const struct lv_acquisition *a)
{
    add_hits(ctx, a->key_after, a->stack, 1);
}

/* Entries of events have no chain. */
void lv_counts_evict(struct lv_context *ctx, const struct lv_cache_slot *slot)
{
    if (slot->tag != 0)
        add_hits(ctx, slot->key_after, slot->stack, slot->hits);
}

void lv_counts_add_site(const struct lv_context *ctx, struct lv_edge_count *edge, lv_stack_id id)
{
    const struct lv_stack *stack = lv_stacks_get(&ctx->stacks, id);

    if (stack == NULL || stack->count == 0)
        return;
    edge->stack = id;
    for (uint32_t i = 0; i < edge->sites; i++)
        if (edge->site[i] == stack->frames[0])
            return;
    if (edge->sites < LV_COUNT_SITES)
        edge->site[edge->sites++] = stack->frames[0];
    else
        edge->more_sites = true;
}

/* What is collected, and which chains can make it. */
struct collecting {
    struct lv_edge_count *edges;
    uint32_t n;
    uint64_t filter[64]; /* a bit for each chain that makes one of the edges, by the low bits of its key */
};

static uint64_t filter_bit(uint64_t chain)
{
    return UINT64_C(1) << (chain & 63);
}

static uint64_t *filter_word(struct collecting *c, uint64_t chain)
{
    return &c->filter[chain >> 6 & 63];
}

/* @hits acquisitions, from the site of @stack, made the edges from link @number on. Returns whether one is collected. */
static bool add(const struct lv_context *ctx, struct collecting *c, uint32_t number, lv_stack_id stack, uint64_t hits)
{
    const struct lv_link *link;
    bool makes = false;

    if (number == 0)
        return false;
    do {
        link = lv_vec_at(&ctx->counts.links, number++);
        for (uint32_t i = 0; i < c->n; i++) {
            if (c->edges[i].from != link->from || c->edges[i].to != link->to)
                continue;
            makes = true;
            if (hits == 0)
                continue;
            c->edges[i].hits += hits;
            lv_counts_add_site(ctx, &c->edges[i], stack);
        }
    } while (!link->last);
    return makes;
}

/* Read an entry of another thread's cache. False: it is empty, or is being changed. */
static bool read_slot(const struct lv_cache_slot *slot, struct lv_cache_slot *ret)
{
    ret->tag = __atomic_load_n(&slot->tag, __ATOMIC_ACQUIRE);
    if (ret->tag == 0)
        return false;
    ret->key_after = __atomic_load_n(&slot->key_after, __ATOMIC_RELAXED);
    ret->stack.v = __atomic_load_n(&slot->stack.v, __ATOMIC_RELAXED);
    ret->hits = __atomic_load_n(&slot->hits, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&slot->tag, __ATOMIC_RELAXED) == ret->tag;
}

/* Every chain that makes edges has a place. */
static void collect_places(struct lv_context *ctx, struct collecting *c)
{
    uint32_t count = __atomic_load_n(&ctx->counts.places.count, __ATOMIC_ACQUIRE);

    for (uint32_t i = 1; i < count; i++) {
        const struct lv_place *place = lv_vec_at(&ctx->counts.places, i);

        if (add(ctx, c, place->links, place->stack, __atomic_load_n(&place->hits, __ATOMIC_RELAXED)))
            *filter_word(c, place->chain) |= filter_bit(place->chain);
    }
}

/* There may be millions of entries, and nearly all are of other chains. */
static void collect_cache(struct lv_context *ctx, struct collecting *c, const struct lv_thread *t)
{
    uint64_t mask = __atomic_load_n(&t->cache_mask, __ATOMIC_ACQUIRE);
    const struct lv_cache_slot *cache = __atomic_load_n(&t->cache, __ATOMIC_ACQUIRE);
    struct lv_cache_slot slot;

    for (uint64_t i = 0; i <= mask; i++) {
        uint64_t chain = __atomic_load_n(&cache[i].key_after, __ATOMIC_RELAXED);

        if (LV_UNLIKELY((*filter_word(c, chain) & filter_bit(chain)) != 0) && read_slot(&cache[i], &slot))
            (void)add(ctx, c, lv_table_find(&ctx->counts.links_of, slot.key_after), slot.stack, slot.hits);
    }
}

void lv_counts_collect(struct lv_context *ctx, struct lv_edge_count *edges, uint32_t n)
{
    struct collecting c = { edges, n, { 0 } };

    if (n == 0)
        return;
    collect_places(ctx, &c);
    for (const struct lv_thread *t = __atomic_load_n(&ctx->threads, __ATOMIC_ACQUIRE); t != NULL; t = t->next)
        collect_cache(ctx, &c, t);
}

static void sum(const struct lv_context *ctx, struct lv_edge_sum *sums, uint32_t number, uint64_t hits)
{
    const struct lv_link *link;

    if (number == 0 || hits == 0)
        return;
    do {
        link = lv_vec_at(&ctx->counts.links, number++);
        sums[lv_digraph_find(&ctx->graph, link->from, link->to)].hits += hits;
    } while (!link->last);
}

/* An edge that was removed is number 0. */
void lv_counts_sum(struct lv_context *ctx, struct lv_edge_sum *sums)
{
    struct lv_counts *counts = &ctx->counts;
    struct lv_cache_slot slot;

    for (uint32_t i = 1; i < counts->links.count; i++) {
        const struct lv_link *link = lv_vec_at(&counts->links, i);

        sums[lv_digraph_find(&ctx->graph, link->from, link->to)].chains++;
    }
    for (uint32_t i = 1; i < counts->places.count; i++) {
        const struct lv_place *place = lv_vec_at(&counts->places, i);

        sum(ctx, sums, place->links, __atomic_load_n(&place->hits, __ATOMIC_RELAXED));
    }
    for (const struct lv_thread *t = ctx->threads; t != NULL; t = t->next) {
        uint64_t mask = __atomic_load_n(&t->cache_mask, __ATOMIC_ACQUIRE);
        const struct lv_cache_slot *cache = __atomic_load_n(&t->cache, __ATOMIC_ACQUIRE);

        for (uint64_t i = 0; i <= mask; i++)
            if (read_slot(&cache[i], &slot))
                sum(ctx, sums, lv_table_get(&counts->links_of, slot.key_after), slot.hits);
    }
}

void lv_counts_sum_chains(struct lv_context *ctx, const struct lv_table *number_of, uint64_t *sums)
{
    struct lv_cache_slot slot;

    for (uint32_t i = 1; i < ctx->counts.places.count; i++) {
        const struct lv_place *place = lv_vec_at(&ctx->counts.places, i);

        if (place->chain != 0)
            sums[lv_table_get(number_of, place->chain)] += __atomic_load_n(&place->hits, __ATOMIC_RELAXED);
    }
    for (const struct lv_thread *t = ctx->threads; t != NULL; t = t->next) {
        uint64_t mask = __atomic_load_n(&t->cache_mask, __ATOMIC_ACQUIRE);
        const struct lv_cache_slot *cache = __atomic_load_n(&t->cache, __ATOMIC_ACQUIRE);

        for (uint64_t i = 0; i <= mask; i++)
            if (read_slot(&cache[i], &slot) && slot.key_after != 0)
                sums[lv_table_get(number_of, slot.key_after)] += slot.hits;
    }
}
