/* SPDX-License-Identifier: MIT */
/*
 * All under the internal lock, so that no state goes to another thread meanwhile. The threads of a circle do not move; what
 * others hold may change while it is copied, and then an entry is left out (engine/holder.c says how that is seen).
 *
 * Behind the circle come those that wait for somebody in it, and those who wait for them.
 */

#include "engine/stuck.h"

#include "engine/acquire.h"
#include "engine/here.h"
#include "engine/holder.h"
#include "engine/life.h"
#include "engine/publish.h"
#include "sys/family.h"

enum {
    STUCK_MAX = 256, /* threads of one finding */
    STUCK_HOPS = 32
};

/* The stack of a call of which only the site is known. Context: lock held. */
static lv_stack_id stack_of(struct lv_context *ctx, lv_stack_id stack, uintptr_t site)
{
    if (stack.v != 0 || site == 0)
        return stack;
    return lv_stack_of_site(ctx, site);
}

/* Copies of the youngest locks that @t holds, oldest first. */
static void copy_held(const struct lv_thread *t, struct lv_stuck *ret)
{
    uint32_t depth = __atomic_load_n(&t->depth, __ATOMIC_ACQUIRE);

    ret->left_out = depth > LV_STUCK_HELD ? depth - LV_STUCK_HELD : 0;
    for (uint32_t i = ret->left_out; i < depth && ret->held_count < LV_STUCK_HELD; i++)
        if (lv_holder_copy(t, i, &ret->held[ret->held_count]))
            ret->held_count++;
}

static lv_thread_id joined_by(const struct lv_blocked *on)
{
    struct lv_thread *t;

    if (on->wait != LV_WAITS_JOIN || on->life == NULL || on->life->uid != on->life_uid)
        return (lv_thread_id){ 0 };
    t = on->life->t;
    if (t == NULL)
        return on->life->info;
    t->witnessed = true;
    return t->info;
}

static void describe(struct lv_context *ctx, struct lv_thread *t, const struct lv_blocked *on,
                     const struct lv_clock *now, struct lv_stuck *ret)
{
    t->witnessed = true;
    *ret = (struct lv_stuck){
        .thread = t->info,
        .wait = (enum lv_wait_kind)on->wait,
        .timed = on->timed,
        .waited_ms = on->since != 0 ? lv_clock_since(&ctx->clock, now, on->since) : -1,
        .wanted = on->wanted,
        .with = on->with,
        .joined = joined_by(on),
        .blocker = LV_STUCK_NOBODY,
    };
    if (on->event.class.v != 0) {
        if (on->wait == LV_WAITS_LOCK)
            ret->with = on->wanted;
        ret->wait = LV_WAITS_EVENT;
        ret->wanted = on->event;
    }
    if (on->wait != LV_WAITS_NOT)
        ret->wanted.stack = stack_of(ctx, ret->wanted.stack, on->site);
    copy_held(t, ret);
}

/* Of the waits that it is in, the outermost is the one that the program speaks of: an annotated lock is built of others. */
static bool outermost(const struct lv_thread *t, struct lv_blocked *ret)
{
    struct lv_blocked next;
    uint32_t i = 0;

    if (!lv_circle_wanted(t, 0, ret))
        return false;
    while (lv_circle_wanted(t, ++i, &next))
        if (i == 1 || next.wanted.kind == LV_KIND_MAP)
            *ret = next;
    return true;
}

void lv_stuck_describe(struct lv_context *ctx, struct lv_thread *t, const struct lv_clock *now, struct lv_stuck *ret)
{
    struct lv_blocked on;

    if (!outermost(t, &on))
        on = (struct lv_blocked){ .wait = LV_WAITS_NOT };
    describe(ctx, t, &on, now, ret);
}

/* The threads of a finding, and which state each is of. */
struct crowd {
    struct lv_stuck *stuck; /* STUCK_MAX of them */
    struct lv_thread *of[STUCK_MAX];
    uint32_t count;
    bool more; /* there are others, for which there is no room */
};

static uint32_t number_of(const struct crowd *crowd, const struct lv_thread *t)
{
    for (uint32_t i = 0; i < crowd->count; i++)
        if (crowd->of[i] == t)
            return i;
    return LV_STUCK_NOBODY;
}

