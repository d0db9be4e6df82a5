/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_MINT_H
#define LV_ENGINE_MINT_H

#include "engine/identity.h"

/*
 * New identities, without the internal lock: a program that makes and throws away locks all the time pays for each.
 * Instance numbers come in blocks, which a thread's state has for itself.
 */

/* The slow ways of lv_mint_word(): a new block; a number that is younger than any class. */
void lv_mint_refill(struct lv_context *ctx, struct lv_thread *t);
uint32_t lv_mint_younger(struct lv_context *ctx, struct lv_thread *t);

/* A number of the state's block. A signal handler may jump away at any moment: then one is lost, and none is given out
 * twice. */
static inline uint32_t lv_mint_number(struct lv_context *ctx, struct lv_thread *t)
{
    if (LV_UNLIKELY(t->uids_left == 0))
        lv_mint_refill(ctx, t);
    __atomic_store_n(&t->uids_left, t->uids_left - 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return ++t->uid;
}

/*
 * An identity word that nobody else has, for a lock of the base class @class. 0 when that is none. If the lock turns out to have
 * one already, it is thrown away: so it does not count yet.
 * Context: guard held. Cost: now and then an atomic addition.
 */
static inline uint64_t lv_mint_draft(struct lv_context *ctx, struct lv_thread *t, lv_class_id class, unsigned flags)
{
    uint32_t uid;

    if (LV_UNLIKELY(class.v == 0 || class.v >> LV_IDENTITY_CLASS_BITS != 0))
        return 0;
    uid = lv_mint_number(ctx, t);
    if (LV_UNLIKELY(lv_class_is_gone(&ctx->classes, class, uid)))
        uid = lv_mint_younger(ctx, t);
    return (uint64_t)uid << 32 | (uint64_t)flags << LV_IDENTITY_CLASS_BITS | class.v;
}

/* The same, for a lock that has it from now on: one more of its class. */
static inline uint64_t lv_mint_word(struct lv_context *ctx, struct lv_thread *t, lv_class_id class, unsigned flags)
{
    uint64_t word = lv_mint_draft(ctx, t, class, flags);

    if (LV_LIKELY(word != 0))
        lv_class_count_instance(lv_classes_get(&ctx->classes, class));
    return word;
}

/* How many words were minted so far, all classes. Context: lock held; what threads mint meanwhile may be missed. */
uint32_t lv_mint_count(const struct lv_context *ctx);

/*
 * @object, which has room, gets the identity @word, unless it has one: threads that meet a lock for the first time together
 * all come out with the same. @word must be fresh and have no flags. Returns the identity that @object has now.
 * Context: guard held.
 */
uint64_t lv_mint_settle(struct lv_context *ctx, const struct lv_object *object, uint64_t word);

#endif
