/* SPDX-License-Identifier: MIT */
/*
 * Which class a lock belongs to, whether its order is judged, and by what. A lock that the calling thread does not hold
 * becomes another instance, as if it had been initialised; one that it holds stays the instance that it is, and the held
 * stack is built anew.
 */

#include "engine/rekey.h"
#include "api/calls.h"
#include "engine/nest.h"
#include "engine/publish.h"

/* Of @object, from now on: @class, and @flags of its identity. */
static void give(struct lv_thread *t, const struct lv_object *object, lv_class_id class, unsigned flags, uintptr_t site)
{
    struct lv_context *ctx = &lv_process_context;
    const struct lv_rekey to = {
        .base = class,
        .class = class,
        .uid = lv_identity_uid(lv_identity_rekey(ctx, t, object, class, flags)),
        .unchecked = (flags & LV_IDENTITY_UNCHECKED) != 0,
    };

    if ((flags & LV_IDENTITY_NOTRACK) != 0)
        (void)lv_held_drop(t, object->address);
    else if (t->depth != 0)
        (void)lv_rekey_held(ctx, t, object->address, &to, site);
}

/* @object is the lock of @key from now on. */
static void give_key(struct lv_thread *t, const struct lv_object *object, const struct lv_class_key *key,
                     unsigned flags, uintptr_t site)
{
    if (t->depth == 0 || lv_held_find(t, object->address) == NULL)
        lv_identity_set(&lv_process_context, t, object, key, flags);
    else
        give(t, object, lv_identity_class_of(&lv_process_context, t, key), flags, site);
}

/* The class that @object has; a lock that was never met gets one that says what it is. */
static struct lv_class_key key_of(struct lv_thread *t, const struct lv_object *object, const char *name)
{
    uint64_t word = lv_identity_peek_guarded(&lv_process_context, t, object);

    return word != 0 ? lv_classes_get(&lv_process_context.classes, lv_identity_class(word))->key
                     : lv_api_key(&lv_process_context, t, NULL, name, object->kind);
}

/* ---- pthread and C11 locks ----------------------------------------------------------------------------------------- */

LOCKVAL_API void lockval_set_class(void *lock, enum lockval_kind kind, const struct lockval_key *key, const char *name)
{
    struct lv_thread *t = lv_self();
    struct lv_object object;
    struct lv_class_key class;

    if (t == NULL)
        return;
    object = lv_pthread_object(lock, kind);
    class = lv_api_key(&lv_process_context, t, key, name, object.kind);
    give_key(t, &object, &class, 0, LV_CALL_SITE);
}

static void exempt(void *lock, enum lockval_kind kind, const char *name, unsigned flags, uintptr_t site)
{
    struct lv_thread *t = lv_self();
    struct lv_object object;
    struct lv_class_key class;

    if (t == NULL)
        return;
    object = lv_pthread_object(lock, kind);
    class = key_of(t, &object, name);
    give_key(t, &object, &class, flags, site);
}

LOCKVAL_API void lockval_set_novalidate(void *lock, enum lockval_kind kind)
{
    exempt(lock, kind, "novalidate", LV_IDENTITY_UNCHECKED, LV_CALL_SITE);
}

LOCKVAL_API void lockval_set_notrack(void *lock, enum lockval_kind kind)
{
    exempt(lock, kind, "notrack", LV_IDENTITY_NOTRACK, LV_CALL_SITE);
}

/* ---- maps ---------------------------------------------------------------------------------------------------------- */

LOCKVAL_API void lockval_set_class_map(struct lockval_map *map, const struct lockval_key *key, const char *name)
{
    struct lv_thread *t = lv_self();
    struct lv_object object = lv_map_object(map, LV_KIND_MAP);
    struct lv_class_key class;

    map->lockval_key = key;
    map->lockval_name = name;
    if (t == NULL)
        return;
    class = lv_api_key(&lv_process_context, t, key, name, LV_KIND_MAP);
    give_key(t, &object, &class, 0, LV_CALL_SITE);
}

static void exempt_map(struct lockval_map *map, unsigned flags, uintptr_t site)
{
    struct lv_thread *t = lv_self();
    struct lv_object object = lv_map_object(map, LV_KIND_MAP);
    struct lv_class_key class;

    if (t == NULL)
        return;
    class = lv_api_key(&lv_process_context, t, map->lockval_key, map->lockval_name, LV_KIND_MAP);
    give_key(t, &object, &class, flags, site);
}