struct blocker {
    const struct crowd *crowd;
    struct lv_stuck *stuck;
};

static bool note_blocker(struct lv_thread *blocker, enum lv_mode mode, bool queued, void *arg)
{
    const struct blocker *b = arg;
    uint32_t number = number_of(b->crowd, blocker);

    if (number == LV_STUCK_NOBODY)
        return false;
    b->stuck->blocker = number;
    b->stuck->blocker_mode = mode;
    b->stuck->blocker_queued = queued;
    return true;
}

/* What @t holds at @address; class 0: nothing that its books have. */
static struct lv_held_record held_at(const struct lv_thread *t, uintptr_t address)
{
    for (uint32_t i = t->depth; i-- > 0;)
        if (t->held[i].address == address)
            return lv_held_record_of(&t->held[i]);
    return (struct lv_held_record){ .address = address, .kind = LV_KIND_MUTEX };
}

/* Thread number @number of another process, between that of @step and @next. What is known of it: that it has what the one
 * before it wants, and what it sleeps on. */
static void add_foreign(struct lv_context *ctx, struct crowd *crowd, const struct lv_circle_step *step, uint32_t number,
                        const struct lv_thread *next)
{
    struct lv_stuck *before = &crowd->stuck[crowd->count - 1], *stuck = &crowd->stuck[crowd->count];
    lv_thread_id id = { 0 };
    struct lv_thread_info *info = lv_vec_add(&ctx->thread_infos, &id.v);

    *stuck = (struct lv_stuck){
        .thread = id, .wait = LV_WAITS_LOCK, .foreign = true, .waited_ms = -1, .blocker = crowd->count + 1
    };
    if (info != NULL) {
        info->tid = step->through.thread[number].tid;
        lv_family_name(info->tid, info->name);
    }
    stuck->held[stuck->held_count++] = before->wanted;
    stuck->held[0].stack.v = 0;
    stuck->wanted = held_at(next, step->through.thread[number].wanted);
    stuck->wanted.stack.v = 0;
    crowd->of[crowd->count++] = NULL;
}

/* Is @t kept by one of the crowd? */
static bool is_behind(struct lv_context *ctx, const struct crowd *crowd, struct lv_thread *t, struct lv_stuck *ret)
{
    const struct lv_look look = { .ctx = ctx };
    struct blocker b = { .crowd = crowd, .stuck = ret };
    struct lv_blocked on;

    for (uint32_t i = 0; lv_circle_wanted(t, i, &on); i++)
        if (lv_circle_blockers(&look, t, &on, note_blocker, &b))
            return true;
    return false;
}

/* Those behind the crowd join it, until nobody is left or there is no room. */
static void add_those_behind(struct lv_context *ctx, struct crowd *crowd, const struct lv_clock *now)
{
    uint32_t before;

    for (int hop = 0; hop < STUCK_HOPS; hop++) {
        before = crowd->count;
        for (struct lv_thread *t = ctx->threads; t != NULL && !crowd->more; t = t->next) {
            struct lv_stuck *stuck = &crowd->stuck[crowd->count], by = { .blocker = LV_STUCK_NOBODY };

            if (!t->used || number_of(crowd, t) != LV_STUCK_NOBODY || !is_behind(ctx, crowd, t, &by))
                continue;
            if (crowd->count == STUCK_MAX) {
                crowd->more = true;
                break;
            }
            lv_stuck_describe(ctx, t, now, stuck);
            stuck->blocker = by.blocker;
            stuck->blocker_mode = by.blocker_mode;
            stuck->blocker_queued = by.blocker_queued;
            crowd->of[crowd->count++] = t;
        }
        if (crowd->count == before || crowd->more)
            return;
    }
}

static void publish(struct lv_context *ctx, struct lv_thread *t, const struct crowd *crowd, struct lv_finding *finding,
                    uintptr_t site)
{
    finding->kind = LV_FINDING_DEADLOCK;
    finding->verdict = LV_VERDICT_DEADLOCK;
    finding->stuck = crowd->stuck;
    finding->stuck_count = crowd->count;
    finding->stuck_more = crowd->more;
    finding->subject = crowd->stuck[0].wanted;
    lv_finding_publish(ctx, t, finding, site);
}

