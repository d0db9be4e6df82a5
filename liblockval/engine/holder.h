/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_HOLDER_H
#define LV_ENGINE_HOLDER_H

#include "engine/thread.h"

/* A lock as a thread holds it. */
struct lv_holder {
    struct lv_held_record record; /* class 0: nobody is known to hold it */
    lv_thread_id thread;          /* stays valid when the thread ends */
};

/*
 * A copy of entry @i of what @other holds. That thread runs, so the entry may change meanwhile. False: there is none, or it is
 * not the same any more. Context: any thread.
 */
bool lv_holder_copy(const struct lv_thread *other, uint32_t i, struct lv_held_record *ret);

/* The youngest entry of the lock at @address, of the instance @uid (0: whatever instance), and a copy as above. Null: the books
 * of @other have none. Context: any thread. */
const struct lv_held *lv_holder_entry(const struct lv_thread *other, uintptr_t address, uint64_t uid,
                                      struct lv_held_record *ret);

/*
 * Which other thread than the calling one, @t, holds the instance @uid (0: whatever instance) at @address? The answer is
 * right as far as the books and the lock itself agree at this moment; the thread may let go while it is looked at, so it is
 * evidence to show, and no reason to change what is known. Of several readers it is one. In a forked child it may be a thread
 * of the parent (engine/orphan.h).
 * Returns false, and an empty @ret, when nobody is known to hold it.
 * Context: lock not held. Cost: linear in the threads and what they hold.
 */
bool lv_holder_find(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, uint64_t uid,
                    struct lv_holder *ret);

#endif
