/* SPDX-License-Identifier: MIT */
/* Questions about what the thread holds, and claims about it. Pins are cookies whose sum a lock carries, so that several
 * may stand at once. */

#include "api/calls.h"
#include "engine/nest.h"
#include "engine/publish.h"

static bool satisfies(const struct lv_held *h, enum lockval_mode mode)
{
    switch (mode) {
    case LOCKVAL_WRITE:
        return h->mode == LV_WRITE;
    case LOCKVAL_READ:
    case LOCKVAL_READ_RECURSIVE:
        return h->mode != LV_WRITE;
    default:
        return true;
    }
}

static bool is_held(const struct lv_thread *t, const void *lock, enum lockval_mode mode)
{
    const struct lv_held *h = lv_held_find(t, (uintptr_t)lock);

    return h != NULL && satisfies(h, mode);
}

/* Memory ran out: a lock that is held may be missing in the books. */
static bool is_sure(void)
{
    return __atomic_load_n(&lv_process_context.state, __ATOMIC_RELAXED) == LV_STATE_ON;
}

/* Among many that were taken under a nest lock, it cannot be told which lock is held. */
static bool may_be_merged(const struct lv_thread *t)
{
    return lv_nest_find(t, (lv_class_id){ 0 }) != NULL;
}

static void fail(struct lv_thread *t, const void *lock, uintptr_t site, const char *detail)
{
    const struct lv_held *h = lv_held_find(t, (uintptr_t)lock);
    struct lv_held_record record = { .address = (uintptr_t)lock };

    if (h != NULL)
        record = lv_held_record_of(h);
    else if (!is_sure() || may_be_merged(t))
        return;
    lv_finding_about(&lv_process_context, t, LV_FINDING_ASSERT, &record, site, detail);
}

LOCKVAL_API int lockval_is_held(const void *lock, enum lockval_mode mode)
{
    struct lv_thread *t = lv_self();

    if (t == NULL || t->ever_off)
        return -1;
    return is_held(t, lock, mode) ? 1 : is_sure() && !may_be_merged(t) ? 0 : -1;
}

LOCKVAL_API void lockval_assert_held(const void *lock, enum lockval_mode mode)
{
    struct lv_thread *t = lv_self();

    if (t == NULL || t->ever_off || is_held(t, lock, mode))
        return;
    if (mode == LOCKVAL_WRITE)
        fail(t, lock, LV_CALL_SITE, "is not held for writing, though the program asserts it");
    else if (mode == LOCKVAL_ANY)
        fail(t, lock, LV_CALL_SITE, "is not held, though the program asserts it");
    else
        fail(t, lock, LV_CALL_SITE, "is not held for reading, though the program asserts it");
}

LOCKVAL_API void lockval_assert_not_held(const void *lock)
{
    struct lv_thread *t = lv_self();

    if (t != NULL && is_held(t, lock, LOCKVAL_ANY))
        fail(t, lock, LV_CALL_SITE, "is held, though the program asserts that it is not");
}

LOCKVAL_API unsigned lockval_pin(const void *lock)
{
    struct lv_thread *t = lv_self();
    struct lv_held *h;
    uint32_t cookie;

    if (t == NULL)
        return 0;
    h = lv_held_find(t, (uintptr_t)lock);
    if (h == NULL) {
        fail(t, lock, LV_CALL_SITE, "is being pinned, but this thread does not hold it");
        return 0;
    }
    /* From 1 to 65535, so that a sum of pins is never 0 by accident. */
    cookie = (uint32_t)(lv_hash_mix(lv_process_context.secret[0], h->key_before + h->pins) % 65535) + 1;
    h->pins += cookie;
    return cookie;
}

LOCKVAL_API void lockval_unpin(const void *lock, unsigned cookie)
{
    struct lv_thread *t = lv_self();
    struct lv_held *h;

    if (t == NULL || cookie == 0)
        return;
    h = lv_held_find(t, (uintptr_t)lock);
    if (h == NULL)
        fail(t, lock, LV_CALL_SITE, "is being unpinned, but this thread does not hold it");
    else if (h->pins < cookie)
        fail(t, lock, LV_CALL_SITE, "is being unpinned with a cookie that no pin of it returned");
    else
        h->pins -= cookie;
}

LOCKVAL_API void lockval_repin(const void *lock, unsigned cookie)
{
    struct lv_thread *t = lv_self();
    struct lv_held *h;

    if (t == NULL || cookie == 0)
        return;
    h = lv_held_find(t, (uintptr_t)lock);
    if (h == NULL)
        fail(t, lock, LV_CALL_SITE, "is being pinned again, but this thread does not hold it");
    else
        h->pins += cookie;
}