static struct crowd *crowd_new(void)
{
    size_t stuck = STUCK_MAX * sizeof(struct lv_stuck);
    struct crowd *crowd = lv_os_map(sizeof(*crowd) + stuck);

    if (crowd != NULL)
        crowd->stuck = (struct lv_stuck *)(void *)(crowd + 1);
    return crowd;
}

static void crowd_free(struct crowd *crowd)
{
    lv_os_unmap(crowd, sizeof(*crowd) + STUCK_MAX * sizeof(struct lv_stuck));
}

/* The calling thread's own stack. An annotated lock or event waits in a call of its own making: the one that announced it says
 * more. */
static void set_here(struct lv_context *ctx, struct lv_stuck *stuck, uintptr_t site)
{
    if ((stuck->wanted.kind != LV_KIND_MAP && stuck->wanted.kind != LV_KIND_EVENT) || stuck->wanted.stack.v == 0)
        stuck->wanted.stack = lv_stack_here(ctx, site);
}

void lv_stuck_report(struct lv_context *ctx, struct lv_thread *t, const struct lv_circle *circle, uintptr_t site)
{
    const struct lv_clock now = lv_clock_now();
    struct crowd *crowd = crowd_new();
    struct lv_finding finding = { .kind = LV_FINDING_DEADLOCK };
    struct lv_locked locked;

    if (crowd == NULL)
        return;
    locked = lv_context_lock(ctx);
    for (uint32_t i = 0; i < circle->count; i++) {
        const struct lv_circle_step *step = &circle->step[i];
        struct lv_stuck *stuck = &crowd->stuck[crowd->count];

        describe(ctx, step->t, &step->on, &now, stuck);
        stuck->blocker = crowd->count + 1;
        stuck->blocker_mode = step->blocker_mode;
        stuck->blocker_queued = step->blocker_queued;
        crowd->of[crowd->count++] = step->t;
        for (uint32_t f = 0; f < step->through.count; f++)
            add_foreign(ctx, crowd, step, f, circle->step[(i + 1) % circle->count].t);
    }
    crowd->stuck[crowd->count - 1].blocker = 0;
    finding.circle_count = crowd->count;
    crowd->stuck[0].last = true;
    set_here(ctx, &crowd->stuck[0], site);
    add_those_behind(ctx, crowd, &now);
    lv_context_unlock(ctx, &locked);
    lv_finding_add_reason(&finding, (struct lv_reason){ LV_REASON_STUCK, finding.circle_count, 0 });
    publish(ctx, t, crowd, &finding, site);
    crowd_free(crowd);
}

void lv_stuck_report_all(struct lv_context *ctx, struct lv_thread *t, uintptr_t site)
{
    const struct lv_clock now = lv_clock_now();
    struct crowd *crowd = crowd_new();
    struct lv_finding finding = { .circle_count = 0 };
    struct lv_locked locked;

    if (crowd == NULL)
        return;
    locked = lv_context_lock(ctx);
    for (struct lv_thread *other = ctx->threads; other != NULL; other = other->next) {
        if (!other->used || (other == t && t->blocked_on.wait == LV_WAITS_NOT))
            continue;
        if (crowd->count == STUCK_MAX) {
            crowd->more = true;
            break;
        }
        lv_stuck_describe(ctx, other, &now, &crowd->stuck[crowd->count]);
        crowd->stuck[crowd->count].last = other == t;
        if (other == t)
            set_here(ctx, &crowd->stuck[crowd->count], site);
        crowd->of[crowd->count++] = other;
    }
    for (uint32_t i = 0; i < crowd->count; i++)
        (void)is_behind(ctx, crowd, crowd->of[i], &crowd->stuck[i]);
    lv_context_unlock(ctx, &locked);
    lv_finding_add_reason(&finding, (struct lv_reason){ LV_REASON_ALL_WAIT, crowd->count, 0 });
    publish(ctx, t, crowd, &finding, site);
    crowd_free(crowd);
}
