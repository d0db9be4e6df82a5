/* SPDX-License-Identifier: MIT */
/* Wrappers are known by the symbols of their functions, mangled as the compiler left them; a wrapper without a symbol
 * (stripped, or inlined) is no frame to step over, and none to name.
 *
 * To look at symbols is slow, so what was found is kept: a table from the hash of the frames walked so far to the class,
 * or to the mark that says "a wrapper, take the next frame too". */

#include "engine/site.h"

#include "engine/symbols.h"
#include "engine/unload.h"
#include "engine/wrappers.h"
#include "sys/unwind.h"

enum {
    SITE_FRAMES = 12, /* how far out a site is looked for */
    WRAPPER = UINT32_MAX
};

static bool is_wrapper(struct lv_context *ctx, uintptr_t frame)
{
    struct lv_symbol symbol;

    lv_modules_name(&ctx->modules, frame - 1, &symbol);
    if (symbol.symbol == NULL)
        return false;
    switch (lv_wrappers_look(symbol.symbol)) {
    case LV_WRAPPER_KNOWN:
        return true;
    case LV_WRAPPER_NEVER:
        return false;
    case LV_WRAPPER_NO:
        break;
    }
    return lv_wrappers_match(ctx->options.wrappers, symbol.symbol);
}

static struct lv_class_key key_at(struct lv_context *ctx, enum lv_class_origin origin, enum lv_kind kind,
                                  uintptr_t place)
{
    const struct lv_module *module = lv_module_of(ctx, place);

    if (module == NULL)
        return (struct lv_class_key){ origin, kind, NULL, place, NULL };
    return (struct lv_class_key){ origin, kind, module->first, place - module->bias, NULL };
}

static uint64_t first_hash(enum lv_class_origin origin, enum lv_kind kind)
{
    return lv_hash_mix((uint64_t)origin << 8 | (uint64_t)kind, UINT64_C(0x517e));
}

static uint64_t next_hash(uint64_t hash, uintptr_t frame, uint32_t born)
{
    return lv_hash_mix(hash + born, frame) | 1;
}

/* The same as lv_module_born() under the lock. */
static uint32_t born_of(struct lv_context *ctx, uintptr_t frame)
{
    const struct lv_module *module;

    if (LV_LIKELY(lv_modules_now(&ctx->modules) == 0))
        return 0;
    module = lv_module_of(ctx, frame);
    return module != NULL ? module->born : LV_BORN_NONE;
}

/* The class that is known for @frames, 0 when there is none yet, WRAPPER when there are too few frames to tell. Context:
 * lock held. */
static uint32_t known_class(struct lv_context *ctx, uint64_t hash, const uintptr_t *frames, uint32_t count)
{
    uint32_t class = WRAPPER;

    for (uint32_t i = 0; i < count && class == WRAPPER; i++) {
        hash = next_hash(hash, frames[i], born_of(ctx, frames[i]));
        class = lv_table_find(&ctx->sites, hash);
    }
    return class;
}

/* One more way leads from the class's site to its locks, by the first @wrappers of @frames. */
static void note_way(struct lv_context *ctx, struct lv_class *class, const uintptr_t *frames, uint32_t wrappers)
{
    const struct lv_module *module;

    class->ways++;
    if (wrappers == 0 || class->wrapper != 0)
        return;
    class->wrapper = frames[wrappers - 1];
    module = lv_module_of(ctx, class->wrapper);
    class->wrapper_born = module != NULL ? module->born : LV_BORN_NONE;
}

/* The module of @frame if its symbols would have to be read to name it, else null. */
static const struct lv_module *unread(struct lv_context *ctx, uintptr_t frame)
{
    const struct lv_module *module = lv_module_of(ctx, frame - 1);

    return module != NULL && !lv_modules_is_named(module) ? module : NULL;
}

/*
 * Learn the class for @frames: mark wrappers, and at the first other frame (or the last one there is) add the class.
 * @ret_unread: class 0 is returned because the symbols of this module must be read first; null: go on and read them.
 */
