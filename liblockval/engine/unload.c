/* SPDX-License-Identifier: MIT */
/*
 * An unloading is noticed when dlclose returns, or at the latest when a module is met where another one was. Between the
 * real unloading and that moment another thread may already run the next module: sites and stacks look at the loader's
 * own table and are not deceived.
 *
 * A thread's cache is emptied by changing its epoch, as the thread itself does; both add to it atomically.
 */

#include "engine/unload.h"

#include "engine/instances.h"
#include "engine/site.h"
#include "sys/unwind.h"

/* Forget what is known by addresses of the modules that died since this was last asked. Context: lock held. Cost: nothing,
 * or a walk over instances and threads. */
static void settle(struct lv_context *ctx)
{
    if (ctx->unloads_settled == lv_modules_now(&ctx->modules))
        return;
    for (const struct lv_module *m = ctx->modules.dead; m != NULL && m->died > ctx->unloads_settled; m = m->next_dead)
        lv_instances_retire(ctx, m->start, m->end);
    for (struct lv_thread *t = ctx->threads; t != NULL; t = t->next)
        lv_thread_empty_cache(t);
    lv_unwind_forget();
    ctx->unloads_settled = lv_modules_now(&ctx->modules);
}

const struct lv_module *lv_module_of(struct lv_context *ctx, uintptr_t address)
{
    const struct lv_module *module = lv_modules_find(&ctx->modules, address);

    settle(ctx);
    return module;
}

uint32_t lv_module_born_slow(struct lv_context *ctx, uintptr_t address)
{
    const struct lv_module *module = lv_site_module(ctx, address);

    return module != NULL ? module->born : LV_BORN_NONE;
}

uintptr_t lv_unload_begin(struct lv_context *ctx, const void *handle)
{
    struct lv_locked locked = lv_context_lock(ctx);
    uintptr_t where = lv_modules_begin_unload(&ctx->modules, handle);

    /* The first number stands for no unloading yet. */
    if (ctx->unloads_settled == 0)
        ctx->unloads_settled = 1;
    lv_context_unlock(ctx, &locked);
    return where;
}

void lv_unload_end(struct lv_context *ctx, uintptr_t where)
{
    struct lv_locked locked = lv_context_lock(ctx);

    lv_modules_end_unload(&ctx->modules, where);
    settle(ctx);
    lv_context_unlock(ctx, &locked);
}
