/* SPDX-License-Identifier: MIT */
/* The parts of the hooks that are not worth being inline. Owns no data. */

#include "interpose/hook.h"

#include "engine/lockstat.h"
#include "engine/nest.h"
#include "engine/stall.h"
#include "engine/steer.h"

static void release_unheld(struct lv_thread *t, const struct lv_object *object, const struct lv_acquisition *what)
{
    switch (lv_object_holding(object, t->tid)) {
    case LV_HOLDING_SELF:
        return; /* taken on a way that no hook sees */
    case LV_HOLDING_NOBODY:
        lv_release_unheld(&lv_process_context, t, what, LV_UNHELD_FREE);
        return;
    case LV_HOLDING_OTHER:
        lv_release_unheld(&lv_process_context, t, what, LV_UNHELD_BY_THREAD);
        return;
    case LV_HOLDING_UNKNOWN:
        lv_release_unheld(&lv_process_context, t, what, LV_UNHELD_TAKEN);
        return;
    }
}

bool lv_hook_is_watched(struct lv_thread *t, const struct lv_object *object, uintptr_t site, uint64_t *ret_word)
{
    if (lv_is_own(&lv_process_context, object, site))
        return false;
    *ret_word = lv_identity_of_unmet(&lv_process_context, t, object);
    return (lv_identity_flags(*ret_word) & LV_IDENTITY_NOTRACK) == 0;
}

void lv_hook_release_other(struct lv_thread *t, const struct lv_object *object, uintptr_t site)
{
    struct lv_acquisition what = { .address = object->address, .kind = (uint8_t)object->kind, .site = site };
    uint64_t word;

    if (!lv_hook_is_watched(t, object, site, &word))
        return;
    what.class = lv_identity_class(word);
    what.uid = lv_identity_uid(word);
    if (lv_held_find(t, object->address) == NULL && lv_nest_find(t, what.class) == NULL)
        release_unheld(t, object, &what);
    else
        lv_release_slow(&lv_process_context, t, &what);
}

void lv_hook_refused(struct lv_thread *t, const struct lv_acquisition *a)
{
    int saved = errno;

    if (a->reentrant && lv_process_context.options.error_returns)
        lv_acquire_refused(&lv_process_context, t, a);
    errno = saved;
}

void lv_hook_not_got(struct lv_thread *t, const struct lv_acquisition *a, int result)
{
    if (t->lockstat != NULL)
        lv_lockstat_failed(&lv_process_context, t, a);
    if (result == EDEADLK)
        lv_hook_refused(t, a);
}

/* Of a lock that nobody took in our sight, nothing is known by which it could be counted. */
void lv_hook_not_tried(struct lv_thread *t, const struct lv_object *object, enum lv_mode mode, uintptr_t site)
{
    struct lv_acquisition a;
    int saved = errno;
    uint64_t word;

    if (lv_hook_is_watched(t, object, site, &word) && lv_acquisition_set(&a, object, word, mode, LV_TRY, site))
        lv_lockstat_failed(&lv_process_context, t, &a);
    errno = saved;
}

bool lv_hook_before(struct lv_thread *t, const struct lv_object *object, enum lv_mode mode, unsigned flags,
                    bool reentrant, uintptr_t site, struct lv_acquisition *a)
{
    uint64_t word = lv_identity_find(&lv_process_context, t, object, site);

    if (!lv_acquisition_set(a, object, word, mode, flags, site))
        return false;
    a->reentrant = reentrant;
    lv_acquire(&lv_process_context, t, a);
    lv_steer(&lv_process_context, t, a);
    return true;
}

void lv_hook_tried(struct lv_thread *t, const struct lv_object *object, enum lv_mode mode, uintptr_t site)
{
    struct lv_acquisition a;

    if (lv_hook_before(t, object, mode, LV_TRY, true, site, &a))
        lv_acquired(&lv_process_context, t, &a);
}

