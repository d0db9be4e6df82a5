/* SPDX-License-Identifier: MIT */
/* Maps: locks that the program builds itself. Between acquire and acquired the acquisition waits in the thread's state. */

#include "api/calls.h"
#include "engine/lifetime.h"
#include "engine/publish.h"

LOCKVAL_API void lockval_init_map(struct lockval_map *map, const char *name, const struct lockval_key *key)
{
    struct lv_thread *t = lv_self();

    if (t != NULL && t->depth != 0)
        lv_lifetime_init(&lv_process_context, t, (uintptr_t)map, LV_KIND_MAP, LV_CALL_SITE);
    *map = (struct lockval_map)LOCKVAL_MAP_INIT(name, key);
}

LOCKVAL_API void lockval_acquire_map(struct lockval_map *map, enum lockval_mode mode, unsigned subclass, unsigned flags,
                                     const void *nest)
{
    struct lv_thread *t = lv_self();
    struct lv_object object = lv_map_object(map, LV_KIND_MAP);
    unsigned wanted = flags & ((unsigned)LV_TRY | (unsigned)LV_TIMED);

    if (t == NULL)
        return;
    t->pending.address = 0;
    if (mode > LOCKVAL_READ_RECURSIVE || subclass >= LV_SUBCLASSES ||
        !lv_acquisition_set(&t->pending, &object, lv_map_identity(t, map, LV_KIND_MAP), (enum lv_mode)mode, wanted,
                            LV_CALL_SITE))
        return;
    t->pending.nest = (uintptr_t)nest;
    lv_acquisition_subclass(&lv_process_context, t, &t->pending, subclass);
    lv_acquire(&lv_process_context, t, &t->pending);
}

LOCKVAL_API void lockval_acquired_map(struct lockval_map *map)
{
    struct lv_thread *t = lv_self();

    if (t == NULL || t->pending.address != (uintptr_t)map)
        return;
    lv_acquired(&lv_process_context, t, &t->pending);
    t->pending.address = 0;
}

LOCKVAL_API void lockval_abandon_map(struct lockval_map *map)
{
    struct lv_thread *t = lv_self();

    if (t != NULL && t->pending.address == (uintptr_t)map)
        t->pending.address = 0;
}

LOCKVAL_API void lockval_release_map(struct lockval_map *map)
{
    struct lv_thread *t = lv_self();

    if (t != NULL)
        lv_release(&lv_process_context, t, (uintptr_t)map, LV_KIND_MAP, LV_CALL_SITE);
}

LOCKVAL_API void lockval_downgrade_map(struct lockval_map *map)
{
    struct lv_thread *t = lv_self();
    struct lv_held_record record = { .address = (uintptr_t)map, .kind = LV_KIND_MAP };

    if (t == NULL || lv_downgrade(t, (uintptr_t)map))
        return;
    record.class = lv_identity_class(lv_map_identity(t, map, LV_KIND_MAP));
    lv_finding_about(&lv_process_context, t, LV_FINDING_UNLOCK, &record, LV_CALL_SITE,
                     "is being downgraded, but this thread does not hold it for writing");
}

LOCKVAL_API void lockval_might_lock_map(struct lockval_map *map, enum lockval_mode mode)
{
    struct lv_thread *t = lv_self();
    struct lv_object object = lv_map_object(map, LV_KIND_MAP);
    struct lv_acquisition a;

    if (t != NULL && mode <= LOCKVAL_READ_RECURSIVE &&
        lv_acquisition_set(&a, &object, lv_map_identity(t, map, LV_KIND_MAP), (enum lv_mode)mode, 0, LV_CALL_SITE))
        lv_acquire(&lv_process_context, t, &a);
}
