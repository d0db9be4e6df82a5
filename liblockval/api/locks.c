/* SPDX-License-Identifier: MIT */
/* Names and exemptions for pthread and C11 locks, and what is said of their next acquisition. */

#include "api/calls.h"

/* An exempted lock keeps the class it has; one that was never met gets a class that says what it is. */
static void exempt(void *lock, enum lockval_kind kind, const char *name, unsigned flags)
{
    struct lv_thread *t = lv_self();
    struct lv_object object;
    struct lv_class_key class;
    uint64_t word;

    if (t == NULL)
        return;
    object = lv_pthread_object(lock, kind);
    word = lv_identity_peek_guarded(&lv_process_context, t, &object);
    class = word != 0 ? lv_classes_get(&lv_process_context.classes, lv_identity_class(word))->key
                      : lv_api_key(&lv_process_context, t, NULL, name, object.kind);
    lv_identity_set(&lv_process_context, t, &object, &class, flags);
}

static void set(void *lock, enum lockval_kind kind, const struct lockval_key *key, const char *name)
{
    struct lv_thread *t = lv_self();
    struct lv_object object;
    struct lv_class_key class;

    if (t == NULL)
        return;
    object = lv_pthread_object(lock, kind);
    class = lv_api_key(&lv_process_context, t, key, name, object.kind);
    lv_identity_set(&lv_process_context, t, &object, &class, 0);
}

LOCKVAL_API void lockval_set_class(void *lock, enum lockval_kind kind, const struct lockval_key *key, const char *name)
{
    set(lock, kind, key, name);
}

LOCKVAL_API void lockval_set_novalidate(void *lock, enum lockval_kind kind)
{
    exempt(lock, kind, "novalidate", LV_IDENTITY_UNCHECKED);
}

LOCKVAL_API void lockval_set_notrack(void *lock, enum lockval_kind kind)
{
    exempt(lock, kind, "notrack", LV_IDENTITY_NOTRACK);
}

LOCKVAL_API void lockval_next_subclass(const void *lock, unsigned subclass)
{
    struct lv_thread *t = lv_self();

    if (t != NULL)
        lv_acquire_next(t, (uintptr_t)lock, subclass, 0);
}

LOCKVAL_API void lockval_next_nest(const void *lock, const void *nest)
{
    struct lv_thread *t = lv_self();

    if (t != NULL)
        lv_acquire_next(t, (uintptr_t)lock, 0, (uintptr_t)nest);
}

LOCKVAL_API void lockval_might_lock(void *lock, enum lockval_kind kind, enum lockval_mode mode)
{
    struct lv_thread *t = lv_self();
    struct lv_object object;
    struct lv_acquisition a;

    if (t == NULL || mode > LOCKVAL_READ_RECURSIVE)
        return;
    object = lv_pthread_object(lock, kind);
    if (!lv_acquisition_set(&a, &object, lv_identity_find(&lv_process_context, t, &object, LV_CALL_SITE),
                            (enum lv_mode)mode, 0, LV_CALL_SITE))
        return;
    a.reentrant = kind == LOCKVAL_MUTEX && lv_mutex_is_reentrant(lock);
    lv_acquire(&lv_process_context, t, &a);
}
