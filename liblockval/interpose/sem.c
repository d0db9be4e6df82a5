/* SPDX-License-Identifier: MIT */
/*
 * Semaphores: what is followed of them stands in engine/sem.h. These calls return -1 and set errno. A wait is a
 * cancellation point: until it returns nothing is in the thread's books, so a cancelled one leaves nothing behind.
 * sem_post is async-signal-safe, and this one is: what it does besides takes at most the internal lock, which no thread
 * holds while a handler of its own can run.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <semaphore.h>
#include <stdarg.h>

#include "engine/life.h"
#include "engine/lockstat.h"
#include "engine/sem.h"
#include "engine/stall.h"
#include "engine/steer.h"
#include "engine/wake.h"
#include "interpose/hook.h"

/* The thread is about to wait for @sem, or (LV_TRY) has got it. False: it is not followed. */
static bool before_wait(struct lv_thread *t, sem_t *sem, unsigned flags, uintptr_t site, struct lv_acquisition *a)
{
    struct lv_object object = lv_sem_object(&lv_process_context, sem);
    uint64_t word = lv_sem_find(&lv_process_context, t, &object);

    if (!lv_acquisition_set(a, &object, word, LV_WRITE, flags, site))
        return false;
    lv_acquire(&lv_process_context, t, a);
    lv_steer(&lv_process_context, t, a);
    return true;
}

/*
 * With events=sem a semaphore that is no lock is an event, if it was made in our sight for one process: to wait for it is
 * to wait for whoever posts it. It may be known as a semaphore at its address already, so the event is known by the next one.
 */
static bool are_events(void)
{
    return lv_wake_is_on(&lv_process_context, LV_EVENTS_SEM);
}

static uintptr_t event_of(const sem_t *sem)
{
    return (uintptr_t)sem + 1;
}

static struct lv_wake_wait begin_event(struct lv_thread *t, sem_t *sem, unsigned flags, uintptr_t site)
{
    if (t == NULL || !are_events())
        return (struct lv_wake_wait){ .t = NULL };
    return lv_wake_begin(&lv_process_context, t, event_of(sem), flags, false, site);
}

/* Say that the thread waits for @sem. Returns whether the call is refused, as it would close a deadlock. */
static LV_NOINLINE bool begin_idle(struct lv_thread *t, sem_t *sem, const struct lv_acquisition *a, unsigned flags,
                                   uintptr_t site, struct lv_idle *ret)
{
    struct lv_blocked what = {
        .wait = LV_WAITS_SEM,
        .timed = (flags & (unsigned)LV_TIMED) != 0,
        .shared = !lv_sem_is_private(sem),
        .site = site,
        .wanted = { .address = (uintptr_t)sem, .kind = LV_KIND_SEM },
    };
    int saved = errno;
    bool refused;

    if (a != NULL) {
        what.wait = LV_WAITS_LOCK;
        what.wanted = lv_acquisition_record(t, a);
    }
    if (a != NULL && LV_UNLIKELY(t->lockstat != NULL))
        lv_lockstat_contended(&lv_process_context, t, a, lv_clock_ticks(), true);
    refused = lv_idle_begin(&lv_process_context, t, &what, a != NULL, ret) == LV_DEADLOCK_REFUSE;
    if (refused && LV_UNLIKELY(t->lockstat != NULL) && a != NULL)
        lv_lockstat_failed(&lv_process_context, t, a);
    errno = refused ? EDEADLK : saved;
    return refused;
}

/* The call returned an error. */
static LV_NOINLINE void not_got(struct lv_thread *t, const struct lv_acquisition *a)
{
    int saved = errno;

    if (t->lockstat != NULL)
        lv_lockstat_failed(&lv_process_context, t, a);
    errno = saved;
}

static void not_tried(struct lv_thread *t, sem_t *sem, uintptr_t site)
{
    struct lv_object object = lv_sem_object(&lv_process_context, sem);
    struct lv_acquisition a;
    int saved = errno;

    if (t->lockstat != NULL &&
        lv_acquisition_set(&a, &object, lv_sem_find(&lv_process_context, t, &object), LV_WRITE, LV_TRY, site))
        lv_lockstat_failed(&lv_process_context, t, &a);
    errno = saved;
}

static inline void end_idle(struct lv_idle *idle)
{
    if (LV_LIKELY(idle->t == NULL))
        return;
    if (LV_UNLIKELY(idle->t->lockstat != NULL))
        lv_lockstat_left(idle->t, idle->t->blocked_on.wanted.address);
    lv_idle_end(&lv_process_context, idle);
}

static void end_event(struct lv_wake_wait *wait)
{
    lv_wake_end(&lv_process_context, wait);
}

