/* SPDX-License-Identifier: MIT */
#ifndef LV_INTERPOSE_HOOK_H
#define LV_INTERPOSE_HOOK_H

/*
 * What all hooks of locks share. A hook tells the engine before the real call that may wait, and again when the lock was
 * got; it returns what the real call returned, and errno stays what the real call made it.
 */

#include <errno.h>

#include "engine/fast.h"
#include "engine/stall.h"
#include "process/layout.h"
#include "process/self.h"

/* Hooks are exported; the version script leaves them unversioned. */
#define LV_EXPORT __attribute__((visibility("default")))

/* Another name of a hook's function, under which libc has it too. */
#if __has_attribute(copy)
#define LV_ALIAS(hook, name) extern __typeof(hook) name __attribute__((copy(hook), alias(#hook), visibility("default")))
#else
#define LV_ALIAS(hook, name) extern __typeof(hook) name __attribute__((alias(#hook), visibility("default")))
#endif

/* The thread is about to take @object. False: this lock is not watched. */
bool lv_hook_before(struct lv_thread *t, const struct lv_object *object, enum lv_mode mode, unsigned flags,
                    bool reentrant, uintptr_t site, struct lv_acquisition *a);

/* The thread has taken @object without waiting. */
void lv_hook_tried(struct lv_thread *t, const struct lv_object *object, enum lv_mode mode, uintptr_t site);

/* Is @object, used by a call at @site, a lock that findings are made of? Then gives its identity word, 0 if it has none. */
bool lv_hook_is_watched(struct lv_thread *t, const struct lv_object *object, uintptr_t site, uint64_t *ret_word);

/* The thread is about to release @object, which is not the youngest that it holds. Locks that are not watched are let
 * go without a word. */
void lv_hook_release_other(struct lv_thread *t, const struct lv_object *object, uintptr_t site);

/* The thread is about to release @object. */
static inline void lv_hook_release(struct lv_thread *t, const struct lv_object *object, uintptr_t site)
{
    if (LV_UNLIKELY(t->held[(ptrdiff_t)t->depth - 1].address != object->address))
        lv_hook_release_other(t, object, site);
    else
        lv_release(&lv_process_context, t, object->address, object->kind, site);
}

/* The same where nothing is claimed of a lock that is not in the thread's books. */
static inline void lv_hook_let_go(struct lv_thread *t, uintptr_t address, enum lv_kind kind, uintptr_t site)
{
    if (lv_held_find(t, address) != NULL)
        lv_release(&lv_process_context, t, address, kind, site);
}

/* The call that takes @a's lock returned EDEADLK: with error_returns=1 a finding, unless one was made before the call.
 * errno stays. */
void lv_hook_refused(struct lv_thread *t, const struct lv_acquisition *a);

/* It returned @result, and the lock was not got. errno stays. */
void lv_hook_not_got(struct lv_thread *t, const struct lv_acquisition *a, int result);

/* A call that does not wait, made at @site, did not get @object. errno stays. */
void lv_hook_not_tried(struct lv_thread *t, const struct lv_object *object, enum lv_mode mode, uintptr_t site);

/* What a real lock function returned: is the lock held now? EOWNERDEAD is a robust mutex whose last holder died. */
static inline bool lv_hook_got(int result)
{
    return result == 0 || result == EOWNERDEAD;
}

/* A wait for a lock, as others see it. */
struct lv_hook_wait {
    struct lv_thread *t; /* null: nothing was published */
    struct lv_blocked outer;
};

/*
 * The thread is about to call for @object, as @a says. Returns whether the call would close a deadlock, and is to return
 * EDEADLK instead of being made (@may_refuse, option on_deadlock=break); then there is nothing to end.
 */
bool lv_hook_wait_begin(struct lv_thread *t, const struct lv_object *object, const struct lv_acquisition *a,
                        bool may_refuse, struct lv_hook_wait *ret);

