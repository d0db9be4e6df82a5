/* SPDX-License-Identifier: MIT */
/* How locks are waited for, and where that is allowed. Types that do not exist count as the last. */

#include "engine/wait.h"
#include "api/calls.h"

_Static_assert((int)LOCKVAL_WAIT_UNCHECKED == (int)LV_WAIT_UNCHECKED && (int)LOCKVAL_WAIT_SPIN == (int)LV_WAIT_SPIN &&
                   (int)LOCKVAL_WAIT_CONFIG == (int)LV_WAIT_CONFIG && (int)LOCKVAL_WAIT_SLEEP == (int)LV_WAIT_SLEEP,
               "wait types are the engine's");

static uint8_t type_of(enum lockval_wait wait)
{
    return (uint8_t)((unsigned)wait <= LV_WAIT_SLEEP ? wait : LOCKVAL_WAIT_SLEEP);
}

static void set(struct lv_thread *t, uint64_t word, const struct lv_wait *wait)
{
    if (word == 0)
        return;
    t->guard++;
    lv_wait_set_class(&lv_process_context, lv_identity_class(word), wait);
    t->guard--;
}

static void set_map(struct lockval_map *map, uint8_t outer, uint8_t inner, bool override)
{
    struct lv_thread *t = lv_self();
    const struct lv_wait wait = { .outer = outer, .inner = inner, .stated = true, .override = override };

    if (t != NULL)
        set(t, lv_map_identity(t, map, LV_KIND_MAP), &wait);
}

LOCKVAL_API void lockval_set_wait_type(void *lock, enum lockval_kind kind, enum lockval_wait outer,
                                       enum lockval_wait inner)
{
    struct lv_thread *t = lv_self();
    const struct lv_wait wait = { .outer = type_of(outer), .inner = type_of(inner), .stated = true };
    struct lv_object object;

    if (t == NULL)
        return;
    object = lv_pthread_object(lock, kind);
    set(t, lv_identity_find(&lv_process_context, t, &object, LV_CALL_SITE), &wait);
}

LOCKVAL_API void lockval_set_wait_type_map(struct lockval_map *map, enum lockval_wait outer, enum lockval_wait inner)
{
    set_map(map, type_of(outer), type_of(inner), false);
}

LOCKVAL_API void lockval_set_wait_override_map(struct lockval_map *map, enum lockval_wait inner)
{
    set_map(map, LOCKVAL_WAIT_UNCHECKED, type_of(inner), true);
}

LOCKVAL_API void lockval_set_context_wait_type(int context, enum lockval_wait wait)
{
    struct lv_thread *t = lv_self();

    if (t == NULL)
        return;
    t->guard++;
    lv_wait_set_context(&lv_process_context, context, type_of(wait));
    t->guard--;
}
