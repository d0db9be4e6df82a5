/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_MINT_H
#define LV_ENGINE_MINT_H

#include "engine/identity.h"

/*
 * New identities, without the internal lock: a program that makes and throws away locks all the time pays for each.
 * Instance numbers come in blocks, which a thread's state has for itself.
 */

/*
 * An identity word that nobody else has, for a lock of the base class @class. 0 when that is none.
 * Context: guard held. Cost: now and then an atomic addition.
 */
uint64_t lv_mint_word(struct lv_context *ctx, struct lv_thread *t, lv_class_id class, unsigned flags);

/* How many words were minted so far, all classes. Context: lock held; what threads mint meanwhile may be missed. */
uint32_t lv_mint_count(const struct lv_context *ctx);

/*
 * @object, which has room, gets the identity @word, unless it has one: threads that meet a lock for the first time together
 * all come out with the same. @word must be fresh and have no flags. Returns the identity that @object has now.
 * Context: guard held.
 */
uint64_t lv_mint_claim(struct lv_context *ctx, const struct lv_object *object, uint64_t word);

#endif
