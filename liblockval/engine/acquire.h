/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_ACQUIRE_H
#define LV_ENGINE_ACQUIRE_H

/*
 * The way of an acquisition: lv_acquire() before the program may wait, lv_acquired() once the lock is held, lv_release()
 * before it is given up. For a chain that the thread walked before from the same call site, nothing shared is written
 * and no lock is taken. engine/fast.h is the same way for the usual case, with nothing in it that this case does not need.
 *
 *     lv_acquire --- known in the private cache? ------------------------------> done
 *          |  no: chain table under RCU: walked often enough, stack known? ----> done, cache it
 *          |  no: internal lock: stack, edges, search, witnesses, findings ----> done, cache it
 *
 * Every function takes the calling thread's own state. Context: guard not held; the functions hold it themselves while
 * they run. Idea: lockdep's __lock_acquire() and its chain cache.
 */

#include "base/hash.h"
#include "engine/identity.h"

static inline uint64_t lv_filter_bit(lv_class_id base)
{
    return UINT64_C(1) << (base.v & 63);
}

/* What an acquisition adds to a chain. */
static inline uint64_t lv_chain_link(lv_class_id class, unsigned mode, unsigned flags)
{
    return (uint64_t) class.v << 32 | (uint64_t)flags << 8 | mode;
}

/* The key of the chain @key with one more held lock. */
static inline uint64_t lv_chain_next(uint64_t key, lv_class_id class, unsigned mode, unsigned flags)
{
    return lv_hash_mix(key, lv_chain_link(class, mode, flags));
}

/* By what the acquisition is known: the same, and what the thread runs inside of and what can interrupt it. That is of no
 * account for the order of what is taken later, so it goes no further than this. */
static inline uint64_t lv_chain_taken(const struct lv_thread *t, const struct lv_acquisition *a)
{
    return lv_hash_mix(t->key, lv_chain_link(a->class, a->mode, a->flags) ^ t->context_key);
}

/* The slow ways. */
void lv_acquire_slow(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, uint64_t chain,
                     uint64_t tag);
void lv_acquire_nested(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a);
void lv_acquire_special(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a);
/* The rules for a lock that the thread itself holds already, as @h (engine/same.c). */
void lv_acquire_same(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                     const struct lv_held *h);

/* The call returned EDEADLK to its own holder: the finding afterwards (engine/same.c). */
void lv_acquire_refused(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);
bool lv_acquired_again(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);
void lv_release_slow(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *what);

/* The thread releases a lock that is not in its books. What does the lock itself say? */
enum lv_unheld {
    LV_UNHELD_BY_THREAD, /* not this thread has it; or it cannot be asked */
    LV_UNHELD_FREE,      /* nobody has it */
    LV_UNHELD_TAKEN      /* somebody has it. Only a finding if that is known to be another thread */
};
void lv_release_unheld(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *what,
                       enum lv_unheld lock_says);
/* Drop what is in the thread's books and not held any more. Returns whether there was something. Context: guard not held. */
bool lv_acquire_drop_lost(struct lv_context *ctx, struct lv_thread *t);
/* An acquisition goes to the thread's history: @record, or that of the youngest lock that it holds. */
void lv_history_add(struct lv_context *ctx, struct lv_thread *t, const struct lv_held_record *record);
void lv_history_add_youngest(struct lv_context *ctx, struct lv_thread *t);

/* The tag of an acquisition of @link at the end of the chain @key, by a call at @site. Each factor has one part that looks
 * random: a key, the epoch. */
