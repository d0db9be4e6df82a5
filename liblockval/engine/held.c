/* SPDX-License-Identifier: MIT */
/*
 * The stack of held locks. The owner alone changes it. Entries are pushed after the lock was taken and popped before it
 * is released, so that another thread that reads the stack may miss a lock but never sees one that is not held.
 * A release out of order closes the gap and folds the keys of the rest anew. No edges are made for the rest: the chain
 * through the removed lock was recorded, and what is held still follows from it. Where the rest crosses into a context,
 * the key that its exit goes back to is folded anew too.
 */

#include "engine/acquire.h"
#include "engine/lockstat.h"
#include "engine/nest.h"
#include "engine/usage.h"

struct lv_held *lv_held_find(const struct lv_thread *t, uintptr_t address)
{
    for (uint32_t i = t->depth; i-- > 0;)
        if (t->held[i].address == address)
            return &t->held[i];
    return NULL;
}

uint64_t lv_held_kin(const struct lv_thread *t, uint32_t at, lv_class_id class, uint32_t uid)
{
    while (at-- > 0)
        if (t->held[at].class.v == class.v)
            return lv_kin_next(t->held[at].kin, uid);
    return lv_kin_first(class, uid);
}

/* The key of the chain of context nesting @level, made of the entries below number @end. What was saved when the context was
 * entered will not do: a lock that was kept past its context's exit may go when others have been there. */
static uint64_t key_of_level(const struct lv_thread *t, uint32_t end, unsigned level)
{
    while (end-- > 0) {
        const struct lv_held *h = &t->held[end];

        if (h->level == level)
            return lv_chain_next(h->key_before, h->class, h->mode, h->flags);
    }
    return lv_context_first_key(level);
}

/* Behind entry number @end - 1: from the chain of context nesting @level, whose key is in @t, to the one of nesting @to. */
static void cross(struct lv_thread *t, uint32_t end, unsigned level, unsigned to)
{
    for (; level < to; level++) {
        t->saved_key[level] = t->key;
        t->key = lv_context_first_key(level + 1);
    }
    if (level > to)
        t->key = key_of_level(t, end, to);
}

/* Fold keys and filters of the entries from @from on anew, after something under them changed; key and filter are those
 * below it, where the context nesting was @level. */
static void remix(struct lv_thread *t, uint32_t from, unsigned level)
{
    for (uint32_t i = from; i < t->depth; i++) {
        struct lv_held *h = &t->held[i];

        cross(t, i, level, h->level);
        level = h->level;
        h->key_before = t->key;
        h->filter_before = t->filter;
        h->kin = (t->filter & lv_filter_bit(h->base)) == 0 ? lv_kin_first(h->class, h->uid)
                                                           : lv_held_kin(t, i, h->class, h->uid);
        t->key = lv_chain_next(t->key, h->class, h->mode, h->flags);
        t->filter |= lv_filter_bit(h->base);
    }
    cross(t, t->depth, level, t->level);
}

void lv_held_remove(struct lv_thread *t, struct lv_held *h)
{
    uint32_t at = (uint32_t)(h - t->held);
    uint32_t last = t->depth - 1;
    unsigned level = h->level;

    t->key = h->key_before;
    t->filter = h->filter_before;
    for (uint32_t i = at; i < last; i++)
        t->held[i] = t->held[i + 1];
    __atomic_store_n(&t->held[last].address, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&t->held[last + 1].address, 0, __ATOMIC_RELAXED); /* of a lock that was interrupted being taken */
    __atomic_store_n(&t->depth, last, __ATOMIC_RELEASE);
    remix(t, at, level);
}

bool lv_held_drop(struct lv_thread *t, uintptr_t address)
{
    struct lv_held *h;

    t->guard++;
    h = lv_held_find(t, address);
    if (h != NULL && h->nested == LV_NESTED_MERGED && h->again != 0)
        lv_nest_count_down(h, address);
    else if (h != NULL)
        lv_held_remove(t, h);
    t->guard--;
    return h != NULL;
}

