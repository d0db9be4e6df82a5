/* SPDX-License-Identifier: MIT */
/*
 * The owner alone changes its cache; what others read of it are counts (engine/counts.c). The guard is held while entries move,
 * so that no signal handler finds the cache between two states.
 *
 * A look beside costs several times what the fast path takes, so it counts as a miss, and the cache grows by it: in a larger
 * one the chains lie apart. Only in one that has its full size some stay beside for good.
 */

#include "engine/cache.h"

#include "engine/counts.h"

enum {
    GROUP = 4,         /* neighbours; a power of 2 */
    PLACES = 2 * GROUP /* that an entry may lie at */
};

/*
 * Number @i of the places of @tag; 0 is its own. Half of them lie about that one, half where other bits of the tag say: among
 * thousands of chains some five meet in one group, and they would throw each other out for good in a cache that has its full
 * size. Both of its groups are hardly ever full in a cache that has room. Idea: hashing with two choices (Azar, Broder,
 * Karlin, Upfal: Balanced Allocations).
 */
static struct lv_cache_slot *place(struct lv_cache_slot *cache, uint64_t mask, uint64_t tag, uint64_t i)
{
    return &cache[((i < GROUP ? tag : tag >> 32) & mask) ^ (i % GROUP)];
}

/* Where the entry of @tag goes that lies at number @at of a cache half as large: into the same of its two groups. */
static struct lv_cache_slot *free_place(struct lv_cache_slot *cache, uint64_t mask, uint64_t tag, uint64_t at)
{
    uint64_t first = ((tag ^ at) & (mask >> 1) & ~(uint64_t)(GROUP - 1)) == 0 ? 0 : GROUP;

    for (uint64_t i = first; i < first + GROUP; i++)
        if (place(cache, mask, tag, i)->tag == 0)
            return place(cache, mask, tag, i);
    return NULL;
}

static struct lv_cache_slot *find(const struct lv_thread *t, uint64_t tag)
{
    uint64_t mask = t->cache_mask;
    struct lv_cache_slot *cache;

    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a handler that makes it larger stores the mask last */
    cache = t->cache;
    for (uint64_t i = 0; i < PLACES; i++)
        if (place(cache, mask, tag, i)->tag == tag)
            return place(cache, mask, tag, i);
    return NULL;
}

/* Let the cache be twice as large if it missed often. Context: guard held. */
static void grow(struct lv_context *ctx, struct lv_thread *t)
{
    uint64_t size = t->cache_mask + 1;
    struct lv_cache_slot *cache;
    struct lv_locked locked;

    if (++t->cache_misses < size || size >= LV_CACHE_LAST)
        return;
    t->cache_misses = 0;
    locked = lv_context_lock(ctx);
    cache = lv_arena_alloc(&ctx->arena, size * 2 * sizeof(*cache));
    lv_context_unlock(ctx, &locked);
    if (cache == NULL)
        return;
    /* A group becomes two, which have room for all of it. */
    for (uint64_t i = 0; i < size; i++)
        if (t->cache[i].tag != 0)
            *free_place(cache, size * 2 - 1, t->cache[i].tag, i) = t->cache[i];
    __atomic_store_n(&t->cache, cache, __ATOMIC_RELEASE);
    __atomic_store_n(&t->cache_mask, size * 2 - 1, __ATOMIC_RELEASE);
}

bool lv_cache_hit_beside(struct lv_context *ctx, struct lv_thread *t, uint64_t tag, lv_stack_id *ret_stack,
                         uint64_t *ret_key)
{
    struct lv_cache_slot *slot;

    t->guard++;
    slot = find(t, tag);
    if (slot != NULL) {
        slot->hits++;
        *ret_stack = slot->stack;
        *ret_key = slot->key_after;
        grow(ctx, t);
    }
    t->guard--;
    return slot != NULL;
}

bool lv_cache_has(const struct lv_thread *t, uint64_t tag)
{
    return find(t, tag) != NULL;
}

void lv_cache_add(struct lv_context *ctx, struct lv_thread *t, uint64_t tag, uint64_t key_after, lv_stack_id stack)
{
    struct lv_cache_slot *own = find(t, tag), *aside = NULL, moved;

    if (own != NULL) {
        lv_cache_set(own, tag, key_after, stack, own->hits + 1);
        return;
    }
    grow(ctx, t);
    own = place(t->cache, t->cache_mask, tag, 0);
    moved = *own;
    for (uint64_t i = 1; i < PLACES && moved.tag != 0 && aside == NULL; i++)
        if (place(t->cache, t->cache_mask, moved.tag, i)->tag == 0)
            aside = place(t->cache, t->cache_mask, moved.tag, i);
    if (moved.tag != 0 && aside == NULL) {
        aside = place(t->cache, t->cache_mask, tag, 1 + t->cache_misses % (GROUP - 1));
        lv_counts_evict(ctx, aside);
    }
    lv_cache_set(own, tag, key_after, stack, 1);
    if (aside != NULL)
        lv_cache_set(aside, moved.tag, moved.key_after, moved.stack, moved.hits);
}
