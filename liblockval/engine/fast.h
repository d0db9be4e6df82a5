/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_FAST_H
#define LV_ENGINE_FAST_H

/*
 * The fast path: a lock that is watched like any other, at the end of a chain that the thread took from this call site
 * before. Where it holds others of the class, engine/fast.c looks for a chain of just these. Whatever is not so goes the general way (engine/acquire.h), which gives
 * the same result. Inlined into the hooks; every instruction here is one that every lock of every program pays for.
 *
 *     lv_fast_begin   before the real call: finds the chain in the private cache, and fills in the entry of the held stack
 *                     behind the last one that counts
 *     lv_fast_end     after it: makes the entry count
 *     lv_fast_release before the real call that releases
 *
 * So nothing has to be kept across the real call but the thread and the lock. A signal handler that interrupts the real call
 * is watched; one that interrupts these functions is not, where it is known what was interrupted (process/signals.c). What it
 * takes and releases meanwhile lies at the same place of the held stack, and its release leaves the address 0 there; what
 * it goes on holding moves the place. Either way lv_fast_end() does not find its lock's address where it makes an entry
 * count, and the acquisition is done anew, the general way.
 */

#include "engine/acquire.h"

enum {
    LV_HELD_EARLIER = 1 << 26 /* .earlier in .how */
};

/* The identity word of the lock at @address with the two words @word and @seal. False: it is none of a lock without
 * flags. */
LV_ALWAYS_INLINE bool lv_fast_word(const struct lv_thread *t, uintptr_t address, const uint64_t *word,
                                   const uint64_t *seal, uint64_t *ret_word)
{
    *ret_word = __atomic_load_n(word, __ATOMIC_RELAXED);
    return (__atomic_load_n(seal, __ATOMIC_RELAXED) ^ *ret_word ^ address) == t->secret;
}

/* The same for a lock of @kind whose identity is in the table. False: the thread did not meet it before, or it has flags. */
LV_ALWAYS_INLINE bool lv_fast_known(const struct lv_thread *t, uintptr_t address, enum lv_kind kind, uint64_t *ret_word)
{
    return lv_known_find(t, lv_known_key(address, kind), ret_word) && lv_identity_flags(*ret_word) == 0;
}

/* .how of an entry: its fields in one store. */
LV_ALWAYS_INLINE uint64_t lv_fast_how(const struct lv_thread *t, enum lv_kind kind, enum lv_mode mode, unsigned flags)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return t->how | LV_HELD_EARLIER | (uint64_t)kind << 16 | (uint64_t)flags << 8 | mode;
#else
    const struct lv_held h = { .mode = (uint8_t)mode, .flags = (uint8_t)flags, .kind = (uint8_t)kind, .earlier = true };

    return t->how | h.how;
#endif
}

/* Fill in the entry of a lock that is being taken at the place behind the last one, and .key_next. The address is first:
 * what a handler does from there on is seen. */
LV_ALWAYS_INLINE void lv_fast_fill(struct lv_thread *t, uint32_t depth, uintptr_t address, uint64_t word,
                                   enum lv_kind kind, enum lv_mode mode, unsigned flags, lv_stack_id stack,
                                   uint64_t key_next, uint64_t kin)
{
    const lv_class_id class = { (uint32_t)word };
    struct lv_held *h = &t->held[depth];

    __atomic_store_n(&h->address, address, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    h->class = h->base = class;
    h->uid = lv_identity_uid(word);
    h->stack = stack;
    h->how = lv_fast_how(t, kind, mode, flags);
    h->more = 0;
    h->key_before = t->key;
    h->filter_before = t->filter;
    h->kin = kin;
    t->key_next = key_next;
}

/* lv_fast_begin() where the thread may hold locks of the class (engine/fast.c). */
bool lv_fast_begin_kin(struct lv_thread *t, uintptr_t address, uint64_t word, enum lv_kind kind, enum lv_mode mode,
                       unsigned flags, uintptr_t site);

/*
 * The thread is about to take the lock at @address, whose word is @word. False: go the general way; nothing was done.
 * Context: the thread is watched and nothing was said of its next acquisition (.attention is 0).
 */
LV_ALWAYS_INLINE bool lv_fast_begin(struct lv_thread *t, uintptr_t address, uint64_t word, enum lv_kind kind,
                                    enum lv_mode mode, unsigned flags, uintptr_t site)
{
    const lv_class_id class = { (uint32_t)word };
    uint32_t depth = t->depth;
    uint64_t tag, key_next;
    lv_stack_id stack;

    if (LV_UNLIKELY((t->filter >> (class.v & 63) & 1) != 0))
        return lv_fast_begin_kin(t, address, word, kind, mode, flags, site);
    tag = lv_cache_tag(t, t->key, lv_chain_link(class, mode, flags), site);
    if (LV_UNLIKELY(depth == t->capacity) || LV_UNLIKELY(!lv_cache_hit(t, tag, &stack, &key_next)))
        return false;
    lv_fast_fill(t, depth, address, word, kind, mode, flags, stack, key_next, word);
    return true;
}

/*
 * The thread has the lock that lv_fast_begin() was told of. False: a signal handler came in between, and no entry was added;
 * do it anew, the general way. An entry that a handler wrote over must not count, not even until that is seen: the next handler
 * would find a lock in it that nobody holds, and drop it or learn from it. So it is looked at before, and once more after,
 * for the handler that came just in between. The key is read before that look, too, as handlers store their own there. The
 * depth comes before key and filter, so that a chain in a handler has at least the edges that its key says.
 */
LV_ALWAYS_INLINE bool lv_fast_end(struct lv_context *ctx, struct lv_thread *t, uintptr_t address)
{
    uint32_t depth = t->depth;
    uint64_t key_next = t->key_next;
    const struct lv_held *h;

    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (LV_UNLIKELY(__atomic_load_n(&t->held[depth].address, __ATOMIC_RELAXED) != address))
        return false;
    __atomic_store_n(&t->depth, depth + 1, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    h = &t->held[depth];
    if (LV_UNLIKELY(h->address != address)) {
        __atomic_store_n(&t->depth, depth, __ATOMIC_RELEASE);
        return false;
    }
    t->key = key_next;
    t->filter |= lv_filter_bit(h->base);
    if (LV_UNLIKELY(__atomic_load_n(&ctx->events_in_use, __ATOMIC_RELAXED)))
        lv_history_add_youngest(ctx, t);
    return true;
}

/*
 * The thread is about to release the lock at @address. False: it is not the youngest that it holds, or there is more to it;
 * nothing was done. Key and filter come first: from the new depth on, entries are not safe from signal handlers.
 */
LV_ALWAYS_INLINE bool lv_fast_release(struct lv_thread *t, uintptr_t address)
{
    uint32_t depth = t->depth;
    struct lv_held *h = &t->held[(ptrdiff_t)depth - 1];

    /* Another level: the key of the chain that its context interrupted changes too. */
    if (LV_UNLIKELY(h->address != address || h->more != 0 || h->level != t->level))
        return false;
    t->key = h->key_before;
    t->filter = h->filter_before;
    __atomic_store_n(&h->address, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&t->depth, depth - 1, __ATOMIC_RELEASE);
    return true;
}

#endif
