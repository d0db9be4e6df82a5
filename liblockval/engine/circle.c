/* SPDX-License-Identifier: MIT */
/*
 * A search in depth, without the internal lock. States are never unmapped and their list only grows, so all of them can be
 * read at any time; an entry of a held stack is believed if it is the same lock before and after it was copied, and if the
 * lock itself agrees about its holder (engine/holder.c has the same for one lock).
 *
 * A mutex names its owner, who is then found by its number: that is what a contended lock costs. Other locks make a look at
 * each thread necessary.
 */

#include "engine/circle.h"

#include "engine/acquire.h"
#include "engine/holder.h"
#include "engine/life.h"
#include "sys/family.h"

enum {
    STACK_LEFT = 4096 /* bytes that the search leaves alone */
};

struct search {
    const struct lv_look *look;
    struct lv_thread *self;
    struct lv_circle *ret;
    uint32_t seen_count;
    const struct lv_thread *seen[LV_CIRCLE_SEEN];
};

/* One step of the search: the thread at .depth of the path. */
struct step {
    struct search *s;
    struct lv_thread *t;
    struct lv_blocked on;
    uint32_t depth;
};

struct lv_thread *lv_circle_thread(struct lv_context *ctx, int tid)
{
    struct lv_thread *t = __atomic_load_n(lv_thread_place(ctx, tid), __ATOMIC_ACQUIRE);

    if (t != NULL && t->tid == tid && t->used)
        return t;
    for (t = __atomic_load_n(&ctx->threads, __ATOMIC_ACQUIRE); t != NULL; t = t->next)
        if (t->tid == tid && t->used)
            return t;
    return NULL;
}

/* The lock that the fast path is about to take. */
static bool being_taken(const struct lv_thread *t, struct lv_blocked *ret)
{
    uint32_t capacity = __atomic_load_n(&t->capacity, __ATOMIC_ACQUIRE);
    uint32_t depth = __atomic_load_n(&t->depth, __ATOMIC_ACQUIRE);
    const struct lv_held *h = &__atomic_load_n(&t->held, __ATOMIC_ACQUIRE)[depth];
    uintptr_t address;

    if (depth >= capacity) /* of an array that is at most as long as the one that .held is */
        return false;
    address = __atomic_load_n(&h->address, __ATOMIC_ACQUIRE);
    if (address == 0)
        return false;
    *ret = (struct lv_blocked){ .wait = LV_WAITS_LOCK, .wanted = lv_held_record_of(h) };
    ret->wanted.address = address;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return ret->wanted.class.v != 0 && (ret->wanted.flags & LV_TRY) == 0 &&
           __atomic_load_n(&h->address, __ATOMIC_RELAXED) == address &&
           __atomic_load_n(&t->depth, __ATOMIC_RELAXED) == depth;
}

/* An annotated lock that the thread said it is about to have. */
static bool announced(const struct lv_acquisition *a, struct lv_blocked *ret)
{
    uintptr_t address = __atomic_load_n(&a->address, __ATOMIC_ACQUIRE);
    uint32_t uid = a->uid;

    *ret = (struct lv_blocked){ .wait = LV_WAITS_LOCK, .timed = (a->flags & LV_TIMED) != 0, .site = a->site };
    ret->wanted = (struct lv_held_record){ .address = address,
                                           .uid = uid,
                                           .class = a->class,
                                           .stack = a->stack,
                                           .mode = a->mode,
                                           .flags = a->flags,
                                           .kind = a->kind & 15u,
                                           .earlier = a->earlier };
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return address != 0 && ret->wanted.class.v != 0 && (ret->wanted.flags & LV_TRY) == 0 &&
           __atomic_load_n(&a->address, __ATOMIC_RELAXED) == address &&
           __atomic_load_n(&a->uid, __ATOMIC_RELAXED) == uid;
}

bool lv_circle_wanted(const struct lv_thread *t, uint32_t i, struct lv_blocked *ret)
{
    uint32_t next = 0;

    *ret = lv_blocked_read(t);
    if ((ret->wait != LV_WAITS_NOT || being_taken(t, ret)) && next++ == i)
        return true;
    for (uint32_t at = 0; at < LV_PENDING; at++)
        if (announced(&t->pending[at], ret) && next++ == i)
            return true;
    return false;
}

