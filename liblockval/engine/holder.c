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

/* What is behind the last one that counts is only being taken (engine/fast.h). */
bool lv_holder_copy(const struct lv_thread *other, uint32_t i, struct lv_held_record *ret)
{
    uint32_t depth = __atomic_load_n(&other->depth, __ATOMIC_ACQUIRE);
    const struct lv_held *h = &__atomic_load_n(&other->held, __ATOMIC_ACQUIRE)[i];
    uintptr_t address;

    if (i >= depth)
        return false;
    address = __atomic_load_n(&h->address, __ATOMIC_ACQUIRE);
    *ret = lv_held_record_of(h);
    ret->address = address;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return address != 0 && ret->class.v != 0 && __atomic_load_n(&h->address, __ATOMIC_RELAXED) == address &&
           __atomic_load_n(&h->uid, __ATOMIC_RELAXED) == ret->uid &&
           i < __atomic_load_n(&other->depth, __ATOMIC_RELAXED);
}

const struct lv_held *lv_holder_entry(const struct lv_thread *other, uintptr_t address, uint64_t uid,
                                      struct lv_held_record *ret)
{
    uint32_t depth = __atomic_load_n(&other->depth, __ATOMIC_ACQUIRE);
    const struct lv_held *held = __atomic_load_n(&other->held, __ATOMIC_ACQUIRE);

    while (depth-- > 0)
        if (__atomic_load_n(&held[depth].address, __ATOMIC_RELAXED) == address && lv_holder_copy(other, depth, ret) &&
            ret->address == address && (uid == 0 || ret->uid == uid))
            return &held[depth];
    return NULL;
}

/* Does @other hold it, by its books and by the lock? Since a fork the lock may name a thread of the parent. */
static bool holds(const struct lv_context *ctx, const struct lv_thread *other, uintptr_t address, uint64_t uid,
                  struct lv_held_record *ret)
{
    const struct lv_held *h = lv_holder_entry(other, address, uid, ret);

    return h != NULL && (ctx->agrees == NULL || ctx->agrees(ret, h->inherited ? 0 : other->tid));
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