static lv_class_id learn(struct lv_context *ctx, enum lv_class_origin origin, enum lv_kind kind,
                         const uintptr_t *frames, uint32_t count, const struct lv_module **ret_unread)
{
    uint64_t hash = first_hash(origin, kind);
    struct lv_class_key key;
    lv_class_id class;
    uint32_t i;

    for (i = 0;; i++) {
        hash = next_hash(hash, frames[i], born_of(ctx, frames[i]));
        if (i + 1 == count)
            break;
        if (ret_unread != NULL && (*ret_unread = unread(ctx, frames[i])) != NULL)
            return (lv_class_id){ 0 };
        if (!is_wrapper(ctx, frames[i]))
            break;
        if (lv_table_insert(&ctx->sites, hash, WRAPPER) < 0)
            return (lv_class_id){ 0 };
    }
    key = key_at(ctx, origin, kind, frames[i]);
    class = lv_classes_find_or_add(&ctx->classes, &key);
    /* A wrapper that is the last frame there is, this once, stays a wrapper. */
    if (class.v == 0 || lv_table_find(&ctx->sites, hash) == WRAPPER)
        return class;
    if (lv_table_insert(&ctx->sites, hash, class.v) < 0)
        return (lv_class_id){ 0 };
    note_way(ctx, lv_classes_get(&ctx->classes, class), frames, i);
    return class;
}

/* The site is new, or lies in a wrapper. The frames can come from as many modules as there are frames. */
static lv_class_id find_or_add(struct lv_context *ctx, enum lv_class_origin origin, enum lv_kind kind, uintptr_t site)
{
    uint64_t hash = first_hash(origin, kind);
    uintptr_t frames[SITE_FRAMES];
    uint32_t count = 0;

    for (uint32_t turn = 0;; turn++) {
        const struct lv_module *missing = NULL;
        struct lv_locked locked = lv_context_lock(ctx);
        lv_class_id class;

        if (count == 0)
            count = lv_unwind(frames, SITE_FRAMES, site);
        class.v = known_class(ctx, hash, frames, count);
        if (class.v == 0 || class.v == WRAPPER)
            class = learn(ctx, origin, kind, frames, count, turn < SITE_FRAMES ? &missing : NULL);
        lv_context_unlock(ctx, &locked);
        if (missing == NULL)
            return class;
        lv_symbols_prepare(ctx, missing);
        if (!lv_modules_is_named(missing))
            turn = SITE_FRAMES; /* whoever reads them does not finish */
    }
}

lv_class_id lv_site_class_slow(struct lv_context *ctx, struct lv_thread *t, enum lv_class_origin origin,
                               enum lv_kind kind, uintptr_t site)
{
    struct lv_known_site *known = lv_site_known(t, site, kind);
    uint32_t born = lv_module_born(ctx, site);
    lv_class_id class = { lv_table_find(&ctx->sites, next_hash(first_hash(origin, kind), site, born)) };

    if (class.v == 0 || class.v == WRAPPER)
        return find_or_add(ctx, origin, kind, site);
    /* A signal handler may jump away in between. */
    known->site = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    known->born = born;
    known->what = lv_site_what(origin, kind);
    known->class = class;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    known->site = site;
    return class;
}

const struct lv_module *lv_site_module(struct lv_context *ctx, uintptr_t address)
{
    const struct lv_module *module;
    struct lv_locked locked;

    if (lv_modules_peek(&ctx->modules, address, &module))
        return module;
    locked = lv_context_lock(ctx);
    module = lv_module_of(ctx, address);
    lv_context_unlock(ctx, &locked);
    return module;
}

bool lv_site_is_static(struct lv_context *ctx, const struct lv_object *object, struct lv_class_key *ret_key)
{
    const struct lv_module *module = lv_site_module(ctx, object->address);

    if (module == NULL)
        return false;
    *ret_key =
        (struct lv_class_key){ LV_CLASS_STATIC, object->kind, module->first, object->address - module->bias, NULL };
    return true;
}