/* Does @other hold the lock so that nobody gets it in @mode? Merged entries stand for locks that they do not name. */
static bool holds(const struct lv_look *look, const struct lv_thread *other, const struct lv_held_record *wanted,
                  enum lv_mode *ret_mode)
{
    struct lv_held_record record;
    const struct lv_held *h = lv_holder_entry(other, wanted->address, wanted->uid, &record);

    if (h == NULL || h->nested == LV_NESTED_MERGED)
        return false;
    *ret_mode = (enum lv_mode)record.mode;
    return (record.mode == LV_WRITE || wanted->mode == LV_WRITE) &&
           (!look->ask || look->ctx->agrees == NULL || look->ctx->agrees(&record, h->inherited ? 0 : other->tid));
}

/* Does @other wait for the same lock as a writer, for as long as it takes? */
static bool is_queued_writer(const struct lv_thread *other, const struct lv_held_record *wanted, bool *ret_timed)
{
    struct lv_blocked on;

    for (uint32_t i = 0; lv_circle_wanted(other, i, &on); i++) {
        if (on.wait != LV_WAITS_LOCK || on.wanted.address != wanted->address || on.wanted.uid != wanted->uid ||
            on.wanted.mode != LV_WRITE)
            continue;
        *ret_timed = *ret_timed || on.timed;
        return !on.timed;
    }
    return false;
}

/* Of several waiting writers one is next, and it is not known which: if one of them may give up, readers may go on. */
static bool behind_writers(const struct lv_look *look, struct lv_thread *t, const struct lv_held_record *wanted,
                           lv_blocker_fn found, void *arg)
{
    struct lv_thread *first = __atomic_load_n(&look->ctx->threads, __ATOMIC_ACQUIRE);
    bool timed = false;

    for (struct lv_thread *other = first; other != NULL; other = other->next)
        if (other->used && other != t)
            (void)is_queued_writer(other, wanted, &timed);
    for (struct lv_thread *other = first; other != NULL && !timed; other = other->next)
        if (other->used && other != t && is_queued_writer(other, wanted, &timed) && found(other, LV_WRITE, true, arg))
            return true;
    return false;
}

static struct lv_thread *joined_by(const struct lv_blocked *on)
{
    struct lv_thread *t;

    if (on->life == NULL)
        return NULL;
    t = __atomic_load_n(&on->life->t, __ATOMIC_ACQUIRE);
    return t != NULL && t->used && __atomic_load_n(&on->life->uid, __ATOMIC_RELAXED) == on->life_uid ? t : NULL;
}

/* The one who has a mutex that @t wants, by its own word; null: it does not say, or that one's books do not agree. @ret_foreign:
 * it names a thread that is none of ours. */
static struct lv_thread *owner_of(const struct lv_look *look, const struct lv_thread *t,
                                  const struct lv_held_record *wanted, enum lv_mode *ret_mode, bool *ret_foreign)
{
    struct lv_context *ctx = look->ctx;
    int tid = wanted->kind == LV_KIND_MUTEX && ctx->owner != NULL
                  ? ctx->owner(wanted->address, LV_KIND_MUTEX, t == look->self ? (unsigned)LV_OWNER_MAPPED : 0)
                  : 0;
    struct lv_thread *owner = tid > 0 ? lv_circle_thread(ctx, tid) : NULL;

    *ret_foreign = tid > 0 && owner == NULL;
    return owner != NULL && holds(look, owner, wanted, ret_mode) ? owner : NULL;
}

/* From a mutex that a thread of another process has, over what that one sleeps on, to a thread of this process. Null: it does
 * not lead here. */
static struct lv_thread *through_others(const struct lv_look *look, const struct lv_held_record *wanted)
{
    struct lv_context *ctx = look->ctx;
    uintptr_t address = wanted->address;
    struct lv_held_record unused;

