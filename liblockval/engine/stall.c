/* SPDX-License-Identifier: MIT */
/*
 * The books come first, since they are cheap, and wrong only for a moment: a thread that was woken is in them until it runs.
 * For a condition variable the table of waits counts how many wakes are due: a thread that signals says so before it does.
 * A semaphore with a value, a barrier whose round is over, a thread that ended: who waits for these is about to run.
 *
 * Then the kernel is asked. A task that sleeps in a futex call with no timeout, on a word that is this process's alone, runs
 * again only if another task of the process wakes it, or a signal does. So when all but this one sleep so, and there is no
 * handler, nothing will ever happen, whatever the books say. A join sleeps on a word that the kernel itself clears when the
 * thread ends, which it cannot, being asleep.
 */

#include "engine/stall.h"

#include "engine/asleep.h"
#include "engine/circle.h"
#include "engine/life.h"
#include "engine/looker.h"
#include "engine/publish.h"
#include "engine/stuck.h"
#include "engine/usage.h"
#include "engine/waits.h"

enum {
    LOOKS_AGREE = 2,
    LOOKS_AT_ONCE = 4, /* without a pause: a thread that has just been woken is no more in the books by then */
    TASKS = 1024       /* more are not looked at */
};

#define SEVERAL UINTPTR_MAX
#define LONG_TICKS (UINT64_C(1) << 22) /* milliseconds */
#define ONE_IDLE UINT64_C(1)
#define ONE_HOLDER (UINT64_C(1) << 32)

/* Who looks, and waits for nothing, is about to end. */
static bool ends(const struct lv_thread *self)
{
    return self->blocked_on.wait == LV_WAITS_NOT;
}

static bool holds_something(const struct lv_thread *t)
{
    if (t->depth != 0)
        return true;
    for (uint32_t i = 0; i < LV_PENDING; i++)
        if (t->pending[i].address != 0)
            return true;
    return false;
}

static uint32_t sleepers_on(struct lv_context *ctx, uintptr_t cond)
{
    uint32_t count = 0;

    for (struct lv_thread *t = __atomic_load_n(&ctx->threads, __ATOMIC_ACQUIRE); t != NULL; t = t->next) {
        struct lv_blocked on = lv_blocked_read(t);

        if (t->used && on.wait == LV_WAITS_COND && on.wanted.address == cond)
            count++;
    }
    return count;
}

/* Who sleeps at the place for another condition variable is not woken, and what was due to it would never come. */
void lv_idle_wake(struct lv_context *ctx, uintptr_t cond, bool all)
{
    struct lv_wait_place *place = lv_wait_place_of(ctx, cond);
    uint32_t sleepers = __atomic_load_n(&place->sleepers, __ATOMIC_RELAXED);
    uintptr_t only = sleepers != 0 ? __atomic_load_n(&place->cond, __ATOMIC_RELAXED) : 0;

    if (sleepers == 0 || (only != cond && only != SEVERAL && only != 0))
        return;
    if (only == SEVERAL)
        sleepers = sleepers_on(ctx, cond);
    if (sleepers == 0)
        return;
    if (all && only != SEVERAL)
        __atomic_store_n(&place->due, sleepers, __ATOMIC_RELAXED);
    else if (only == SEVERAL || __atomic_load_n(&place->due, __ATOMIC_RELAXED) < sleepers)
        __atomic_fetch_add(&place->due, all ? sleepers : 1, __ATOMIC_RELAXED);
    __atomic_store_n(&place->waked, lv_clock_ticks(), __ATOMIC_RELAXED);
}

/* The thread waits on @cond. */
static struct lv_wait_place *sleep_at(struct lv_context *ctx, uintptr_t cond)
{
    struct lv_wait_place *place = lv_wait_place_of(ctx, cond);
    uintptr_t other = 0;

