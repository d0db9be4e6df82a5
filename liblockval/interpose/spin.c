/* SPDX-License-Identifier: MIT */
/* Spinlocks. One int is too small for an identity, so they are known by their address, from init to destroy. */

#define _GNU_SOURCE
#include "engine/lifetime.h"
#include "interpose/hook.h"

LV_EXPORT int pthread_spin_init(pthread_spinlock_t *spin, int shared)
{
    struct lv_thread *t = lv_self();
    int r;

    if (t != NULL && t->depth != 0)
        lv_lifetime_init(&lv_process_context, t, (uintptr_t)spin, LV_KIND_SPIN, LV_CALL_SITE);
    if (t != NULL) {
        struct lv_object object = lv_spin_object(spin);

        lv_lifetime_check_others(&lv_process_context, t, &object, LV_CALL_SITE, "is initialised anew");
    }
    r = lv_real.pthread_spin_init(spin, shared);
    if (r == 0 && t != NULL) {
        struct lv_object object = lv_spin_object(spin);

        lv_identity_init(&lv_process_context, t, &object, LV_CALL_SITE);
    }
    return r;
}

LV_EXPORT int pthread_spin_destroy(pthread_spinlock_t *spin)
{
    struct lv_thread *t = lv_self();
    struct lv_object object = lv_spin_object(spin);
    int r;

    if (t != NULL && t->depth != 0)
        lv_lifetime_destroy(&lv_process_context, t, (uintptr_t)spin, LV_KIND_SPIN, LV_CALL_SITE);
    if (t != NULL)
        lv_lifetime_check_others(&lv_process_context, t, &object, LV_CALL_SITE, "is destroyed");
    r = lv_real.pthread_spin_destroy(spin);
    if (r == 0 && t != NULL)
        lv_identity_forget(&lv_process_context, t, &object);
    return r;
}

static LV_NOINLINE int lock_general(pthread_spinlock_t *spin, uintptr_t site)
{
    LV_HOOK_TAKE(lv_spin_object(spin), LV_WRITE, 0, false, site, EDEADLK, lv_real.pthread_spin_lock(spin));
}

static LV_NOINLINE int lock_other(struct lv_thread *t, pthread_spinlock_t *spin, uintptr_t site, int result)
{
    const struct lv_object object = lv_spin_object(spin);

    return lv_hook_take_other(t, &object, LV_WRITE, false, site, result);
}

static LV_NOINLINE int lock_contended(struct lv_thread *t, pthread_spinlock_t *spin, uintptr_t site)
{
    LV_HOOK_CONTENDED(t, spin, site, lv_real.pthread_spin_lock(spin), lock_other);
}

LV_EXPORT int pthread_spin_lock(pthread_spinlock_t *spin)
{
    LV_HOOK_TAKE_FAST(spin, LV_KIND_SPIN, lv_spin_fast_word, LV_WRITE, LV_CALL_SITE, lv_spin_is_busy(spin),
                      lv_real.pthread_spin_lock(spin), lock_contended, lock_other);
    return lock_general(spin, LV_CALL_SITE);
}

LV_EXPORT int pthread_spin_trylock(pthread_spinlock_t *spin)
{
    LV_HOOK_TRY(lv_spin_object(spin), LV_WRITE, LV_CALL_SITE, lv_real.pthread_spin_trylock(spin));
}

static LV_NOINLINE int unlock_general(pthread_spinlock_t *spin, uintptr_t site)
{
    struct lv_thread *t = lv_self();

    if (LV_LIKELY(t != NULL)) {
        struct lv_object object = lv_spin_object(spin);

        lv_hook_release(t, &object, site);
    }
    return lv_real.pthread_spin_unlock(spin);
}

LV_EXPORT int pthread_spin_unlock(pthread_spinlock_t *spin)
{
    LV_HOOK_RELEASE_FAST(spin, lv_real.pthread_spin_unlock(spin));
    return unlock_general(spin, LV_CALL_SITE);
}