void lv_held_lower(struct lv_thread *t)
{
    uint32_t first = t->depth;

    while (first != 0 && t->held[first - 1].level > t->level)
        t->held[--first].level = t->level;
    if (first < t->depth)
        t->filter = t->held[first].filter_before;
    remix(t, first, t->level);
}

void lv_held_not_taking(struct lv_thread *t, uint32_t last)
{
    for (uint32_t i = t->depth; i <= last; i++)
        __atomic_store_n(&t->held[i].address, 0, __ATOMIC_RELAXED);
}

void lv_held_mend(struct lv_thread *t)
{
    uint32_t depth = t->depth, kept = 0;

    for (uint32_t i = 0; i < depth; i++) {
        const struct lv_held *h = &t->held[i];

        if (h->address != 0 && (i + 1 == depth || h[1].address != h->address || h[1].uid != h->uid))
            t->held[kept++] = *h;
    }
    __atomic_store_n(&t->depth, kept, __ATOMIC_RELEASE);
    lv_held_not_taking(t, t->capacity);
    t->key = lv_context_first_key(0);
    t->filter = 0;
    remix(t, 0, 0);
}

bool lv_acquired_again(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_held *h = lv_held_find(t, a->address);

    if (h != NULL && h->uid == a->uid) {
        h->again++;
        if (LV_UNLIKELY(t->lockstat != NULL))
            lv_lockstat_left(t, a->address);
        return true;
    }
    if (!lv_nest_merge(t, a))
        return false;
    if (LV_UNLIKELY(t->lockstat != NULL))
        lv_lockstat_merged(ctx, t, a);
    /* It was waited for like any other lock. */
    if (__atomic_load_n(&ctx->events_in_use, __ATOMIC_RELAXED)) {
        const struct lv_held_record record = lv_acquisition_record(t, a);

        lv_history_add(ctx, t, &record);
    }
    return true;
}

void lv_held_remix(struct lv_thread *t, const struct lv_held *h)
{
    t->key = h->key_before;
    t->filter = h->filter_before;
    remix(t, (uint32_t)(h - t->held), h->level);
}

void lv_held_push(struct lv_thread *t, const struct lv_held *entry)
{
    struct lv_held *h = &t->held[t->depth];

    *h = *entry;
    h->key_before = t->key;
    h->filter_before = t->filter;
    h->kin = lv_held_kin(t, t->depth, h->class, h->uid);
    __atomic_store_n(&t->depth, t->depth + 1, __ATOMIC_RELEASE);
    t->key = lv_chain_next(t->key, h->class, h->mode, h->flags);
    t->filter |= lv_filter_bit(h->base);
}

bool lv_downgrade(struct lv_thread *t, uintptr_t address)
{
    struct lv_held *h = lv_held_find(t, address);

    if (h == NULL || h->mode != LV_WRITE)
        return false;
    h->mode = LV_READ;
    lv_held_remix(t, h);
    return true;
}

struct lv_held_record lv_acquisition_record(const struct lv_thread *t, const struct lv_acquisition *a)
{
    return (struct lv_held_record){
        .address = a->address,
        .uid = a->uid,
        .class = a->class,
        .stack = a->stack,
        .mode = a->mode,
        .flags = a->flags,
        .kind = (unsigned)a->kind & 15u,
        .earlier = a->earlier,
        .level = t->level,
    };
}

void lv_acquire_next(struct lv_thread *t, uintptr_t lock, unsigned subclass, uintptr_t nest)
{
    if (!t->next_set || t->next_lock != lock) {
        t->next_subclass = 0;
        t->next_nest = 0;
    }
    t->next_set = true;
    t->next_lock = lock;
    if (subclass != 0)
        t->next_subclass = (uint8_t)(subclass < LV_SUBCLASSES ? subclass : LV_SUBCLASSES - 1);
    if (nest != 0)
        t->next_nest = nest;
}