    __atomic_fetch_add(&place->sleepers, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_compare_exchange_n(&place->cond, &other, cond, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
        other != cond)
        __atomic_store_n(&place->cond, SEVERAL, __ATOMIC_RELAXED);
    return place;
}

/* Returns what it is now. Never below 0. */
static uint32_t one_less(uint32_t *count)
{
    uint32_t now = __atomic_load_n(count, __ATOMIC_RELAXED);

    while (now != 0 && !__atomic_compare_exchange_n(count, &now, now - 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return now != 0 ? now - 1 : 0;
}

/* One who waited at @place goes on, perhaps since it was woken. */
static void wake_came(struct lv_wait_place *place)
{
    (void)one_less(&place->due);
    if (one_less(&place->sleepers) == 0) {
        __atomic_store_n(&place->due, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&place->cond, 0, __ATOMIC_RELAXED);
    }
}

static bool always(struct lv_thread *blocker, enum lv_mode mode, bool queued, void *arg)
{
    (void)blocker;
    (void)mode;
    (void)queued;
    (void)arg;
    return true;
}

/* Does another thread have the mutex that @t waits with? */
static bool is_held(struct lv_context *ctx, struct lv_thread *t, const struct lv_held_record *lock)
{
    const struct lv_look look = { .ctx = ctx };
    const struct lv_blocked on = { .wait = LV_WAITS_COND, .with = *lock };

    return lock->class.v != 0 && lv_circle_blockers(&look, t, &on, always, NULL);
}

/* Did a thread end that had this mutex; or is it @self, who is about to? */
static bool is_left(struct lv_context *ctx, const struct lv_thread *self, const struct lv_held_record *lock)
{
    int tid = lock->kind == LV_KIND_MUTEX && ctx->owner != NULL
                  ? ctx->owner(lock->address, LV_KIND_MUTEX, LV_OWNER_NOT_ROBUST | LV_OWNER_NOT_SHARED)
                  : 0;

    return tid > 0 && (lv_circle_thread(ctx, tid) == NULL || (ends(self) && tid == self->tid));
}

/* Others may share the place, and some of them wait on when wakes are counted that nobody took. So a wake that is due for long
 * counts only if the thread does not sleep. */
static bool is_woken(struct lv_context *ctx, struct lv_thread *t, const struct lv_blocked *on)
{
    const struct lv_wait_place *place = lv_wait_place_of(ctx, on->wanted.address);
    struct lv_task_sleep unused;

    if (__atomic_load_n(&place->due, __ATOMIC_RELAXED) == 0 || is_held(ctx, t, &on->with))
        return false;
    return lv_clock_ticks() - __atomic_load_n(&place->waked, __ATOMIC_RELAXED) < LONG_TICKS ||
           lv_asleep_look(ctx, t->tid, on, &unused) != LV_ASLEEP_YES;
}

static bool is_other(struct lv_thread *blocker, enum lv_mode mode, bool queued, void *arg)
{
    (void)mode;
    (void)queued;
    return blocker != arg;
}

/* Does @t wait, by the books, with nothing in sight that would let it go on? @self asks: it waits, too, or it is about to end. */
static bool waits(struct lv_context *ctx, struct lv_thread *self, struct lv_thread *t)
{
    const struct lv_look look = { .ctx = ctx, .self = self };
    struct lv_blocked on;

    if (!lv_circle_wanted(t, 0, &on) || on.timed || on.shared || lv_life_is_cancelled_in(ctx, t, &on))
        return false;
    switch ((enum lv_wait_kind)on.wait) {
    case LV_WAITS_JOIN:
        return lv_circle_blockers(&look, t, &on, is_other, ends(self) ? self : NULL);
    case LV_WAITS_LOCK:
        if (on.wanted.kind == LV_KIND_SEM)
            return !ctx->may_pass(&on, t != self);
        return lv_circle_blockers(&look, t, &on, always, NULL) || is_left(ctx, self, &on.wanted);
    case LV_WAITS_COND:
        return t == self || !is_woken(ctx, t, &on);
    case LV_WAITS_SEM:
    case LV_WAITS_BARRIER:
        return !ctx->may_pass(&on, t != self);
    default:
        return false;
    }
}

/* Does it say that it waits? A look at one word for most. */
static bool says_so(const struct lv_thread *t)
{
    struct lv_blocked on;

    return __atomic_load_n(&t->blocked_on.wait, __ATOMIC_RELAXED) != LV_WAITS_NOT || lv_circle_wanted(t, 0, &on);
}

bool lv_stall_by_books(struct lv_context *ctx, struct lv_thread *t)
{
    struct lv_thread *first;

    if (ctx->may_pass == NULL || ctx->task == NULL ||
        (__atomic_load_n(&ctx->handled, __ATOMIC_RELAXED) & ~lv_context_synchronous()) != 0 ||
        __atomic_load_n(&ctx->births, __ATOMIC_ACQUIRE) != 0)
        return false;
    first = __atomic_load_n(&ctx->threads, __ATOMIC_ACQUIRE);
    for (struct lv_thread *other = first; other != NULL; other = other->next)
        if (other->used && other != t && !says_so(other))
            return false;
    if (!ends(t) && !waits(ctx, t, t))
        return false;
    for (struct lv_thread *other = first; other != NULL; other = other->next)
        if (other->used && other != t && !waits(ctx, t, other))
            return false;
    return true;
}

/* A task that is none of our threads: one that ended and is not gone, one that is about to end, or a stranger. Who sleeps in a
 * call as threads make them when they end is not taken for a stranger. */
static enum lv_stall_word word_of_stranger(struct lv_context *ctx, int tid)
{
    struct lv_task_sleep sleep;

    if (ctx->task(tid, &sleep) < 0)
        return LV_STALL_NEVER;
    if (sleep.gone)
        return LV_STALL_ALL;
    return !sleep.sleeps || sleep.futex || sleep.ends ? LV_STALL_SOME : LV_STALL_NEVER;
}

/* Does the task sleep until another one of the process wakes it? One that sleeps on a mutex which nobody has by the books will
 * go on: the thread that looks may still have it, and give it up in the wait that it is about to begin. */
static enum lv_stall_word word_of(struct lv_context *ctx, int tid)
{
    struct lv_thread *t = lv_circle_thread(ctx, tid);
    struct lv_task_sleep sleep;
    struct lv_blocked on;
    enum lv_asleep asleep;

    if (t == NULL)
        return word_of_stranger(ctx, tid);
    if (!lv_circle_wanted(t, 0, &on))
        return LV_STALL_SOME;
    asleep = lv_asleep_look(ctx, tid, &on, &sleep);
    if (asleep == LV_ASLEEP_UNKNOWN)
        return on.wanted.kind == LV_KIND_MAP && !sleep.sleeps ? LV_STALL_SOME : LV_STALL_NEVER;
    if (asleep == LV_ASLEEP_NO)
        return LV_STALL_SOME;
    if (asleep == LV_ASLEEP_ON_LOCK && !is_held(ctx, t, &on.with))
        return LV_STALL_NEVER;
    return sleep.futex && !sleep.timed && (!sleep.shared || on.wait == LV_WAITS_JOIN) ? LV_STALL_ALL : LV_STALL_NEVER;
}

enum lv_stall_word lv_stall_by_kernel(struct lv_context *ctx, const struct lv_thread *t)
{
    int *tids = lv_os_map(TASKS * sizeof(*tids));
    int count = tids != NULL ? lv_task_list(tids, TASKS) : -1;
    enum lv_stall_word word = count > 0 && count <= TASKS ? LV_STALL_ALL : LV_STALL_NEVER;

    for (int i = 0; i < count && word == LV_STALL_ALL; i++)
        if (tids[i] != t->tid)
            word = word_of(ctx, tids[i]);
    __atomic_fetch_add(&ctx->counters.looks_asked, 1, __ATOMIC_RELAXED);
    if (word == LV_STALL_ALL && ctx->handles != NULL && ctx->handles())
        word = LV_STALL_NEVER;
    if (tids != NULL)
        lv_os_unmap(tids, TASKS * sizeof(*tids));
    return word;
}

/* Look until all sleep for good, or somebody does not. Two that look would each find the other awake: who came first goes to
 * sleep, and the last one sees it there. */
static bool is_stalled(struct lv_context *ctx, struct lv_thread *t)
{
    uint32_t agreed = 0, mine = __atomic_add_fetch(&ctx->stall_looks, 1, __ATOMIC_SEQ_CST);

    for (uint32_t i = 0;
         i < LV_LOOKS && lv_stall_by_books(ctx, t) && __atomic_load_n(&ctx->stall_looks, __ATOMIC_RELAXED) == mine;
         i++) {
        enum lv_stall_word word = lv_stall_by_kernel(ctx, t);

        if (word == LV_STALL_NEVER)
            return false;
        agreed = word == LV_STALL_ALL ? agreed + 1 : 0;
        if (agreed == LOOKS_AGREE)
            return true;
        if (agreed != 0 || i >= LOOKS_AT_ONCE)
            lv_looker_pause(ctx);
    }
    return false;
}

void lv_stall_look(struct lv_context *ctx, struct lv_thread *t, uintptr_t site)
{
    t->guard++;
    /* Who waits behind a circle that was reported is no news. */
    if (!__atomic_load_n(&ctx->stuck_for_good, __ATOMIC_RELAXED) && lv_stall_by_books(ctx, t) && is_stalled(ctx, t)) {
        lv_stuck_report_all(ctx, t, site);
        (void)lv_deadlock_act(ctx, false);
    }
    t->guard--;
}

static void count(struct lv_context *ctx, struct lv_thread *t, struct lv_idle *idle)
{
    idle->counted = ONE_IDLE + (holds_something(t) ? ONE_HOLDER : 0);
    __atomic_fetch_add(&ctx->idle, idle->counted, __ATOMIC_SEQ_CST);
    t->idle += idle->counted;
}

static void discount(struct lv_context *ctx, struct lv_thread *t, uint64_t counted)
{
    if (t->idle == 0)
        return; /* it was dropped, by a jump to where the wait goes on */
    __atomic_fetch_sub(&ctx->idle, counted, __ATOMIC_RELAXED);
    t->idle -= counted;
}

/* With this one, does everybody wait so; or may those who do not be kept by locks that those who do hold? Who has not begun
 * does not wait. */
static bool may_be_last(const struct lv_context *ctx)
{
    uint64_t idle = __atomic_load_n(&ctx->idle, __ATOMIC_RELAXED);

    return lv_stall_may_begin(ctx) || (uint32_t)idle >= __atomic_load_n(&ctx->threads_used, __ATOMIC_RELAXED) +
                                                            __atomic_load_n(&ctx->births, __ATOMIC_RELAXED);
}

enum lv_deadlock_end lv_idle_begin(struct lv_context *ctx, struct lv_thread *t, const struct lv_blocked *what,
                                   bool may_refuse, struct lv_idle *ret)
{
    bool holds = holds_something(t);

    *ret = (struct lv_idle){ .t = t };
    lv_blocked_begin(t, what, &ret->outer);
    if (what->wait == LV_WAITS_COND)
        ret->place = sleep_at(ctx, what->wanted.address);
    if (what->timed)
        return LV_DEADLOCK_WAIT;
    count(ctx, t, ret);
    if ((holds || lv_deadlock_is_joined(t)) && lv_deadlock_look(ctx, t, what->site, may_refuse) == LV_DEADLOCK_REFUSE) {
        lv_idle_end(ctx, ret);
        return LV_DEADLOCK_REFUSE;
    }
    if (LV_UNLIKELY(may_be_last(ctx)))
        lv_stall_look(ctx, t, what->site);
    return LV_DEADLOCK_WAIT;
}

void lv_idle_end(struct lv_context *ctx, struct lv_idle *idle)
{
    if (idle->t == NULL)
        return;
    lv_blocked_end(idle->t, &idle->outer);
    if (idle->counted != 0)
        discount(ctx, idle->t, idle->counted);
    if (idle->place != NULL)
        wake_came(idle->place);
    idle->t = NULL;
}

void lv_idle_drop(struct lv_context *ctx, struct lv_thread *t)
{
    struct lv_wait_place *place = NULL;

    if (t->blocked_on.wait == LV_WAITS_COND)
        place = lv_wait_place_of(ctx, t->blocked_on.wanted.address);
    __atomic_store_n(&t->blocked_on.wait, LV_WAITS_NOT, __ATOMIC_RELEASE);
    if (t->idle != 0)
        discount(ctx, t, t->idle);
    if (place != NULL)
        wake_came(place);
    lv_looker_end(&ctx->looker, t);
}
