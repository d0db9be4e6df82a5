/* SPDX-License-Identifier: MIT */
/*
 * Maps: locks that the program builds itself. Between acquire and acquired the acquisition waits in the thread's state,
 * in one of a few places: a lock may be made of others that are annotated too, and a signal handler may come between. A
 * place is taken by its address alone, written first, so that a handler finds it taken.
 */

#include "api/calls.h"
#include "engine/deadlock.h"
#include "engine/lifetime.h"
#include "engine/lockstat.h"
#include "engine/publish.h"
#include "engine/steer.h"

/* The acquisition of the map at @address that this thread announced, or null. */
static struct lv_acquisition *pending(struct lv_thread *t, uintptr_t address)
{
    for (size_t i = 0; i < LV_ARRAY_SIZE(t->pending); i++)
        if (t->pending[i].address == address)
            return &t->pending[i];
    return NULL;
}

/* Where to put that acquisition: where it is already, else a free place, else the last. */
static struct lv_acquisition *place_for(struct lv_thread *t, uintptr_t address)
{
    struct lv_acquisition *a = pending(t, address);

    if (a == NULL)
        a = pending(t, 0);
    return a != NULL ? a : &t->pending[LV_ARRAY_SIZE(t->pending) - 1];
}

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
    struct lv_acquisition a, *place;

    if (t == NULL || mode > LOCKVAL_READ_RECURSIVE ||
        !lv_acquisition_set(&a, &object, lv_map_identity(t, map, LV_KIND_MAP), (enum lv_mode)mode, wanted,
                            LV_CALL_SITE))
        return;
    a.nest = (uintptr_t)nest;
    lv_acquisition_subclass(&lv_process_context, t, &a, lv_api_subclass(subclass));
    lv_acquire(&lv_process_context, t, &a);
    lv_steer(&lv_process_context, t, &a);
    place = place_for(t, (uintptr_t)map);
    __atomic_store_n(&place->address, (uintptr_t)map, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    *place = a;
}

LOCKVAL_API void lockval_contended_map(struct lockval_map *map)
{
    struct lv_thread *t = lv_self();
    const struct lv_acquisition *a = t != NULL ? pending(t, (uintptr_t)map) : NULL;

    if (a != NULL && LV_UNLIKELY(t->lockstat != NULL))
        lv_lockstat_contended(&lv_process_context, t, a, lv_clock_ticks(), true);
    if (a != NULL && (a->flags & (LV_TRY | LV_TIMED)) == 0 && lv_deadlock_may_close(t))
        (void)lv_deadlock_look(&lv_process_context, t, LV_CALL_SITE, false);
}

LOCKVAL_API void lockval_acquired_map(struct lockval_map *map)
{
    struct lv_thread *t = lv_self();
    struct lv_acquisition *a = t != NULL ? pending(t, (uintptr_t)map) : NULL;

    if (a == NULL)
        return;
    lv_acquired(&lv_process_context, t, a);
    a->address = 0;
}

LOCKVAL_API void lockval_abandon_map(struct lockval_map *map)
{
    struct lv_thread *t = lv_self();
    struct lv_acquisition *a = t != NULL ? pending(t, (uintptr_t)map) : NULL;

    if (a == NULL)
        return;
    if (LV_UNLIKELY(t->lockstat != NULL))
        lv_lockstat_failed(&lv_process_context, t, a);
    a->address = 0;
}

LOCKVAL_API void lockval_release_map(struct lockval_map *map)
{
    struct lv_thread *t = lv_self();

    if (t == NULL)
        return;
    if (LV_UNLIKELY(t->depth == 0 || t->held[t->depth - 1].address != (uintptr_t)map)) {
        uint64_t word = lv_map_identity(t, map, LV_KIND_MAP);
        const struct lv_acquisition what = {
            .address = (uintptr_t)map,
            .class = lv_identity_class(word),
            .kind = LV_KIND_MAP,
            .site = LV_CALL_SITE,
        };

        if ((lv_identity_flags(word) & LV_IDENTITY_NOTRACK) == 0)
            lv_release_slow(&lv_process_context, t, &what);
        return;
    }
    lv_release(&lv_process_context, t, (uintptr_t)map, LV_KIND_MAP, LV_CALL_SITE);
}

LOCKVAL_API void lockval_downgrade_map(struct lockval_map *map)
{
    struct lv_thread *t = lv_self();
    struct lv_held_record record = { .address = (uintptr_t)map, .kind = LV_KIND_MAP };
    uint64_t word;

    if (t == NULL || lv_downgrade(t, (uintptr_t)map))
        return;
    word = lv_map_identity(t, map, LV_KIND_MAP);
    if ((lv_identity_flags(word) & LV_IDENTITY_NOTRACK) != 0)
        return;
    record.class = lv_identity_class(word);
    lv_finding_about(&lv_process_context, t, LV_FINDING_UNLOCK, &record, LV_CALL_SITE,
                     "is being downgraded, but this thread does not hold it for writing");
}

/* An acquisition that is judged, and never held. */
static void judge(struct lockval_map *map, enum lockval_mode mode, unsigned subclass, unsigned flags, const void *nest,
                  uintptr_t site)
{
    struct lv_thread *t = lv_self();
    struct lv_object object = lv_map_object(map, LV_KIND_MAP);
    struct lv_acquisition a;

    if (t == NULL || mode > LOCKVAL_READ_RECURSIVE ||
        !lv_acquisition_set(&a, &object, lv_map_identity(t, map, LV_KIND_MAP), (enum lv_mode)mode, flags, site))
        return;
    a.nest = (uintptr_t)nest;
    lv_acquisition_subclass(&lv_process_context, t, &a, lv_api_subclass(subclass));
    lv_acquire(&lv_process_context, t, &a);
    if ((flags & LV_SYNC) != 0)
        lv_steer(&lv_process_context, t, &a);
}

LOCKVAL_API void lockval_might_lock_map(struct lockval_map *map, enum lockval_mode mode)
{
    judge(map, mode, 0, 0, NULL, LV_CALL_SITE);
}

LOCKVAL_API void lockval_might_lock_map_nested(struct lockval_map *map, enum lockval_mode mode, unsigned subclass)
{
    judge(map, mode, subclass, 0, NULL, LV_CALL_SITE);
}

LOCKVAL_API void lockval_sync_map(struct lockval_map *map, enum lockval_mode mode, unsigned subclass, const void *nest)
{
    judge(map, mode, subclass, LV_SYNC, nest, LV_CALL_SITE);
}

LOCKVAL_API int lockval_match_class_map(const struct lockval_map *map, const struct lockval_key *key)
{
    return lv_self() == NULL ? -1 : map->lockval_key == key && key != NULL;
}
