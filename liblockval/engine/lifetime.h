/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_LIFETIME_H
#define LV_ENGINE_LIFETIME_H

#include "engine/holder.h"
#include "engine/identity.h"

/*
 * A lock whose life ends while it is held: a finding (lifetime), and the thread holds it no longer. Life ends with init and
 * destroy (here), with the memory (engine/memory.h), or for what a thread holds with the thread.
 *
 * What another thread holds is claimed only when its books and the lock itself agree. Books are emptied before the real
 * release, so whoever may give a lock up (it took the lock, and the last user released it before) finds them empty.
 * No claim is made of semaphores, streams, guards and the like; of process-shared locks; of what was inherited by a forked
 * child; and of anything that exit() runs.
 */

/* The lock at @address, of @kind, is about to be initialised by the call at @site. Context: guard not held. */
void lv_lifetime_init(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind,
                      uintptr_t site);

/* The same for a lock that is about to be destroyed. */
void lv_lifetime_destroy(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind,
                         uintptr_t site);

/* What another watched thread holds of @object, which is about to be initialised or destroyed. @what is "is destroyed" or
 * the like. Context: guard not held; the object's memory can be read. */
void lv_lifetime_check_others(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                              uintptr_t site, const char *what);

/* The thread ends, its last destructor called from @site: a finding for each lock that it still holds (but robust ones), and
 * the locks on its stack are no longer. Context: guard not held, but by lockval_off(): then there are no findings. */
void lv_lifetime_thread_end(struct lv_context *ctx, struct lv_thread *t, uintptr_t site);

enum {
    LV_LIFETIME_FRAMES = 128 /* how far out exit() is looked for */
};

/* May anything be claimed about held locks of @kind whose life ends? */
bool lv_lifetime_is_claimed(enum lv_kind kind);

/* Does the lock itself say that @t holds it as in @h? @flags is of enum lv_owner_flag. */
bool lv_lifetime_is_held(const struct lv_context *ctx, const struct lv_thread *t, const struct lv_held *h,
                         unsigned flags);

/* A thread other than @t that holds a lock in [@start, @end), whose instance number is @uid (0: any). Books and lock agree, the
 * lock asked with @flags.
 * Context: internal lock held. Cost: walks all threads. */
bool lv_lifetime_find_holder(const struct lv_context *ctx, const struct lv_thread *t, uintptr_t start, uintptr_t end,
                             uint32_t uid, unsigned flags, struct lv_holder *ret);

/* The finding: @holder's lock ends by "@what" while @t itself or another thread holds it. Context: guard not held. */
void lv_lifetime_report(struct lv_context *ctx, struct lv_thread *t, const struct lv_holder *holder, uintptr_t site,
                        const char *what);

#endif
