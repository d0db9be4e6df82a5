/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_ORPHAN_H
#define LV_ENGINE_ORPHAN_H

/*
 * Orphans: locks that another thread held at the fork, in the child, which does not have that thread. Nobody will release
 * them. A child that initialises such a lock anew makes it another instance, which is no orphan; one that takes it waits
 * for ever, and is told so before (finding: fork).
 *
 * An orphan is known by address and instance, and its class is marked: acquisitions of locks of that class are never
 * put into a thread's private cache, so all of them come the slow way and are looked at. Nothing is written into the lock,
 * which may lie in memory that the parent still uses. Why so: docs/adr/0013-orphans.md.
 */

#include "engine/holder.h"

void lv_orphans_init(struct lv_context *ctx);

/* What @gone, a thread that the child does not have, holds. Context: lock and guard held, in the child, before the books
 * are emptied. */
void lv_orphans_collect(struct lv_context *ctx, struct lv_thread *gone);

/* Is the instance @uid (0: whatever instance) at @address an orphan? Then who held it. Context: lock and guard held. */
bool lv_orphan_find(struct lv_context *ctx, uintptr_t address, uint64_t uid, struct lv_holder *ret);

/*
 * The thread is about to take @a's lock on the slow way: if that is an orphan, in a mode that conflicts, makes the finding.
 * Returns whether the walk may be remembered in the private cache. Context: guard not held.
 */
bool lv_orphan_check(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);

#endif
