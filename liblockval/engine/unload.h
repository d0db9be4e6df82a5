/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_UNLOAD_H
#define LV_ENGINE_UNLOAD_H

#include "engine/context.h"

/*
 * Modules that come and go. What is known by an address of a module that was unloaded must not be taken for knowledge of
 * the next one at that place: call sites and stacks carry their module's number (sys/modules.h); what does not is
 * forgotten here, as soon as the unloading is noticed: the threads' caches, and the table's instances in that range.
 */

/* The loaded module that @address, which this thread uses, lies in, or null. Context: lock held, guard held. */
const struct lv_module *lv_module_of(struct lv_context *ctx, uintptr_t address);

/*
 * The number of the module at @address, which this thread uses: with it, the address is an identity. 0 as long as nothing
 * was ever unloaded. Takes the internal lock for a module that is new. Context: lock not held, guard held. Cost: a load, or
 * a look at the loader's table.
 */
uint32_t lv_module_born_slow(struct lv_context *ctx, uintptr_t address);

static inline uint32_t lv_module_born(struct lv_context *ctx, uintptr_t address)
{
    return LV_LIKELY(lv_modules_now(&ctx->modules) == 0) ? 0 : lv_module_born_slow(ctx, address);
}

/* Around the real dlclose of @handle; what the first returns is for the second. They take the internal lock, which is dropped while the real call runs: destructors
 * take locks, and another thread may wait there for whoever wants the lock. Context: lock not held. */
uintptr_t lv_unload_begin(struct lv_context *ctx, const void *handle);
void lv_unload_end(struct lv_context *ctx, uintptr_t where);

#endif