#define WAIT(sem, flags, call)                                                             \
    do {                                                                                   \
        struct lv_thread *t_ = lv_self();                                                  \
        struct lv_acquisition a_;                                                          \
        bool followed_ = t_ != NULL && before_wait(t_, (sem), (flags), LV_CALL_SITE, &a_); \
        struct lv_wake_wait event_ __attribute__((cleanup(end_event), unused)) =           \
            begin_event(followed_ ? NULL : t_, (sem), (flags), LV_CALL_SITE);              \
        struct lv_idle idle_ __attribute__((cleanup(end_idle)));                           \
        int r_;                                                                            \
                                                                                           \
        idle_.t = NULL; /* all else is filled in where it is used */                       \
                                                                                           \
        if (LV_UNLIKELY(t_ != NULL && !lv_sem_has_value(sem)) &&                           \
            begin_idle(t_, (sem), followed_ ? &a_ : NULL, (flags), LV_CALL_SITE, &idle_))  \
            return -1;                                                                     \
        r_ = (call);                                                                       \
                                                                                           \
        if (followed_ && r_ == 0)                                                          \
            lv_sem_acquired(&lv_process_context, t_, &a_);                                 \
        else if (followed_)                                                                \
            not_got(t_, &a_);                                                              \
        return r_;                                                                         \
    } while (0)

LV_EXPORT int sem_wait(sem_t *sem)
{
    WAIT(sem, 0, lv_real.sem_wait(sem));
}

LV_EXPORT int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict until)
{
    WAIT(sem, LV_TIMED, lv_real.sem_timedwait(sem, until));
}

LV_EXPORT int sem_clockwait(sem_t *restrict sem, clockid_t clock, const struct timespec *restrict until)
{
    WAIT(sem, LV_TIMED, lv_real.sem_clockwait(sem, clock, until));
}

LV_EXPORT int sem_trywait(sem_t *sem)
{
    struct lv_thread *t = lv_self();
    int r = lv_real.sem_trywait(sem);
    struct lv_acquisition a;

    if (t == NULL)
        return r;
    if (r != 0) {
        t->next_set = false; /* what was said of this acquisition */
        not_tried(t, sem, LV_CALL_SITE);
    } else if (before_wait(t, sem, LV_TRY, LV_CALL_SITE, &a))
        lv_sem_acquired(&lv_process_context, t, &a);
    return r;
}

LV_EXPORT int sem_post(sem_t *sem)
{
    struct lv_thread *t = lv_self();

    if (LV_LIKELY(t != NULL)) {
        struct lv_object object = lv_sem_object(&lv_process_context, sem);

        lv_life_tell(t);
        lv_sem_post(&lv_process_context, t, &object, LV_CALL_SITE);
        if (are_events())
            lv_wake_up(&lv_process_context, t, event_of(sem), LV_CALL_SITE);
    }
    return lv_real.sem_post(sem);
}

LV_EXPORT int sem_init(sem_t *sem, int shared, unsigned value)
{
    struct lv_thread *t = lv_self();
    int r = lv_real.sem_init(sem, shared, value);

    if (r == 0 && t != NULL) {
        struct lv_object object = lv_sem_object(&lv_process_context, sem);

        lv_sem_init(&lv_process_context, t, &object, value == 1, LV_CALL_SITE);
        if (are_events() && shared == 0)
            lv_wake_make(&lv_process_context, t, event_of(sem), LV_CALL_SITE);
        else if (are_events())
            lv_wake_forget(&lv_process_context, t, event_of(sem));
    }
    return r;
}

LV_EXPORT int sem_destroy(sem_t *sem)
{
    struct lv_thread *t = lv_self();
    const void *given = sem;

    /* libc does not look at the semaphore, and so takes a null pointer too. The declaration says that there is none, and
     * the compiler must not believe it. */
    __asm__("" : "+r"(given));
    if (t != NULL && given != NULL) {
        struct lv_object object = lv_sem_object(&lv_process_context, sem);

        lv_sem_forget(&lv_process_context, t, &object);
        if (are_events())
            lv_wake_forget(&lv_process_context, t, event_of(sem));
    }
    return lv_real.sem_destroy(sem);
}

/*
 * What the program says of the value is believed, also when the semaphore may have been there before: those who share a
 * name agree on it. But one whose value is larger at this moment is not binary. A second opening of the same name gives the
 * same address, and the semaphore stays what it is known as.
 */
static void opened(struct lv_thread *t, sem_t *sem, unsigned value, uintptr_t site)
{
    struct lv_object object = lv_sem_object(&lv_process_context, sem);
    int now;

    if (value == 1 && sem_getvalue(sem, &now) == 0 && now <= 1)
        lv_sem_open(&lv_process_context, t, &object, site);
}

LV_EXPORT sem_t *sem_open(const char *name, int flags, ...)
{
    struct lv_thread *t = lv_self();
    unsigned value;
    mode_t mode;
    va_list rest;
    sem_t *sem;

    if ((flags & O_CREAT) == 0)
        return lv_real.sem_open(name, flags);
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    value = va_arg(rest, unsigned);
    va_end(rest);
    sem = lv_real.sem_open(name, flags, mode, value);
    if (sem != SEM_FAILED && t != NULL)
        opened(t, sem, value, LV_CALL_SITE);
    return sem;
}

/*
 * The memory may be gone afterwards, and another semaphore there, so what is known is forgotten before. If the name is open
 * a second time, the semaphore is not followed from here on. libc does not look at what the pointer points to.
 */
LV_EXPORT int sem_close(sem_t *sem)
{
    struct lv_thread *t = lv_self();

    if (t != NULL) {
        struct lv_object object = lv_sem_object_shared(sem);

        lv_sem_forget(&lv_process_context, t, &object);
    }
    return lv_real.sem_close(sem);
}
