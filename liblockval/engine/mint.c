/* SPDX-License-Identifier: MIT */
/*
 * Two words cannot be stored at once, and a thread may be interrupted, or for ever gone, between the two. So whoever gives
 * a lock its identity first puts a draft where the seal goes, by one atomic exchange:
 *
 *     seal  1. draft(word)                3. seal(word)
 *     word                   2. word
 *
 * A draft is the word itself, hidden under a pad that only this address has in this process. Whoever finds one reads the
 * word from it and goes on where its writer was; so nobody waits, and all agree on the first draft. The fast path takes a
 * draft for what it takes all else that is no seal: a lock that it has to ask about here.
 *
 * What lay in the memory before is no draft but by chance: it would have to give, under the pad, a word without flags, of a
 * class that exists and is of the lock's kind, with a number that was given out. Memory that is zero never does.
 */

#include "engine/mint.h"

enum {
    BLOCK = 64 /* numbers taken at once; those that a thread leaves are its state's next owner's */
};

void lv_mint_refill(struct lv_context *ctx, struct lv_thread *t)
{
    t->uid = __atomic_fetch_add(&ctx->next_uid, BLOCK, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&t->uids_left, BLOCK, __ATOMIC_RELAXED);
}

/* The class that the word is for was made after the block. */
uint32_t lv_mint_younger(struct lv_context *ctx, struct lv_thread *t)
{
    lv_mint_refill(ctx, t);
    return lv_mint_number(ctx, t);
}

uint32_t lv_mint_count(const struct lv_context *ctx)
{
    uint32_t count = __atomic_load_n(&ctx->next_uid, __ATOMIC_RELAXED);

    for (const struct lv_thread *t = ctx->threads; t != NULL; t = t->next)
        count -= __atomic_load_n(&t->uids_left, __ATOMIC_RELAXED);
    return count;
}

static uint64_t pad_of(const struct lv_context *ctx, uintptr_t address)
{
    return lv_hash_mix(address ^ ctx->secret[0], ctx->secret[1]);
}

/* Can @word be what somebody drafted for @object? */
static bool is_draft(const struct lv_context *ctx, const struct lv_object *object, uint64_t word)
{
    lv_class_id class = lv_identity_class(word);

    return lv_identity_flags(word) == 0 && class.v != 0 &&
           class.v < __atomic_load_n(&ctx->classes.all.count, __ATOMIC_ACQUIRE) &&
           lv_identity_uid(word) - 1 < __atomic_load_n(&ctx->next_uid, __ATOMIC_RELAXED) &&
           (lv_classes_get(&ctx->classes, class)->key.kind == object->kind ||
            lv_classes_get(&ctx->classes, class)->explicit_key);
}

/* Somebody put @draft, of @word, into @object: go on from there. */
static uint64_t finish(const struct lv_context *ctx, const struct lv_object *object, uint64_t draft, uint64_t word)
{
    __atomic_store_n(object->word, word, __ATOMIC_RELAXED);
    (void)__atomic_compare_exchange_n(object->seal, &draft, lv_identity_seal(ctx, object->address, word), false,
                                      __ATOMIC_RELEASE, __ATOMIC_RELAXED);
    return word;
}

uint64_t lv_mint_settle(struct lv_context *ctx, const struct lv_object *object, uint64_t word)
{
    uint64_t pad = pad_of(ctx, object->address);

    for (;;) {
        /* The seal first: with it comes the word that it seals. */
        uint64_t seal = lv_identity_load(ctx, object->seal), found;

        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        found = lv_identity_load(ctx, object->word);
        if (found != 0 && seal == lv_identity_seal(ctx, object->address, found))
            return found;
        if (seal != 0 && is_draft(ctx, object, seal ^ pad))
            return finish(ctx, object, seal, seal ^ pad);
        if (__atomic_compare_exchange_n(object->seal, &seal, word ^ pad, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            break;
    }
    /* Whoever finishes it meanwhile stores the same. */
    __atomic_store_n(object->word, word, __ATOMIC_RELAXED);
    __atomic_store_n(object->seal, lv_identity_seal(ctx, object->address, word), __ATOMIC_RELEASE);
    return word;
}
