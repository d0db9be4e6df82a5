/* SPDX-License-Identifier: MIT */
/*
 * A point is found by a hash table that is the thread's alone. Its array is replaced by a larger one and the mask stored after it, and points never move: so a
 * signal handler that comes between may add one, and what was found stays good. Entries of holds are treated as those of the held
 * stack: the one that a handler wrote over is filled in again.
 *
 * The books of holds are apart from the held stack, whose entries are a cache line each. What leaves that in another way than
 * by a release is swept from them when they have more than it.
 *
 * A processor's counter may be a little behind another's. Then a time is 0, not huge.
 */

#include "engine/lockstat.h"

#include <string.h>

#include "engine/holder.h"
#include "engine/unload.h"

static uint64_t since(uint64_t then, uint64_t now)
{
    return now > then ? now - then : 0;
}

static void add(struct lv_lockstat_times *times, uint64_t ticks)
{
    times->count++;
    times->total += ticks;
    if (ticks < times->min)
        times->min = ticks;
    if (ticks > times->max)
        times->max = ticks;
}

static void clear(struct lv_lockstat_point *p)
{
    p->acquisitions = p->failed = 0;
    p->wait = p->hold = (struct lv_lockstat_times){ .min = UINT64_MAX };
}

struct lv_lockstat *lv_lockstat_new(struct lv_context *ctx)
{
    struct lv_lockstat *s = lv_arena_alloc(&ctx->arena, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->slots = lv_arena_alloc(&ctx->arena, LV_LOCKSTAT_SLOTS * sizeof(struct lv_lockstat_point *));
    s->holds = lv_arena_alloc(&ctx->arena, LV_LOCKSTAT_HOLDS * sizeof(*s->holds));
    if (s->slots == NULL || s->holds == NULL)
        return NULL;
    s->mask = LV_LOCKSTAT_SLOTS - 1;
    s->hold_capacity = LV_LOCKSTAT_HOLDS;
    return s;
}

void lv_lockstat_reset(struct lv_lockstat *s)
{
    s->hold_count = 0;
    memset(s->waits, 0, sizeof(s->waits));
}

void lv_lockstat_after_fork(struct lv_context *ctx)
{
    ctx->lockstat_gone = (struct lv_lockstat_gone){ 0, 0 };
    for (struct lv_thread *t = ctx->threads; t != NULL; t = t->next) {
        if (t->lockstat == NULL)
            continue;
        lv_lockstat_reset(t->lockstat);
        for (struct lv_lockstat_point *p = t->lockstat->points; p != NULL; p = p->next) {
            clear(p);
            for (struct lv_lockstat_meeting *m = p->meetings; m != NULL; m = m->next)
                m->count = m->total = 0;
        }
    }
}

/* A slot may still lead to the point: it is found by what it is then. */
static void give_up(struct lv_context *ctx, struct lv_lockstat *s, struct lv_lockstat_point *p)
{
    ctx->lockstat_gone.acquisitions += p->acquisitions;
    ctx->lockstat_gone.contentions += p->wait.count;
    while (p->meetings != NULL) {
        struct lv_lockstat_meeting *m = p->meetings;

        p->meetings = m->next;
        m->next = s->spare;
        s->spare = m;
    }
    clear(p);
    p->class.v = 0;
}

void lv_lockstat_zap(struct lv_context *ctx)
{
    for (struct lv_thread *t = ctx->threads; t != NULL; t = t->next)
        for (struct lv_lockstat_point *p = t->lockstat != NULL ? t->lockstat->points : NULL; p != NULL; p = p->next)
            if (p->class.v != 0 && lv_classes_get(&ctx->classes, p->class)->zapped)
                give_up(ctx, t->lockstat, p);
}

/* ---- points ---------------------------------------------------------------------------------------------------------- */

/* What a point is of. */
struct what {
    lv_class_id class;
    bool reads;
    uintptr_t site;
};

static uint64_t hash(const struct what *what)
{
    return (what->site ^ (uint64_t)what->class.v << 33 ^ what->reads) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

static bool is(const struct lv_lockstat_point *p, const struct what *what)
{
    return p->site == what->site && p->class.v == what->class.v && p->reads == what->reads;
}

/* Context: lock held. */
static void put(struct lv_lockstat *s, struct lv_lockstat_point **slots, uint64_t mask, struct lv_lockstat_point *p)
{
    const struct what what = { p->class, p->reads, p->site };
    uint64_t i = hash(&what);

    while (slots[i & mask] != NULL)
        i++;
    slots[i & mask] = p;
    s->used++;
}

/* Room for one more point. Slots that lead to a point which is something else by now are left behind. Context: lock held. */
static bool grow(struct lv_context *ctx, struct lv_lockstat *s)
{
    uint64_t size = s->mask + 1;
    struct lv_lockstat_point **slots;

    if (s->used + 1 <= size / 4 * 3)
        return true;
    slots = lv_arena_alloc(&ctx->arena, size * 2 * sizeof(*slots));
    if (slots == NULL)
        return s->used + 1 < size;
    s->used = 0;
    for (struct lv_lockstat_point *p = s->points; p != NULL; p = p->next)
        if (p->class.v != 0)
            put(s, slots, size * 2 - 1, p);
    s->slots = slots;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    s->mask = size * 2 - 1;
    return true;
}

/* A point that is not in use, or a new one. Context: lock held. */
static struct lv_lockstat_point *take(struct lv_context *ctx, struct lv_lockstat *s)
{
    struct lv_lockstat_point *p = ctx->lockstat_gone.acquisitions != 0 ? s->points : NULL;

    while (p != NULL && p->class.v != 0)
        p = p->next;
    if (p != NULL)
        return p;
    p = lv_arena_alloc(&ctx->arena, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->next = s->points;
    s->points = p;
    return p;
}

static struct lv_lockstat_point *make(struct lv_context *ctx, struct lv_lockstat *s, const struct what *what,
                                      uint32_t born)
{
    struct lv_lockstat_point *p = grow(ctx, s) ? take(ctx, s) : NULL;

    if (p == NULL)
        return NULL;
    clear(p);
    p->class = what->class;
    p->reads = what->reads;
    p->site = what->site;
    p->born = born;
    put(s, s->slots, s->mask, p);
    return p;
}

/* One that was not looked at since a module was unloaded, or none yet. */
static LV_NOINLINE struct lv_lockstat_point *find_slow(struct lv_context *ctx, struct lv_thread *t,
                                                       const struct what *what)
{
    struct lv_lockstat *s = t->lockstat;
    uint32_t now = lv_modules_now(&ctx->modules), born;
    struct lv_lockstat_point *p;
    struct lv_locked locked;

    t->guard++;
    born = lv_module_born_slow(ctx, what->site);
    locked = lv_context_lock(ctx);
    for (uint64_t i = hash(what); (p = s->slots[i & s->mask]) != NULL && (!is(p, what) || p->born != born);)
        i++;
    if (p == NULL)
        p = make(ctx, s, what, born);
    if (p != NULL)
        p->checked = now;
    lv_context_unlock(ctx, &locked);
    t->guard--;
    return p;
}

/* Null without memory. */
static struct lv_lockstat_point *find(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    const struct what what = { a->class, a->mode != LV_WRITE, a->site };
    uint64_t mask = t->lockstat->mask;
    uint32_t now = lv_modules_now(&ctx->modules);
    struct lv_lockstat_point **slots, *p;

    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    slots = t->lockstat->slots;
    for (uint64_t i = hash(&what); (p = slots[i & mask]) != NULL; i++)
        if (LV_LIKELY(is(p, &what)) && LV_LIKELY(p->checked == now))
            return p;
    return find_slow(ctx, t, &what);
}

/* ---- waits ----------------------------------------------------------------------------------------------------------- */

/* Where the lock of @a was taken, by the books of who holds it. 0: not known. */
static uintptr_t holder_site(struct lv_context *ctx, const struct lv_acquisition *a, uint32_t *ret_born)
{
    int tid = ctx->owner != NULL ? ctx->owner(a->address, (enum lv_kind)a->kind, LV_OWNER_MAPPED) : 0;
    const struct lv_thread *other = tid > 0 ? __atomic_load_n(lv_thread_place(ctx, tid), __ATOMIC_ACQUIRE) : NULL;
    struct lv_held_record record = { .stack = { 0 } };
    const struct lv_stack *stack;

    if (other == NULL || lv_holder_entry(other, a->address, a->uid, &record) == NULL) {
        other = __atomic_load_n(&ctx->threads, __ATOMIC_ACQUIRE);
        while (other != NULL && lv_holder_entry(other, a->address, a->uid, &record) == NULL)
            other = other->next;
    }
    stack = other != NULL ? lv_stacks_get(&ctx->stacks, record.stack) : NULL;
    *ret_born = stack != NULL && stack->count != 0 ? lv_stack_born(stack, 0) : 0;
    return stack != NULL && stack->count != 0 ? stack->frames[0] : 0;
}

static struct lv_lockstat_meeting *meeting_of(struct lv_context *ctx, struct lv_thread *t, struct lv_lockstat_point *p,
                                              uintptr_t site, uint32_t born)
{
    struct lv_lockstat *s = t->lockstat;
    struct lv_lockstat_meeting *m = p->meetings;
    struct lv_locked locked;

    while (m != NULL && (m->site != site || m->born != born))
        m = m->next;
    if (m != NULL)
        return m;
    t->guard++;
    locked = lv_context_lock(ctx);
    m = s->spare;
    if (m != NULL)
        s->spare = m->next;
    else
        m = lv_arena_alloc(&ctx->arena, sizeof(*m));
    if (m != NULL) {
        *m = (struct lv_lockstat_meeting){ .next = p->meetings, .site = site, .born = born };
        __atomic_store_n(&p->meetings, m, __ATOMIC_RELEASE);
    }
    lv_context_unlock(ctx, &locked);
    t->guard--;
    return m;
}

static struct lv_lockstat_wait *wait_at(struct lv_lockstat *s, uintptr_t address)
{
    for (size_t i = 0; i < LV_LOCKSTAT_WAITS; i++)
        if (s->waits[i].address == address)
            return &s->waits[i];
    return NULL;
}

/* Returns where the wait was counted; null: the lock was not waited for. */
static struct lv_lockstat_point *end_wait(struct lv_lockstat *s, uintptr_t address, uint64_t now)
{
    struct lv_lockstat_wait *wait = wait_at(s, address);
    struct lv_lockstat_point *point;
    uint64_t ticks;

    if (LV_LIKELY(wait == NULL))
        return NULL;
    ticks = since(wait->since, now);
    point = wait->point;
    add(&point->wait, ticks);
    if (wait->meeting != NULL) {
        wait->meeting->count++;
        wait->meeting->total += ticks;
    }
    wait->address = 0;
    return point;
}

/* A wait that is still noted for the lock was left by a jump. */
void lv_lockstat_contended(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a, uint64_t since,
                           bool sure)
{
    uint32_t born;
    uintptr_t site = holder_site(ctx, a, &born);
    struct lv_lockstat_point *point = sure || site != 0 ? find(ctx, t, a) : NULL;
    struct lv_lockstat_wait *wait = wait_at(t->lockstat, a->address);
    struct lv_lockstat_meeting *meeting;

    if (point == NULL)
        return;
    if (wait == NULL)
        wait = wait_at(t->lockstat, 0);
    if (wait == NULL)
        wait = &t->lockstat->waits[LV_LOCKSTAT_WAITS - 1];
    meeting = meeting_of(ctx, t, point, site, born);
    *wait = (struct lv_lockstat_wait){ a->address, since, point, meeting };
}

void lv_lockstat_left(struct lv_thread *t, uintptr_t address)
{
    (void)end_wait(t->lockstat, address, lv_clock_ticks());
}

void lv_lockstat_failed(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_lockstat_point *point = end_wait(t->lockstat, a->address, lv_clock_ticks());

    if (point == NULL)
        point = find(ctx, t, a);
    if (point != NULL)
        point->failed++;
}

/* ---- holds ----------------------------------------------------------------------------------------------------------- */

static LV_NOINLINE void grow_holds(struct lv_context *ctx, struct lv_thread *t)
{
    struct lv_lockstat *s = t->lockstat;
    struct lv_lockstat_hold *holds;
    struct lv_locked locked;

    t->guard++;
    locked = lv_context_lock(ctx);
    holds = lv_arena_alloc(&ctx->arena, s->hold_capacity * UINT64_C(2) * sizeof(*holds));
    if (holds != NULL) {
        memcpy(holds, s->holds, s->hold_count * sizeof(*holds));
        s->holds = holds;
        s->hold_capacity *= 2;
    }
    lv_context_unlock(ctx, &locked);
    t->guard--;
}

/* Is a later one of the same lock there? */
static bool is_repeated(const struct lv_lockstat *s, uint32_t number)
{
    for (uint32_t i = number + 1; i < s->hold_count; i++)
        if (s->holds[i].address == s->holds[number].address)
            return true;
    return false;
}

/* Forget those that the books do not have any more. */
static LV_NOINLINE void sweep(struct lv_thread *t)
{
    struct lv_lockstat *s = t->lockstat;
    uint32_t kept = 0;

    t->guard++;
    for (uint32_t i = 0; i < s->hold_count; i++)
        if (lv_held_find(t, s->holds[i].address) != NULL && !is_repeated(s, i))
            s->holds[kept++] = s->holds[i];
    s->hold_count = kept;
    t->guard--;
}

/* The lock is in the thread's books already. */
static void begin_hold(struct lv_context *ctx, struct lv_thread *t, const struct lv_lockstat_hold *hold)
{
    struct lv_lockstat *s = t->lockstat;
    uint32_t n;

    if (LV_UNLIKELY(s->hold_count >= t->depth))
        sweep(t);
    if (LV_UNLIKELY(s->hold_count == s->hold_capacity))
        grow_holds(ctx, t);
    n = s->hold_count;
    if (n == s->hold_capacity)
        return;
    s->holds[n] = *hold;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    s->hold_count = n + 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (LV_UNLIKELY(s->holds[n].address != hold->address))
        s->holds[n] = *hold;
}

/* The time is read before the rest, which is no part of a wait, and a hold begins after it. */
void lv_lockstat_acquired(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_lockstat_hold hold = { .address = a->address, .since = lv_clock_ticks() };

    hold.point = end_wait(t->lockstat, a->address, hold.since);
    if (LV_LIKELY(hold.point == NULL))
        hold.point = find(ctx, t, a);
    if (hold.point == NULL)
        return;
    hold.point->acquisitions++;
    begin_hold(ctx, t, &hold);
}

void lv_lockstat_merged(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_lockstat_point *point = end_wait(t->lockstat, a->address, lv_clock_ticks());

    if (point == NULL)
        point = find(ctx, t, a);
    if (point != NULL)
        point->acquisitions++;
}

void lv_lockstat_released(struct lv_thread *t, uintptr_t address)
{
    uint64_t now = lv_clock_ticks();
    struct lv_lockstat *s = t->lockstat;
    uint32_t last = s->hold_count, i = last;

    while (i-- > 0)
        if (LV_LIKELY(s->holds[i].address == address))
            break;
    if (LV_UNLIKELY(i == UINT32_MAX))
        return;
    add(&s->holds[i].point->hold, since(s->holds[i].since, now));
    if (LV_LIKELY(i + 1 == last)) {
        s->hold_count = i;
        return;
    }
    t->guard++;
    for (; i + 1 < s->hold_count; i++)
        s->holds[i] = s->holds[i + 1];
    s->hold_count = i;
    t->guard--;
}
