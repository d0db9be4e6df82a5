/* SPDX-License-Identifier: MIT */
/*
 * Which locks of a block are held is asked in three ways. This thread's own books are short, and are always read. A small
 * block is searched for sealed identities, and the few locks found are asked whether they are held at all, which nearly
 * always ends it without a look at other threads. For a large one, and for memory that may not be readable, the books of all
 * threads are compared with the range. Locks of the table are found by their page, and asked like those found in a block.
 */

#include "engine/memory.h"

#include "engine/acquire.h"
#include "engine/instances.h"

/* What one call looks at. */
struct look {
    struct lv_context *ctx;
    struct lv_thread *t;
    struct lv_memory *memory;
    unsigned flags; /* for ctx->owner */
    bool claims;    /* may anything be said about held locks? */
};

static void add_holder(struct lv_memory *memory, const struct lv_holder *holder)
{
    for (uint32_t i = 0; i < memory->count; i++)
        if (memory->holder[i].record.address == holder->record.address &&
            memory->holder[i].thread.v == holder->thread.v)
            return;
    if (memory->count < LV_MEMORY_HOLDERS)
        memory->holder[memory->count++] = *holder;
}

static void look_at_own(const struct look *look)
{
    const struct lv_memory *memory = look->memory;
    const struct lv_thread *t = look->t;

    for (uint32_t i = 0; i < t->depth; i++) {
        const struct lv_held *h = &t->held[i];

        if (h->address >= memory->start && h->address < memory->end &&
            lv_lifetime_is_held(look->ctx, t, h, look->flags))
            add_holder(look->memory, &(struct lv_holder){ lv_held_record_of(h), t->info });
    }
}

/* A lock in the block: does another thread hold it? Context: internal lock held. */
static void look_at(const struct look *look, uintptr_t address, uint32_t uid)
{
    struct lv_holder holder;

    if (lv_lifetime_find_holder(look->ctx, look->t, address, address + 1, uid, look->flags, &holder))
        add_holder(look->memory, &holder);
}

/* May another thread hold the lock at @address? */
static bool is_others(const struct look *look, uintptr_t address, enum lv_kind kind)
{
    int owner = look->ctx->owner(address, kind, look->flags);

    return owner != 0 && owner != look->t->tid;
}

/* Is @word, which lies at @at, the identity of a lock of @kind? */
static bool is_sealed(const struct look *look, const uint64_t *at, uint64_t word, enum lv_kind kind,
                      uintptr_t *ret_address)
{
    const struct lv_inside *inside = &look->ctx->inside[kind];
    uintptr_t seal = __atomic_load_n(&inside->seal, __ATOMIC_ACQUIRE);
    uintptr_t address = (uintptr_t)at - inside->word;

    *ret_address = address;
    return seal != 0 && address >= look->memory->start && address + seal + sizeof(uint64_t) <= look->memory->end &&
           lv_identity_load(look->ctx, (const uint64_t *)(address + seal)) ==
               lv_identity_seal(look->ctx, address, word);
}

/* @word at @at is the identity of a lock of @kind that lies in the block, as far as it says itself. */
static void look_at_word(const struct look *look, const uint64_t *at, uint64_t word, enum lv_kind kind)
{
    struct lv_context *ctx = look->ctx;
    struct lv_locked locked;
    uintptr_t address;

    if (!is_sealed(look, at, word, kind, &address))
        return;
    look->memory->pairs |= lv_pairs_knows(&ctx->pairs, address);
    if (!look->claims || !is_others(look, address, kind))
        return;
    locked = lv_context_lock(ctx);
    look_at(look, address, lv_identity_uid(word));
    lv_context_unlock(ctx, &locked);
}

static void search_block(const struct look *look)
{
    struct lv_context *ctx = look->ctx;
    const uint64_t *at = (const uint64_t *)((look->memory->start + 7) & ~(uintptr_t)7);
    const uint64_t *end = (const uint64_t *)(look->memory->end & ~(uintptr_t)7);
    uint32_t classes = __atomic_load_n(&ctx->classes.all.count, __ATOMIC_ACQUIRE);
    uint32_t uids = __atomic_load_n(&ctx->next_uid, __ATOMIC_RELAXED);

    for (; at < end; at++) {
        uint64_t word = lv_identity_load(ctx, at);
        const struct lv_class *class;

        /* Most words cannot be an identity. Unsigned: 0 is none either. */
        if (LV_LIKELY(lv_identity_class(word).v - 1 >= classes - 1 || lv_identity_uid(word) - 1 >= uids))
            continue;
        class = lv_classes_get(&ctx->classes, lv_identity_class(word));
        if (LV_LIKELY(!class->explicit_key)) {
            look_at_word(look, at, word, class->key.kind);
            continue;
        }
        for (int kind = 0; kind < LV_KIND__COUNT; kind++) /* of locks of all kinds that the program named */
            look_at_word(look, at, word, (enum lv_kind)kind);
    }
}