/* The call is back. */
static inline void lv_hook_wait_end(struct lv_hook_wait *wait)
{
    if (LV_LIKELY(wait->t != NULL && wait->outer.wait == LV_WAITS_NOT))
        __atomic_store_n(&wait->t->blocked_on.wait, LV_WAITS_NOT, __ATOMIC_RELEASE);
    else if (wait->t != NULL)
        lv_blocked_end(wait->t, &wait->outer);
    wait->t = NULL;
}

/*
 * The body of a hook that takes a lock, for what returns @refusal where it would close a deadlock: @call is the real call, made by the program at @site, @object_expr the struct
 * lv_object, evaluated once the thread is known to be watched.
 */
#define LV_HOOK_TAKE(object_expr, mode, flags, reentrant, site, refusal, call)              \
    do {                                                                                    \
        struct lv_thread *t_ = lv_self();                                                   \
        struct lv_hook_wait wait_;                                                          \
        struct lv_acquisition a_;                                                           \
        struct lv_object object_;                                                           \
        bool watched_;                                                                      \
        int r_;                                                                             \
                                                                                            \
        if (LV_UNLIKELY(t_ == NULL))                                                        \
            return (call);                                                                  \
        wait_.t = NULL; /* all else is filled in where it is used */                        \
        object_ = (object_expr);                                                            \
        watched_ = lv_hook_before(t_, &object_, (mode), (flags), (reentrant), (site), &a_); \
        if (watched_ && lv_hook_wait_begin(t_, &object_, &a_, true, &wait_))                \
            return (refusal);                                                               \
        r_ = (call);                                                                        \
        lv_hook_wait_end(&wait_);                                                           \
        if (LV_LIKELY(watched_ && lv_hook_got(r_)))                                         \
            lv_acquired(&lv_process_context, t_, &a_);                                      \
        else if (watched_)                                                                  \
            lv_hook_not_got(t_, &a_, r_);                                                   \
        return r_;                                                                          \
    } while (0)

/* The same for a call that tries and does not wait. */
#define LV_HOOK_TRY(object_expr, mode, site, call)                        \
    do {                                                                  \
        struct lv_thread *t_ = lv_self();                                 \
        int r_ = (call);                                                  \
                                                                          \
        if (t_ != NULL && lv_hook_got(r_)) {                              \
            struct lv_object object_ = (object_expr);                     \
                                                                          \
            lv_hook_tried(t_, &object_, (mode), (site));                  \
        } else if (t_ != NULL) {                                          \
            t_->next_set = false; /* what was said of this acquisition */ \
            if (LV_UNLIKELY(t_->lockstat != NULL)) {                      \
                struct lv_object object_ = (object_expr);                 \
                                                                          \
                lv_hook_not_tried(t_, &object_, (mode), (site));          \
            }                                                             \
        }                                                                 \
        return r_;                                                        \
    } while (0)

/* ---- the fast path (engine/fast.h) ------------------------------------------------------------------------------------ */

/*
 * Each such hook has two functions beside it, so that it needs no stack frame of its own: the general way, and
 *
 *     int other(struct lv_thread *t, object, uintptr_t site, int result)
 *
 * for the rare ends of the fast path: after lv_fast_begin() the real call returned another @result than 0, or a signal
 * handler came in between. It returns @result.
 */
int lv_hook_take_other(struct lv_thread *t, const struct lv_object *object, enum lv_mode mode, bool reentrant,
                       uintptr_t site, int result);
int lv_hook_try_other(struct lv_thread *t, const struct lv_object *object, enum lv_mode mode, uintptr_t site,
                      int result);

/*
 * After lv_fast_begin() the lock is found taken: say what is waited for, as the entry behind the last held lock has it. Returns
 * as lv_hook_wait_begin(). A thread that nobody can wait for says no more than that entry, and does not look: not since when it waits.
 */
bool lv_hook_wait_holding(struct lv_thread *t, uintptr_t site, struct lv_hook_wait *ret);

