/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_LIFETIME_H
#define LV_ENGINE_LIFETIME_H

#include "engine/thread.h"

/*
 * A lock that is initialised or destroyed while it is held: a finding (lifetime), and the thread holds it no longer. Asked
 * before the call does anything and before the lock gets its new identity.
 * Not one that it holds since before a fork: a child may make its locks anew.
 * Only what the calling thread itself holds is looked at: whether another thread holds the lock at this moment can be
 * answered only by a guess that is wrong when it just let go.
 */

/* The lock at @address, of @kind, is about to be initialised by the call at @site. Context: guard not held. */
void lv_lifetime_init(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind,
                      uintptr_t site);

/* The same for a lock that is about to be destroyed. */
void lv_lifetime_destroy(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind,
                         uintptr_t site);

#endif
