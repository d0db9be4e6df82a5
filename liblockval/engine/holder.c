/* SPDX-License-Identifier: MIT */
/*
 * The books of other threads, read while those threads change them. The internal lock keeps a state with its thread; the
 * entries themselves are read as they are: the depth first, since a longer array is stored before the depth that needs it,
 * and old arrays stay mapped. An entry that changes under the reading may come out mixed from two acquisitions. Every
 * field of such a mixture is a valid id, and the entry is only believed if it is the same lock before and after.
 */

#include "engine/holder.h"

#include "engine/acquire.h"
#include "engine/orphan.h"

/* A copy of @h if it is and stays an entry for this lock. */
static bool copy_entry(const struct lv_held *h, uintptr_t address, uint64_t uid, struct lv_held_record *ret)
{
    if (__atomic_load_n(&h->address, __ATOMIC_ACQUIRE) != address)
        return false;
    *ret = lv_held_record_of(h);
    ret->address = address;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return (uid == 0 || ret->uid == uid) && ret->class.v != 0 &&
           __atomic_load_n(&h->address, __ATOMIC_RELAXED) == address &&
           __atomic_load_n(&h->uid, __ATOMIC_RELAXED) == ret->uid;
}

/* Does @other hold it, by its books and by the lock? */
static bool holds(const struct lv_context *ctx, const struct lv_thread *other, uintptr_t address, uint64_t uid,
                  struct lv_held_record *ret)
{
    uint32_t depth = __atomic_load_n(&other->depth, __ATOMIC_ACQUIRE);
    const struct lv_held *held = __atomic_load_n(&other->held, __ATOMIC_ACQUIRE);

    while (depth-- > 0) {
        if (!copy_entry(&held[depth], address, uid, ret))
            continue;
        if (depth >= __atomic_load_n(&other->depth, __ATOMIC_RELAXED))
            continue; /* it is only being taken (engine/fast.h) */
        /* Since a fork the lock may name a thread of the parent. */
        if (ctx->agrees == NULL || ctx->agrees(ret, held[depth].inherited ? 0 : other->tid))
            return true;
    }
    return false;
}

bool lv_holder_find(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, uint64_t uid, struct lv_holder *ret)
{
    struct lv_thread *other;
    struct lv_locked locked;
    bool found = false;

    t->guard++;
    locked = lv_context_lock(ctx);
    for (other = ctx->threads; other != NULL && !found; other = other->next) {
        if (!other->used || other == t || !holds(ctx, other, address, uid, &ret->record))
            continue;
        other->witnessed = true;
        ret->thread = other->info;
        found = true;
    }
    found = found || lv_orphan_find(ctx, address, uid, ret);
    lv_context_unlock(ctx, &locked);
    t->guard--;
    if (!found)
        *ret = (struct lv_holder){ .thread = { 0 } };
    return found;
}
