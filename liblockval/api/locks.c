/* SPDX-License-Identifier: MIT */
/* What is said of the next acquisition of a pthread or C11 lock, and acquisitions that do not happen. */

#include "api/calls.h"

LOCKVAL_API int lockval_match_class(void *lock, enum lockval_kind kind, const struct lockval_key *key)
{
    struct lv_context *ctx = &lv_process_context;
    struct lv_thread *t = lv_self();
    struct lv_object object;
    struct lv_class_key wanted;
    uint64_t word;

    if (t == NULL)
        return -1;
    object = lv_pthread_object(lock, kind);
    word = lv_identity_peek_guarded(ctx, t, &object);
    wanted = lv_api_key(ctx, t, key, NULL, object.kind);
    return word != 0 && lv_key_is(&lv_classes_get(&ctx->classes, lv_identity_class(word))->key, &wanted);
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

static void might_lock(void *lock, enum lockval_kind kind, enum lockval_mode mode, unsigned subclass, uintptr_t site)
{
    struct lv_thread *t = lv_self();
    struct lv_object object;
    struct lv_acquisition a;

    if (t == NULL || mode > LOCKVAL_READ_RECURSIVE)
        return;
    object = lv_pthread_object(lock, kind);
    if (!lv_acquisition_set(&a, &object, lv_identity_find(&lv_process_context, t, &object, site), (enum lv_mode)mode, 0,
                            site))
        return;
    a.reentrant = kind == LOCKVAL_MUTEX && lv_mutex_is_reentrant(lock);
    lv_acquisition_subclass(&lv_process_context, t, &a, lv_api_subclass(subclass));
    lv_acquire(&lv_process_context, t, &a);
}

LOCKVAL_API void lockval_might_lock(void *lock, enum lockval_kind kind, enum lockval_mode mode)
{
    might_lock(lock, kind, mode, 0, LV_CALL_SITE);
}

LOCKVAL_API void lockval_might_lock_nested(void *lock, enum lockval_kind kind, enum lockval_mode mode,
                                           unsigned subclass)
{
    might_lock(lock, kind, mode, subclass, LV_CALL_SITE);
}