/* Held by others anywhere in the range. Finds one. Context: internal lock held. */
static void search_books(const struct look *look)
{
    struct lv_holder holder;

    if (lv_lifetime_find_holder(look->ctx, look->t, look->memory->start, look->memory->end, 0, look->flags, &holder))
        add_holder(look->memory, &holder);
}

/* Context: internal lock held. */
static void look_at_parked(const struct look *look)
{
    struct lv_context *ctx = look->ctx;

    for (uint32_t number = look->memory->parked; number != 0;) {
        const struct lv_instance *record = lv_vec_at(&ctx->instances, number);
        uint64_t word = lv_instances_parked_word(record);

        if (is_others(look, record->address, lv_classes_get(&ctx->classes, lv_identity_class(word))->key.kind))
            look_at(look, record->address, lv_identity_uid(word));
        number = record->next;
    }
}

void lv_memory_begin(struct lv_context *ctx, struct lv_thread *t, uintptr_t start, size_t size, bool mapped,
                     struct lv_memory *ret)
{
    bool claims = t->off == 0 && ctx->owner != NULL;
    const struct look look = { ctx, t, ret, mapped ? LV_OWNER_MAPPED : LV_OWNER_NOT_SPIN | LV_OWNER_NOT_SHARED,
                               claims };
    unsigned marks = lv_pages_marks(&ctx->pages, start, size);
    bool pairs = __atomic_load_n(&ctx->pairs.order.live, __ATOMIC_RELAXED) != 0;
    bool searched = mapped && size <= LV_MEMORY_SEARCH;
    bool in_table;

    ret->start = start;
    ret->end = start + size;
    ret->parked = ret->count = 0;
    ret->pairs = pairs && !searched && (marks & LV_PAGE_INSIDE) != 0;
    t->frees++;
    t->guard++;
    if (claims)
        look_at_own(&look);
    if ((claims || pairs) && searched && (marks & LV_PAGE_INSIDE) != 0)
        search_block(&look);
    in_table = (marks & LV_PAGE_TABLE) != 0 && lv_instances_may_be_in(ctx, start, start + size);
    if (in_table || (claims && !searched && marks != 0)) {
        struct lv_locked locked = lv_context_lock(ctx);

        if (in_table)
            ret->parked = lv_instances_park(ctx, start, start + size);
        if (claims && searched)
            look_at_parked(&look);
        else if (claims)
            search_books(&look);
        lv_context_unlock(ctx, &locked);
    }
    t->guard--;
}

void lv_memory_end(struct lv_context *ctx, struct lv_thread *t, const struct lv_memory *memory, uintptr_t start,
                   size_t size, uintptr_t site, const char *what)
{
    uintptr_t end = start + size;

    if (memory->parked != 0 || memory->pairs) {
        struct lv_locked locked;

        t->guard++;
        locked = lv_context_lock(ctx);
        lv_instances_unpark(ctx, memory->parked, start, end);
        if (memory->pairs)
            lv_pairs_retire_range(&ctx->pairs, start, end);
        lv_context_unlock(ctx, &locked);
        t->guard--;
    }
    for (uint32_t i = 0; i < memory->count; i++)
        if (memory->holder[i].record.address >= start && memory->holder[i].record.address < end)
            lv_lifetime_report(ctx, t, &memory->holder[i], site, what);
    t->guard++;
    for (uint32_t i = t->depth; i-- > 0;)
        if (t->held[i].address >= start && t->held[i].address < end)
            lv_held_remove(t, &t->held[i]);
    t->guard--;
}

void lv_memory_free(struct lv_context *ctx, struct lv_thread *t, uintptr_t start, size_t size, uintptr_t site)
{
    struct lv_memory memory;

    lv_memory_begin(ctx, t, start, size, true, &memory);
    lv_memory_end(ctx, t, &memory, start, size, site, "is freed");
}

void lv_memory_replaced(struct lv_context *ctx, struct lv_thread *t, uintptr_t start, size_t size)
{
    struct lv_locked locked;

    t->guard++;
    locked = lv_context_lock(ctx);
    lv_instances_retire(ctx, start, start + size);
    lv_pairs_retire_range(&ctx->pairs, start, start + size);
    lv_context_unlock(ctx, &locked);
    t->guard--;
}