LV_ALWAYS_INLINE uint64_t lv_cache_tag(const struct lv_thread *t, uint64_t key, uint64_t link, uintptr_t site)
{
    __uint128_t p = (__uint128_t)(key ^ link ^ t->context_key) * (site + __atomic_load_n(&t->epoch, __ATOMIC_RELAXED));

    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* The same where locks of its class are held, which @kin names with the wanted one: one order of them says nothing about
 * the next. Not judged so, and without @kin: a class with another rule. */
static inline uint64_t lv_cache_tag_of_kin(uint64_t tag, uint64_t kin)
{
    return lv_hash_mix(~tag, kin);
}

/* What .kin is of an entry that is the only one of its class: for a lock without subclass its identity word. */
static inline uint64_t lv_kin_first(lv_class_id class, uint32_t uid)
{
    return (uint64_t)uid << 32 | class.v;
}

/* What .kin is of an entry with @uid above one with @kin. */
static inline uint64_t lv_kin_next(uint64_t kin, uint32_t uid)
{
    return lv_hash_mix(~kin, uid);
}

/*
 * Is the chain in the thread's cache? Then take the stack and the longer chain's key from there. A signal handler may
 * replace the entry, or the whole cache by a larger one, at any moment: so the mask is read before the cache, and the tag
 * after all else.
 */
LV_ALWAYS_INLINE bool lv_cache_hit(struct lv_thread *t, uint64_t tag, lv_stack_id *ret_stack, uint64_t *ret_key)
{
    uint64_t mask = t->cache_mask, key_after;
    struct lv_cache_slot *slot;
    lv_stack_id stack;

    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    slot = &t->cache[tag & mask];
    stack = slot->stack;
    key_after = slot->key_after;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (LV_UNLIKELY(slot->tag != tag))
        return false;
    slot->hits++;
    *ret_stack = stack;
    *ret_key = key_after;
    return true;
}

/* Fill in who the lock is, from its identity word. False: it is not watched. */
bool lv_acquisition_set(struct lv_acquisition *a, const struct lv_object *object, uint64_t word, enum lv_mode mode,
                        unsigned flags, uintptr_t site);

/* The thread is about to wait for @a's lock (or, with LV_TRY, has got it). Adds edges and makes findings. */
void lv_acquire(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a);

/* The lock of @a is held now. */
void lv_acquired(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);

/* The thread is about to release the lock at @address, which is of @kind; @site for the finding when it does not hold
 * it. */
void lv_release(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind, uintptr_t site);

/* The held lock at @address, the youngest first, or null. */
struct lv_held *lv_held_find(const struct lv_thread *t, uintptr_t address);

/* What .kin is of entry number @at with this class and number. Cost: a look at the entries below, back to one of the class. */
uint64_t lv_held_kin(const struct lv_thread *t, uint32_t at, lv_class_id class, uint32_t uid);

/* Forget that @t holds @h, whatever its count. Context: guard held, or no signal handler can come between the look-up of @h
 * and this: it could move the entries. */
void lv_held_remove(struct lv_thread *t, struct lv_held *h);

/* The same for the youngest entry of the lock at @address, looked up and removed with the guard held. False: there is
 * none. */
bool lv_held_drop(struct lv_thread *t, uintptr_t address);

/* What is held counts as taken at no deeper level than the thread is at now: it jumped out of contexts. */
void lv_held_lower(struct lv_thread *t);

/* What was filled in for a lock that is being taken, at the entry @last or below, does not hold any more. */
void lv_held_not_taking(struct lv_thread *t, uint32_t last);

/*
 * What changed the books was interrupted and will not go on: make them whole. An entry without a lock, one that was being
 * moved, and a lock that was being taken are dropped; keys and filters are folded anew.
 */
void lv_held_mend(struct lv_thread *t);

/* After class, mode or flags of @h changed: fold the keys from it on anew. */
void lv_held_remix(struct lv_thread *t, const struct lv_held *h);

/* Push @entry as it is, but for the key and filter below it, which are the thread's. There is room for it. Context: guard
 * held. */
void lv_held_push(struct lv_thread *t, const struct lv_held *entry);

/* The lock of @a as witnesses and findings keep it. */
struct lv_held_record lv_acquisition_record(const struct lv_thread *t, const struct lv_acquisition *a);

/* @a counts as of @subclass (0 to 7) of its class. Call it between lv_acquisition_set() and lv_acquire(). */
void lv_acquisition_subclass(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, unsigned subclass);

/* The next acquisition of @lock by this thread has this subclass or nest lock. */
void lv_acquire_next(struct lv_thread *t, uintptr_t lock, unsigned subclass, uintptr_t nest);

/* The write lock held at @address becomes a read lock. False: it is not held for writing. */
bool lv_downgrade(struct lv_thread *t, uintptr_t address);

#endif