/* What the fast path learned was known before: it is no harm to say it again. */
int lv_hook_take_other(struct lv_thread *t, const struct lv_object *object, enum lv_mode mode, bool reentrant,
                       uintptr_t site, int result)
{
    struct lv_acquisition a;

    __atomic_store_n(&t->held[t->depth].address, 0, __ATOMIC_RELAXED); /* what was filled in never counted */
    if (!lv_hook_got(result) && result != EDEADLK)
        return result;
    if (!lv_hook_before(t, object, mode, 0, reentrant, site, &a))
        return result;
    if (lv_hook_got(result))
        lv_acquired(&lv_process_context, t, &a);
    else
        lv_hook_refused(t, &a);
    return result;
}

int lv_hook_try_other(struct lv_thread *t, const struct lv_object *object, enum lv_mode mode, uintptr_t site,
                      int result)
{
    if (lv_hook_got(result))
        lv_hook_tried(t, object, mode, site);
    return result;
}

/* A wait that cannot close a circle is only said. What was published is seen by others before this thread looks at them: of
 * two that come at the same time, one at least sees the other. */
static bool closes(struct lv_thread *t, uintptr_t site, bool may_refuse)
{
    int saved;
    bool refused;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (LV_LIKELY(!lv_deadlock_may_close(t) && !lv_stall_may_begin(&lv_process_context)))
        return false;
    saved = errno;
    refused = lv_deadlock_look(&lv_process_context, t, site, may_refuse) == LV_DEADLOCK_REFUSE;
    if (!refused && lv_stall_may_begin(&lv_process_context))
        lv_stall_look(&lv_process_context, t, site);
    errno = saved;
    return refused;
}

LV_ALWAYS_INLINE bool is_busy(const struct lv_object *object, const struct lv_acquisition *a)
{
    return LV_LIKELY(object->kind == LV_KIND_MUTEX) ? lv_mutex_is_busy((const pthread_mutex_t *)object->address)
                                                    : lv_object_is_busy(object, (enum lv_mode)a->mode);
}

/* Does the lock's own word say that it is taken? Of other kinds only the books do. */
static bool says_itself(const struct lv_object *object)
{
    return LV_LAYOUT_KNOWN &&
           (object->kind == LV_KIND_MUTEX || object->kind == LV_KIND_RWLOCK || object->kind == LV_KIND_SPIN);
}

bool lv_hook_wait_begin(struct lv_thread *t, const struct lv_object *object, const struct lv_acquisition *a,
                        bool may_refuse, struct lv_hook_wait *ret)
{
    bool timed = (a->flags & LV_TIMED) != 0, busy;
    struct lv_held_record wanted;

    ret->t = NULL;
    if ((a->flags & LV_TRY) != 0 || (a->reentrant && lv_held_find(t, a->address) != NULL))
        return false;
    /* Who is not going to wait for good need not be seen, but where it does wait. The others are seen before the look. */
    if (timed && !is_busy(object, a))
        return false;
    wanted = lv_acquisition_record(t, a);
    lv_blocked_begin_lock(t, &wanted, timed, a->site, 0, &ret->outer);
    ret->t = t;
    busy = timed || is_busy(object, a);
    if (busy)
        t->blocked_on.since = lv_clock_ticks();
    if (busy && LV_UNLIKELY(t->lockstat != NULL))
        lv_lockstat_contended(&lv_process_context, t, a, t->blocked_on.since, says_itself(object));
    if (timed || !busy || !closes(t, a->site, may_refuse))
        return false;
    lv_hook_wait_end(ret);
    if (LV_UNLIKELY(t->lockstat != NULL))
        lv_lockstat_failed(&lv_process_context, t, a);
    return true;
}

bool lv_hook_wait_holding(struct lv_thread *t, uintptr_t site, struct lv_hook_wait *ret)
{
    const struct lv_held_record wanted = lv_held_record_of(&t->held[t->depth]);

    lv_blocked_begin_lock(t, &wanted, false, site, lv_clock_ticks(), &ret->outer);
    ret->t = t;
    if (LV_LIKELY(!closes(t, site, true)))
        return false;
    lv_hook_wait_end(ret);
    return true;
}
