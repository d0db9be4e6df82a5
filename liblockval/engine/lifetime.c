/* SPDX-License-Identifier: MIT */
/* The held stack is the calling thread's own, so nothing here is shared. Held entries are found by address, not by
 * instance: what is held there is the lock whose life ends, whoever wrote over its identity meanwhile. */

#include "engine/lifetime.h"

#include "engine/acquire.h"
#include "engine/publish.h"

/*
 * The life of the lock at @address ends; it may be held more than once, as instances that followed each other there.
 * @renews: the call makes a new lock. A forked child may do that to what its thread held at the fork: no other thread
 * can want it, and to make locks anew in the child is what allocators do in their fork handlers.
 */
static void end_life(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind, uintptr_t site,
                     bool renews, const char *detail)
{
    for (struct lv_held *h; (h = lv_held_find(t, address)) != NULL;) {
        const struct lv_held_record record = lv_held_record_of(h);

        if (h->kind == kind && !(renews && h->inherited))
            lv_finding_about(ctx, t, LV_FINDING_LIFETIME, &record, site, detail);
        lv_held_remove(t, h);
    }
}

void lv_lifetime_init(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind, uintptr_t site)
{
    end_life(ctx, t, address, kind, site, true, "is initialised anew while it is held");
}

void lv_lifetime_destroy(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind,
                         uintptr_t site)
{
    end_life(ctx, t, address, kind, site, false, "is destroyed while it is held");
}
