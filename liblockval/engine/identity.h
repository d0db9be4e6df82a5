/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_IDENTITY_H
#define LV_ENGINE_IDENTITY_H

/*
 * Which instance, of which class, a lock object is. An address is not an identity: memory is reused. Where the object has
 * two words that libc never touches, the identity lives there:
 *
 *     word   the instance's number (32 bits), flags (8 bits), the base class (24 bits)
 *     seal   word, the object's address and one of the process's secrets, added bit by bit
 *
 * An object that was initialised anew, copied or moved no longer matches its seal and is a new lock. Who knows the secret
 * can forge a seal; the program is no enemy, and what lies in its memory by chance does not match 64 random bits. A lock
 * without flags has another secret than those with some, so that one comparison tells that it is watched like any other. The word is stored
 * before the seal, so a torn read only misses. Objects without room are kept in a table by address, behind a small cache
 * per thread; whatever re-uses their memory has to tell (destroy, init).
 */

#include "base/hash.h"
#include "engine/thread.h"
#include "sys/memcheck.h"

enum lv_identity_flag {
    LV_IDENTITY_NOTRACK = 1,  /* not watched at all */
    LV_IDENTITY_UNCHECKED = 2 /* held, but its order is not judged */
};

/* A lock object as the layers above know it: where it is, what it is, and where its two words are (null: table). */
struct lv_object {
    uintptr_t address;
    enum lv_kind kind;
    uint64_t *word;
    uint64_t *seal;
};

#define LV_IDENTITY_CLASS_BITS 24

static inline lv_class_id lv_identity_class(uint64_t word)
{
    return (lv_class_id){ (uint32_t)word & ((1u << LV_IDENTITY_CLASS_BITS) - 1) };
}

static inline unsigned lv_identity_flags(uint64_t word)
{
    return (unsigned)(word >> LV_IDENTITY_CLASS_BITS) & 0xff;
}

static inline uint32_t lv_identity_uid(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

static inline uint64_t lv_identity_seal(const struct lv_context *ctx, uintptr_t address, uint64_t word)
{
    return address ^ word ^ ctx->secret[lv_identity_flags(word) != 0];
}

/*
 * Does @object, taken by a call at @site, belong to libunwind? It takes locks of its own whenever somebody unwinds. To look
 * those up would enter it again, in the middle of what it does and with its lock held; so they are nobody's. Mostly the lock
 * lies in the library's data, and the call in its code; either will do, since another preloaded library may stand in between.
 */
static inline bool lv_is_own(const struct lv_context *ctx, const struct lv_object *object, uintptr_t site)
{
    uintptr_t start = ctx->own.start, size = ctx->own.end - start;

    return site - start < size || object->address - start < size;
}

/* The slow ways of lv_identity_find(). */
uint64_t lv_identity_from_table(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                                uintptr_t site);
uint64_t lv_identity_adopt(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, uintptr_t site);

/*
 * The identity word of @object; a lock that is met for the first time gets one, its class by its static address or by
 * @site, the call that first took it. 0 without memory. Context: guard not held.
 */
LV_ALWAYS_INLINE uint64_t lv_identity_find(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                                           uintptr_t site)
{
    uint64_t word;

    if (object->word == NULL)
        return lv_identity_from_table(ctx, t, object, site);
    word = __atomic_load_n(object->word, __ATOMIC_RELAXED);
    if (LV_LIKELY(word != 0 &&
                  __atomic_load_n(object->seal, __ATOMIC_RELAXED) == lv_identity_seal(ctx, object->address, word)))
        return word;
    return lv_identity_adopt(ctx, t, object, site);
}

/* One of the two words in memory that may not hold a lock, nor ever have been written. */
static inline uint64_t lv_identity_load(const struct lv_context *ctx, const uint64_t *at)
{
    uint64_t word = __atomic_load_n(at, __ATOMIC_RELAXED);

    if (LV_UNLIKELY(ctx->memcheck)) {
        uint64_t copy = word; /* of which valgrind is told; the word itself stays in a register */

        lv_memcheck_defined(&copy, sizeof(copy));
        return copy;
    }
    return word;
}

/* The identity word if @object has one, else 0. Context: guard held. */
uint64_t lv_identity_peek(struct lv_context *ctx, const struct lv_object *object);

static inline uint64_t lv_identity_peek_guarded(struct lv_context *ctx, struct lv_thread *t,
                                                const struct lv_object *object)
{
    uint64_t word;

    t->guard++;
    word = lv_identity_peek(ctx, object);
    t->guard--;
    return word;
}

/* The identity word of @object if it has one; a lock in a module's data that was never taken gets one. Else 0. */
uint64_t lv_identity_of_unmet(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object);

/* @object was initialised by a call at @site: a new instance of that site's class. */
void lv_identity_init(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, uintptr_t site);

/* The identity of @object; if it has none, a new one of the class of @key. 0 without memory. */
uint64_t lv_identity_adopt_as(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                              const struct lv_class_key *key);

/* @object belongs to the class of @key from now on, with @flags; a new instance. */
void lv_identity_set(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                     const struct lv_class_key *key, unsigned flags);

/* The class of @key, made if it is new; 0 without memory. */
lv_class_id lv_identity_class_of(struct lv_context *ctx, struct lv_thread *t, const struct lv_class_key *key);

/* @object belongs to @class from now on, with @flags, and stays the instance that it is, unless it is none or older than the
 * class. Returns the identity word, 0 without memory. */
uint64_t lv_identity_rekey(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                           lv_class_id class, unsigned flags);

/* @object is destroyed: the next lock at its place is another one. */
void lv_identity_forget(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object);

#endif