static inline bool lv_hook_wait_taken(struct lv_thread *t, uintptr_t site, struct lv_hook_wait *ret)
{
    ret->t = NULL;
    if (LV_LIKELY(!lv_deadlock_may_close(t) && !lv_stall_may_begin(&lv_process_context)))
        return false;
    return lv_hook_wait_holding(t, site, ret);
}

/* The body of a hook's function contended(t, lock, site), for a lock that is found taken on the fast path. */
#define LV_HOOK_CONTENDED(t, lock, site, call, other)                                                        \
    do {                                                                                                     \
        struct lv_hook_wait wait_;                                                                           \
        int got_ = EDEADLK;                                                                                  \
                                                                                                             \
        if (!lv_hook_wait_taken((t), (site), &wait_)) {                                                      \
            got_ = (call);                                                                                   \
            lv_hook_wait_end(&wait_);                                                                        \
            if (LV_LIKELY(got_ == 0) && LV_LIKELY(lv_fast_end(&lv_process_context, (t), (uintptr_t)(lock)))) \
                return 0;                                                                                    \
        }                                                                                                    \
        return other((t), (lock), (site), got_);                                                             \
    } while (0)

/*
 * The start of a hook that takes @lock, called from @site: all of it where the fast path can be taken, nothing where it
 * cannot. @find: a function that gives the identity word, false for the general way. @busy: the lock is taken now.
 */
#define LV_HOOK_TAKE_FAST(lock, kind, find, mode, site, busy, call, contended, other)                       \
    do {                                                                                                    \
        struct lv_thread *f_ = lv_self_state;                                                               \
        const enum lv_mode mode_ = (mode);                                                                  \
        uint64_t word_;                                                                                     \
                                                                                                            \
        if (LV_LIKELY(f_->attention == 0) && LV_LIKELY(find(f_, (lock), &word_)) &&                         \
            LV_LIKELY(lv_fast_begin(f_, (uintptr_t)(lock), word_, (kind), mode_, 0, (site)))) {             \
            int got_;                                                                                       \
                                                                                                            \
            if (LV_UNLIKELY(busy))                                                                          \
                return contended(f_, (lock), (site));                                                       \
            got_ = (call);                                                                                  \
            if (LV_LIKELY(got_ == 0) && LV_LIKELY(lv_fast_end(&lv_process_context, f_, (uintptr_t)(lock)))) \
                return 0;                                                                                   \
            return other(f_, (lock), (site), got_);                                                         \
        }                                                                                                   \
    } while (0)

/* The same for a call that tries and does not wait. */
#define LV_HOOK_TRY_FAST(lock, kind, find, mode, site, call, other)                                               \
    do {                                                                                                          \
        struct lv_thread *f_ = lv_self_state;                                                                     \
        uint64_t word_;                                                                                           \
                                                                                                                  \
        if (LV_LIKELY(f_->attention == 0)) {                                                                      \
            int got_ = (call);                                                                                    \
            bool begun_ = LV_LIKELY(got_ == 0) && LV_LIKELY(find(f_, (lock), &word_)) &&                          \
                          LV_LIKELY(lv_fast_begin(f_, (uintptr_t)(lock), word_, (kind), (mode), LV_TRY, (site))); \
                                                                                                                  \
            if (begun_ && LV_LIKELY(lv_fast_end(&lv_process_context, f_, (uintptr_t)(lock))))                     \
                return 0;                                                                                         \
            return other(f_, (lock), (site), got_);                                                               \
        }                                                                                                         \
    } while (0)

/* The same for a call that releases. */
#define LV_HOOK_RELEASE_FAST(lock, call)                                                        \
    do {                                                                                        \
        struct lv_thread *f_ = lv_self_state;                                                   \
                                                                                                \
        if (LV_LIKELY(f_->attention == 0) && LV_LIKELY(lv_fast_release(f_, (uintptr_t)(lock)))) \
            return (call);                                                                      \
    } while (0)

#endif