    look->foreign->count = 0;
    for (uint32_t i = 0; i <= LV_CIRCLE_FOREIGN; i++) {
        int tid = ctx->owner(address, LV_KIND_MUTEX, 0);
        struct lv_thread *t = tid > 0 ? lv_circle_thread(ctx, tid) : NULL;

        if (t != NULL)
            return lv_holder_entry(t, address, 0, &unused) != NULL ? t : NULL;
        if (tid <= 0 || i == LV_CIRCLE_FOREIGN || !lv_family_waits(tid, &address))
            return NULL;
        look->foreign->thread[look->foreign->count].tid = tid;
        look->foreign->thread[look->foreign->count++].wanted = address;
    }
    return NULL;
}

bool lv_circle_blockers(const struct lv_look *look, struct lv_thread *t, const struct lv_blocked *on,
                        lv_blocker_fn found, void *arg)
{
    /* A wait on a condition variable, even one that gives up, is over when the mutex was taken again. */
    const struct lv_held_record *lock = on->wait == LV_WAITS_COND ? &on->with : &on->wanted;
    struct lv_thread *other;
    bool cond = on->wait == LV_WAITS_COND, foreign;
    enum lv_mode mode;

    if (on->wait == LV_WAITS_JOIN && !on->timed) {
        other = joined_by(on);
        return other != NULL && found(other, LV_WRITE, false, arg);
    }
    if (lock->class.v == 0 || (!cond && (on->wait != LV_WAITS_LOCK || on->timed)))
        return false;
    other = owner_of(look, t, lock, &mode, &foreign);
    /* A recursive mutex that was not given up whole is taken again at once. */
    if (other != NULL)
        return !(cond && other == t) && found(other, mode, false, arg);
    for (other = __atomic_load_n(&look->ctx->threads, __ATOMIC_ACQUIRE); other != NULL; other = other->next)
        if (other->used && !(cond && other == t) && holds(look, other, lock, &mode) && found(other, mode, false, arg))
            return true;
    if (foreign && look->foreign != NULL && (other = through_others(look, lock)) != NULL)
        return found(other, LV_WRITE, false, arg);
    return lock->mode == LV_READ && behind_writers(look, t, lock, found, arg);
}

static bool was_seen(struct search *s, const struct lv_thread *t)
{
    for (uint32_t i = 0; i < s->seen_count; i++)
        if (s->seen[i] == t)
            return true;
    if (s->seen_count == LV_CIRCLE_SEEN)
        return true;
    s->seen[s->seen_count++] = t;
    return false;
}

static bool look_from(struct search *s, struct lv_thread *t, uint32_t depth);

static bool follow(struct lv_thread *blocker, enum lv_mode mode, bool queued, void *arg)
{
    struct step *step = arg;
    struct search *s = step->s;
    const struct lv_foreign through = *s->look->foreign;

    if (blocker == s->self && s->ret != NULL)
        s->ret->count = step->depth + 1;
    if (blocker != s->self && (was_seen(s, blocker) || !look_from(s, blocker, step->depth + 1)))
        return false;
    if (s->ret == NULL)
        return true;
    s->ret->step[step->depth] = (struct lv_circle_step){
        .t = step->t, .on = step->on, .blocker_mode = mode, .blocker_queued = queued, .through = through
    };
    return true;
}

/* Each step takes some hundred bytes, and the thread that looks may have a small stack. One that is not known, or another
 * than the thread's own, has to do. */
static bool has_stack(const struct search *s)
{
    const struct lv_thread *self = s->look->self;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    return self == NULL || here >= self->stack_end || here < self->stack_start || here - self->stack_start > STACK_LEFT;
}

static bool look_from(struct search *s, struct lv_thread *t, uint32_t depth)
{
    struct step step = { .s = s, .t = t, .depth = depth };

    if (depth == LV_CIRCLE_MAX || !has_stack(s))
        return false;
    for (uint32_t i = 0; lv_circle_wanted(t, i, &step.on); i++) {
        s->look->foreign->count = 0;
        if (lv_circle_blockers(s->look, t, &step.on, follow, &step))
            return true;
    }
    return false;
}

bool lv_circle_find(const struct lv_look *look, struct lv_thread *t, struct lv_circle *ret)
{
    struct lv_foreign foreign = { .count = 0 };
    struct lv_look into = *look;
    struct search s = { .look = &into, .self = t, .ret = ret };

    into.foreign = &foreign;
    if (ret != NULL)
        ret->count = 0;
    return look_from(&s, t, 0);
}
