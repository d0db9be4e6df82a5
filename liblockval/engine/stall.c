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
#include "engine/publish.h"
#include "engine/stuck.h"
#include "engine/waits.h"

enum {
    LOOKS = 400, /* of about a millisecond each, at most */
    LOOKS_AGREE = 2,
    TASKS = 1024 /* more are not looked at */
};

#define SEVERAL UINTPTR_MAX
#define ONE_IDLE UINT64_C(1)
#define ONE_HOLDER (UINT64_C(1) << 32)

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
    else
        __atomic_fetch_add(&place->due, all ? sleepers : 1, __ATOMIC_RELAXED);
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

/* One who waited at @place goes on, perhaps since it was woken. */
static void wake_came(struct lv_wait_place *place)
{
    uint32_t due = __atomic_load_n(&place->due, __ATOMIC_RELAXED);

    while (due != 0 &&
           !__atomic_compare_exchange_n(&place->due, &due, due - 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    if (__atomic_sub_fetch(&place->sleepers, 1, __ATOMIC_RELAXED) == 0) {
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

static bool is_held(struct lv_context *ctx, struct lv_thread *t, const struct lv_held_record *lock)
{
    const struct lv_look look = { .ctx = ctx };
    const struct lv_blocked on = { .wait = LV_WAITS_LOCK, .wanted = *lock };

    return lock->class.v != 0 && lv_circle_blockers(&look, t, &on, always, NULL);
}

/* Did a thread end that had this mutex? */
static bool is_left(struct lv_context *ctx, const struct lv_held_record *lock)
{
    int tid = lock->kind == LV_KIND_MUTEX && ctx->owner != NULL
                  ? ctx->owner(lock->address, LV_KIND_MUTEX, LV_OWNER_NOT_ROBUST | LV_OWNER_NOT_SHARED)
                  : 0;

    return tid > 0 && lv_circle_thread(ctx, tid) == NULL;
}

static bool is_woken(struct lv_context *ctx, struct lv_thread *t, const struct lv_blocked *on)
{
    const struct lv_wait_place *place = lv_wait_place_of(ctx, on->wanted.address);

    return __atomic_load_n(&place->due, __ATOMIC_RELAXED) != 0 && !is_held(ctx, t, &on->with);
}

/* Does @t wait, by the books, with nothing in sight that would let it go on? */
static bool waits(struct lv_context *ctx, const struct lv_thread *self, struct lv_thread *t)
{
    const struct lv_look look = { .ctx = ctx };
    struct lv_blocked on;

    if (!lv_circle_wanted(t, 0, &on) || on.timed || on.shared || lv_life_is_cancelled_in(ctx, t, &on))
        return false;
    switch ((enum lv_wait_kind)on.wait) {
    case LV_WAITS_JOIN:
        return lv_circle_blockers(&look, t, &on, always, NULL);
    case LV_WAITS_LOCK:
        if (on.wanted.kind == LV_KIND_SEM)
            return !ctx->may_pass(&on, t != self);
        return lv_circle_blockers(&look, t, &on, always, NULL) || is_left(ctx, &on.wanted);
    case LV_WAITS_COND:
        return !is_woken(ctx, t, &on);
    case LV_WAITS_SEM:
    case LV_WAITS_BARRIER:
        return !ctx->may_pass(&on, t != self);
    default:
        return false;
    }
}

bool lv_stall_by_books(struct lv_context *ctx, struct lv_thread *t)
{
    if (ctx->may_pass == NULL || ctx->task == NULL || __atomic_load_n(&ctx->handled, __ATOMIC_RELAXED) != 0 ||
        __atomic_load_n(&ctx->births, __ATOMIC_RELAXED) != 0 || !waits(ctx, t, t))
        return false;
    for (struct lv_thread *other = __atomic_load_n(&ctx->threads, __ATOMIC_ACQUIRE); other != NULL; other = other->next)
        if (other->used && other != t && !waits(ctx, t, other))
            return false;
    return true;
}

/* Does the task sleep until another one of the process wakes it? One that sleeps on a mutex which nobody has by the books is
 * about to go on: the thread that looks may still have it, and give it up in the wait that it is about to begin. */
static bool sleeps_for_good(struct lv_context *ctx, int tid)
{
    struct lv_thread *t = lv_circle_thread(ctx, tid);
    struct lv_task_sleep sleep;
    struct lv_blocked on;
    enum lv_asleep asleep;

    if (t == NULL || !lv_circle_wanted(t, 0, &on))
        return false;
    asleep = lv_asleep_look(ctx, tid, &on, &sleep);
    if (!sleep.futex || sleep.timed || (sleep.shared && on.wait != LV_WAITS_JOIN))
        return false;
    return asleep == LV_ASLEEP_YES || (asleep == LV_ASLEEP_ON_LOCK && is_held(ctx, t, &on.with));
}

bool lv_stall_by_kernel(struct lv_context *ctx, const struct lv_thread *t)
{
    int *tids = lv_os_map(TASKS * sizeof(*tids));
    int count = tids != NULL ? lv_task_list(tids, TASKS) : -1;
    bool all = count > 0 && count <= TASKS;

    for (int i = 0; i < count && all; i++)
        all = tids[i] == t->tid || sleeps_for_good(ctx, tids[i]);
    if (tids != NULL)
        lv_os_unmap(tids, TASKS * sizeof(*tids));
    return all;
}

void lv_stall_look(struct lv_context *ctx, struct lv_thread *t, uintptr_t site)
{
    uint32_t agreed = 0, mine = __atomic_add_fetch(&ctx->stall_looks, 1, __ATOMIC_SEQ_CST);

    t->guard++;
    /* Two that look would each find the other awake: who came first goes to sleep, and the last one sees it there. */
    for (int i = 0; i < LOOKS && agreed < LOOKS_AGREE && lv_stall_by_books(ctx, t) &&
                    __atomic_load_n(&ctx->stall_looks, __ATOMIC_RELAXED) == mine;
         i++) {
        agreed = lv_stall_by_kernel(ctx, t) ? agreed + 1 : 0;
        if (agreed < LOOKS_AGREE)
            lv_os_pause();
        else
            lv_stuck_report_all(ctx, t, site);
    }
    if (agreed == LOOKS_AGREE)
        (void)lv_deadlock_act(ctx, false);
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
    __atomic_store_n(&t->blocked_on.wait, LV_WAITS_NOT, __ATOMIC_RELEASE);
    if (t->idle != 0)
        discount(ctx, t, t->idle);
}