LOCKVAL_API void lockval_set_novalidate_map(struct lockval_map *map)
{
    exempt_map(map, LV_IDENTITY_UNCHECKED, LV_CALL_SITE);
}

LOCKVAL_API void lockval_set_notrack_map(struct lockval_map *map)
{
    exempt_map(map, LV_IDENTITY_NOTRACK, LV_CALL_SITE);
}

/* ---- subclasses ---------------------------------------------------------------------------------------------------- */

static void set_subclass(struct lv_thread *t, const struct lv_object *object, uint64_t word, unsigned subclass,
                         uintptr_t site)
{
    lv_class_id class;

    if (word == 0)
        return;
    class = lv_rekey_subclass(&lv_process_context, t, lv_identity_class(word), lv_api_subclass(subclass));
    if (class.v != 0)
        give(t, object, class, lv_identity_flags(word), site);
}

LOCKVAL_API void lockval_set_subclass(void *lock, enum lockval_kind kind, unsigned subclass)
{
    struct lv_thread *t = lv_self();
    struct lv_object object;

    if (t == NULL)
        return;
    object = lv_pthread_object(lock, kind);
    set_subclass(t, &object, lv_identity_find(&lv_process_context, t, &object, LV_CALL_SITE), subclass, LV_CALL_SITE);
}

LOCKVAL_API void lockval_set_subclass_map(struct lockval_map *map, unsigned subclass)
{
    struct lv_thread *t = lv_self();
    struct lv_object object = lv_map_object(map, LV_KIND_MAP);

    if (t != NULL)
        set_subclass(t, &object, lv_map_identity(t, map, LV_KIND_MAP), subclass, LV_CALL_SITE);
}

LOCKVAL_API void lockval_set_held_subclass(const void *lock, unsigned subclass)
{
    struct lv_context *ctx = &lv_process_context;
    struct lv_thread *t = lv_self();
    const struct lv_held *h = t != NULL ? lv_held_find(t, (uintptr_t)lock) : NULL;
    struct lv_held_record record = { .address = (uintptr_t)lock };
    struct lv_rekey to;

    if (t == NULL)
        return;
    if (h == NULL) {
        if (!t->ever_off && lv_nest_find(t, (lv_class_id){ 0 }) == NULL)
            lv_finding_about(ctx, t, LV_FINDING_UNLOCK, &record, LV_CALL_SITE,
                             "is being given a subclass, but this thread does not hold it");
        return;
    }
    to = (struct lv_rekey){ .base = h->base };
    to.class = lv_rekey_subclass(ctx, t, h->base, lv_api_subclass(subclass));
    (void)lv_rekey_held(ctx, t, (uintptr_t)lock, &to, LV_CALL_SITE);
}

/* ---- the order within a class -------------------------------------------------------------------------------------- */

/* The program's functions are the engine's by another name; the sizes are the same. */
_Static_assert(sizeof(unsigned long) == sizeof(size_t), "a print function is given the size of its buffer");

static void set_order(struct lv_thread *t, uint64_t word, lockval_cmp_fn cmp, lockval_print_fn print)
{
    struct lv_context *ctx = &lv_process_context;
    struct lv_class_order *order = NULL;
    struct lv_locked locked;

    if (word == 0)
        return;
    t->guard++;
    locked = lv_context_lock(ctx);
    if (cmp != NULL)
        order = lv_arena_alloc(&ctx->arena, sizeof(*order));
    if (order != NULL)
        *order = (struct lv_class_order){ cmp, print };
    if (order != NULL || cmp == NULL)
        lv_nest_set_order(ctx, lv_classes_get(&ctx->classes, lv_identity_class(word))->base, order);
    lv_context_unlock(ctx, &locked);
    t->guard--;
}

LOCKVAL_API void lockval_set_order(void *lock, enum lockval_kind kind, lockval_cmp_fn cmp, lockval_print_fn print)
{
    struct lv_thread *t = lv_self();
    struct lv_object object;

    if (t == NULL)
        return;
    object = lv_pthread_object(lock, kind);
    set_order(t, lv_identity_find(&lv_process_context, t, &object, LV_CALL_SITE), cmp, print);
}

LOCKVAL_API void lockval_set_order_map(struct lockval_map *map, lockval_cmp_fn cmp, lockval_print_fn print)
{
    struct lv_thread *t = lv_self();

    if (t != NULL)
        set_order(t, lv_map_identity(t, map, LV_KIND_MAP), cmp, print);
}
