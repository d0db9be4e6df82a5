/* SPDX-License-Identifier: MIT */
/*
 * The way of every acquisition and release that engine/fast.h leaves alone: what it knows is known here too.
 */

#include "engine/acquire.h"
#include "engine/cache.h"
#include "engine/fast.h"
#include "engine/lockstat.h"

bool lv_acquisition_set(struct lv_acquisition *a, const struct lv_object *object, uint64_t word, enum lv_mode mode,
                        unsigned flags, uintptr_t site)
{
    unsigned marks = lv_identity_flags(word);

    if (word == 0 || (marks & LV_IDENTITY_NOTRACK) != 0)
        return false;
    *a = (struct lv_acquisition){
        .address = object->address,
        .site = site,
        .base = lv_identity_class(word),
        .class = lv_identity_class(word),
        .uid = lv_identity_uid(word),
        .kind = (uint8_t)object->kind,
        .mode = (uint8_t)mode,
        .flags = (uint8_t)(flags | (marks & LV_IDENTITY_UNCHECKED ? (unsigned)LV_UNCHECKED : 0)),
    };
    return true;
}

void lv_acquire(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a)
{
    uint64_t tag;

    if (LV_UNLIKELY(t->next_set))
        lv_acquire_special(ctx, t, a);
    if (LV_UNLIKELY((t->filter & lv_filter_bit(a->base)) != 0 || a->nest != 0)) {
        lv_acquire_nested(ctx, t, a);
        return;
    }
    tag = lv_cache_tag(t, t->key, lv_chain_link(a->class, a->mode, a->flags), a->site);
    if (LV_LIKELY(lv_cache_hit(t, tag, &a->stack, &a->key_after)) ||
        lv_cache_hit_beside(ctx, t, tag, &a->stack, &a->key_after)) {
        a->earlier = true;
        return;
    }
    a->key_after = lv_chain_next(t->key, a->class, a->mode, a->flags);
    lv_acquire_slow(ctx, t, a, lv_chain_taken(t, a), tag);
}

LV_ALWAYS_INLINE void fill(const struct lv_thread *t, struct lv_held *h, const struct lv_acquisition *a)
{
    __atomic_store_n(&h->address, a->address, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* first: see lv_acquired() */
    h->class = a->class;
    h->base = a->base;
    h->uid = a->uid;
    h->stack = a->stack;
    h->mode = a->mode;
    h->flags = a->flags;
    h->kind = a->kind;
    h->nested = a->nested;
    h->earlier = a->earlier;
    h->inherited = false;
    h->level = t->level;
    h->again = 0;
    h->pins = 0;
    h->key_before = t->key;
    h->filter_before = t->filter;
    h->kin = (t->filter & lv_filter_bit(a->base)) == 0 ? lv_kin_first(a->class, a->uid)
                                                       : lv_held_kin(t, (uint32_t)(h - t->held), a->class, a->uid);
}

/*
 * A signal handler that takes locks may run anywhere in here. Its entries lie at and above the depth that it finds. If it
 * came while the entry was filled in, it wrote over what was there, the address too: then the entry is filled in again,
 * now that it counts. Key and filter come last, so that a chain in the handler has at least the edges that its key says.
 */
void lv_acquired(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_held *h;

    if (LV_UNLIKELY((t->filter & lv_filter_bit(a->base)) != 0) && lv_acquired_again(ctx, t, a))
        return;
    if (LV_UNLIKELY(t->depth == t->capacity) && !lv_thread_grow_held(ctx, t))
        return;
    h = &t->held[t->depth];
    fill(t, h, a);
    __atomic_store_n(&t->depth, t->depth + 1, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (LV_UNLIKELY(__atomic_load_n(&h->address, __ATOMIC_RELAXED) != a->address))
        fill(t, h, a);
    t->key = a->key_after;
    t->filter |= lv_filter_bit(a->base);
    if (LV_UNLIKELY(__atomic_load_n(&ctx->events_in_use, __ATOMIC_RELAXED)))
        lv_history_add_youngest(ctx, t);
    if (LV_UNLIKELY(t->lockstat != NULL))
        lv_lockstat_acquired(ctx, t, a);
}

/* The youngest lock stays held, once less. */
static bool release_again(struct lv_thread *t, uintptr_t address)
{
    struct lv_held *h = &t->held[(ptrdiff_t)t->depth - 1];

    if (h->address != address || h->again == 0 || h->nested == LV_NESTED_MERGED)
        return false;
    h->again--;
    return true;
}

void lv_release(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind, uintptr_t site)
{
    if (lv_fast_release(t, address)) {
        if (LV_UNLIKELY(t->lockstat != NULL))
            lv_lockstat_released(t, address);
    } else if (!release_again(t, address))
        lv_release_slow(ctx, t, &(struct lv_acquisition){ .address = address, .kind = (uint8_t)kind, .site = site });
}
