/* SPDX-License-Identifier: MIT */
/*
 * The fast path of a lock of whose class the thread may hold others: locks of a table that are nested. What is remembered of
 * such a chain names the instances too (lv_acquire_nested()), so that a hit says that this very nesting was judged. That the
 * lock itself is not among them has to be seen here: it may be held as of another subclass.
 */

#include "engine/fast.h"

bool lv_fast_begin_kin(struct lv_thread *t, uintptr_t address, uint64_t word, enum lv_kind kind, enum lv_mode mode,
                       unsigned flags, uintptr_t site)
{
    const lv_class_id class = { (uint32_t)word };
    uint64_t tag = lv_cache_tag(t, t->key, lv_chain_link(class, mode, flags), site);
    uint32_t depth = t->depth, uid = lv_identity_uid(word);
    const struct lv_held *youngest = NULL;
    lv_stack_id stack;
    uint64_t key_next, kin = word;

    for (const struct lv_held *h = &t->held[depth]; h-- != t->held;) {
        if (h->base.v != class.v)
            continue;
        if (h->address == address)
            return false;
        if (h->class.v == class.v && youngest == NULL)
            youngest = h;
    }
    if (youngest != NULL) {
        kin = lv_kin_next(youngest->kin, uid);
        tag = lv_cache_tag_of_kin(tag, kin);
    }
    if (depth == t->capacity || !lv_cache_hit(t, tag, &stack, &key_next))
        return false;
    lv_fast_fill(t, depth, address, word, kind, mode, flags, stack, key_next, kin);
    return true;
}
