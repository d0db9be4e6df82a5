/* SPDX-License-Identifier: MIT */
/*
 * All under the internal lock. The joiner says before the real call what it holds, and everything that the thread took so
 * far gets its edges. What the thread takes after that gets them before it waits for the lock, so that a join that really
 * hangs was reported. For this the thread's cache is emptied when a join begins: what it takes comes the slow way again.
 *
 * A thread that joins another waits for what that one waits for, so the other's end is noted in its own life too, as one
 * more thing that it took.
 *
 * Of once controls only the very same one counts: each future of C++ has one, and all of them are one class, so that all
 * that tasks of any kind do would be one order.
 *
 * One finding for a lock that the joiner holds, or for one that the thread takes, is enough: which of ten locks that were
 * taken one inside the other closes the circle in the end is one mistake. The edges are there all the same.
 */

#include "engine/join.h"

#include <errno.h>

#include "check/circular.h"
#include "engine/event.h"
#include "engine/here.h"
#include "engine/order.h"
#include "engine/sem.h"
#include "engine/steer.h"
#include "engine/unload.h"
#include "engine/usage.h"

/* What one call carries along. */
struct work {
    struct lv_context *ctx;
    struct lv_thread *t; /* that makes the findings */
    struct lv_findings findings;
    int error;
};

/* The class of the end of threads like that of @life, as far as they take @taken. */
static lv_class_id class_of_end(struct work *w, const struct lv_life *life, const struct lv_held_record *taken)
{
    struct lv_context *ctx = w->ctx;
    unsigned how = (unsigned)(taken->mode == LV_READ_RECURSIVE) | ((taken->flags & LV_TIMED) != 0 ? 2 : 0);
    uint64_t start = lv_hash_mix(life->place, (uint64_t)(uintptr_t)life->module);
    uint64_t hash = lv_hash_mix(start, (uint64_t)taken->class.v << 8 | how) | 1;
    lv_class_id class = { lv_table_find(&ctx->ends, hash) };

    if (class.v == 0) {
        const struct lv_class_key key = {
            .origin = LV_CLASS_JOIN, .kind = LV_KIND_EVENT, .module = life->module, .place = life->place
        };

        class = lv_classes_add(&ctx->classes, &key);
        if (class.v != 0 && lv_table_insert(&ctx->ends, hash, class.v) < 0)
            class.v = 0;
    }
    if (class.v == 0)
        w->error = -ENOMEM;
    return class;
}

enum own_class {
    OTHER_CLASSES, /* the joiner holds no lock of the class */
    SAME_LOCK,     /* this very one, or one whose class has a rule for nesting */
    OTHER_LOCKS    /* others of the class, and they may be nested as the program likes */
};

static enum own_class compare(const struct work *w, const struct lv_life_join *join, const struct lv_held_record *taken)
{
    enum own_class found = OTHER_CLASSES;

    for (uint32_t i = 0; i < join->held_count; i++) {
        if (join->held[i].class.v != taken->class.v)
            continue;
        if (join->held[i].uid == taken->uid || lv_context_has_class_rule(w->ctx, taken->class))
            return SAME_LOCK;
        found = OTHER_LOCKS;
    }
    return found;
}

/* Returns whether the edge was new; @ret_found, whether it closed a circle. */
static bool add_edge(struct work *w, const struct lv_event_edge *edge, enum lv_event_judge judge, bool *ret_found)
{
    int r = w->error == 0 ? lv_event_edge_add(w->ctx, w->t, edge, judge, &w->findings) : 0;

    *ret_found = r == LV_EVENT_EDGE_CLOSES;
    if (r < 0)
        w->error = r;
    return r > 0;
}

/* Held lock number @i of the joiner -> @end. */
static bool held_edge(struct work *w, const struct lv_life_join *join, uint32_t i, const struct lv_held_record *end,
                      bool judge, bool *ret_found)
{
    const struct lv_event_edge edge = { .thread = join->joiner->info,
                                        .held = join->held,
                                        .held_count = join->held_count,
                                        .left_out = join->left_out,
                                        .at = i,
                                        .wanted = end };

    join->joiner->witnessed = true;
    return add_edge(w, &edge, judge ? LV_EVENT_JUDGE_NEW : LV_EVENT_JUDGE_NEVER, ret_found);
}

/* The end of the thread -> what it took, not judged: there is no edge into that end yet, or it was judged then. Once there
 * is evidence enough, no thread has to be remembered for it. */
static void end_edge(struct work *w, struct lv_life *life, struct lv_event_edge *edge)
{
    uint32_t number = lv_digraph_find(&w->ctx->graph, edge->held->class.v, edge->wanted->class.v);
    bool unused;

    if (number != 0 && lv_digraph_edge(&w->ctx->graph, number)->witness_count == LV_EDGE_WITNESSES)
        return;
    edge->thread = lv_life_thread(w->ctx, life);
    if (edge->thread.v == 0)
        w->error = -ENOMEM;
    (void)add_edge(w, edge, LV_EVENT_JUDGE_NEVER, &unused);
}

static uint64_t bit_of(uint32_t i)
{
    return UINT64_C(1) << (i < 63 ? i : 63);
}

static void taken_in(struct work *w, struct lv_life *life, const struct lv_held_record *taken, unsigned depth);

/* Is it in the middle of a wait on a condition variable, whose mutex is @lock? Then it takes that once more. */
static bool waits_with(const struct lv_life *life, const struct lv_held_record *lock)
{
    const struct lv_thread *t = life->t;

    return t != NULL && __atomic_load_n(&t->waiting.cond, __ATOMIC_ACQUIRE) != 0 && t->waiting.with.uid == lock->uid;
}

/*
 * The thread of @life took @taken, and is joined. @later: after the join began, and now; then it is the acquisition that
 * closes the circle, and not the join.
 */
static void depend(struct work *w, struct lv_life *life, const struct lv_held_record *taken, bool later, unsigned depth)
{
    struct lv_life_join *join = &life->join;
    enum own_class own = compare(w, join, taken);
    struct lv_held_record end = { .address = life->handle,
                                  .uid = (uint32_t)life->uid,
                                  .stack = join->stack,
                                  .mode = LV_WRITE,
                                  .flags = join->flags,
                                  .kind = LV_KIND_EVENT };
    struct lv_event_edge edge = { .held = &end, .held_count = 1, .wanted = taken };
    bool found = false, fresh = false, closes;

    if (own == SAME_LOCK && !later && lv_life_has_told(life, taken->uid) && !waits_with(life, taken))
        return; /* the joiner may know */
    if (own == OTHER_LOCKS || (taken->kind == LV_KIND_ONCE && own != SAME_LOCK))
        return;
    end.class = class_of_end(w, life, taken);
    if (w->error != 0)
        return;
    if (!later)
        end_edge(w, life, &edge);
    for (int same = 1; same >= 0; same--) {
        for (uint32_t i = 0; i < join->held_count; i++) {
            if ((join->held[i].uid == taken->uid && join->held[i].class.v == taken->class.v) != same ||
                (join->held[i].kind == LV_KIND_ONCE && !same) ||
                (!later && (join->waited_with & bit_of(i)) != 0 && !waits_with(life, &join->held[i])))
                continue;
            fresh |= held_edge(w, join, i, &end, !later && !found && (join->reported & bit_of(i)) == 0, &closes);
            found |= closes;
            join->reported |= closes ? bit_of(i) : 0;
        }
    }
    if (later && fresh && join->reported == 0) {
        edge.thread = lv_life_thread(w->ctx, life);
        (void)add_edge(w, &edge, LV_EVENT_JUDGE_ALWAYS, &found);
        join->reported |= found ? UINT64_MAX : 0;
    } else if (later) {
        end_edge(w, life, &edge);
    }
    if (join->joiner->life != NULL && depth < LV_LIFE_DEPTH)
        taken_in(w, join->joiner->life, &end, depth + 1);
}

/* @taken is one more thing that the thread of @life waits for. */
static void taken_in(struct work *w, struct lv_life *life, const struct lv_held_record *taken, unsigned depth)
{
    bool fresh = lv_life_add(w->ctx, life, taken);

    /* What the joiner holds was perhaps passed over when the join began. */
    if (life->join.joiner != NULL && (fresh || compare(w, &life->join, taken) == SAME_LOCK))
        depend(w, life, taken, true, depth);
}

static void finish(struct work *w, struct lv_locked *locked)
{
    lv_context_unlock(w->ctx, locked);
    if (w->error != 0)
        lv_context_degrade(w->ctx);
    lv_findings_publish(w->ctx, &w->findings);
}

void lv_join_taken(struct lv_context *ctx, struct lv_thread *t, const struct lv_held_record *record)
{
    struct work w = { .ctx = ctx, .t = t };
    struct lv_locked locked;

    if (__atomic_load_n(&ctx->state, __ATOMIC_RELAXED) != LV_STATE_ON)
        return;
    lv_findings_init(&w.findings);
    locked = lv_context_lock(ctx);
    if (t->life != NULL)
        taken_in(&w, t->life, record, 0);
    finish(&w, &locked);
}

/* Was the lock taken by the end of a wait on a condition variable? Then it was given up for what others had to say, and if
 * that is that a thread has done its work, the thread will not be late. */
static bool was_waited_with(const struct lv_thread *t, const struct lv_held *h)
{
    for (size_t i = 0; i < LV_ARRAY_SIZE(t->waited_at); i++)
        if (h->stack.v != 0 && t->waited_at[i].v == h->stack.v)
            return true;
    return false;
}

/* What @t holds and no other thread can get before it is back, the youngest LV_WITNESS_HELD of it. False without memory. */
static bool note_held(struct lv_context *ctx, const struct lv_thread *t, struct lv_life_join *join)
{
    uint32_t first = t->depth > LV_WITNESS_HELD ? t->depth - LV_WITNESS_HELD : 0;

    join->held_count = 0;
    join->left_out = first;
    join->waited_with = 0;
    if (t->depth != 0 && join->held == NULL) {
        join->held = lv_arena_alloc(&ctx->arena, LV_WITNESS_HELD * sizeof(*join->held));
        if (join->held == NULL)
            return false;
    }
    for (uint32_t i = first; i < t->depth; i++) {
        const struct lv_held *h = &t->held[i];

        if (h->level != t->level || (h->flags & LV_UNCHECKED) != 0 || h->kind == LV_KIND_SEM) {
            join->left_out++;
            continue;
        }
        join->waited_with |= was_waited_with(t, h) ? bit_of(join->held_count) : 0;
        join->held[join->held_count++] = lv_held_record_of(h);
    }
    return true;
}

/* The stack of the join. Who holds nothing gets that of the first join from this site: many threads that each join others
 * must not all unwind. */
static lv_stack_id stack_of(struct lv_context *ctx, uintptr_t site, uint64_t place, bool exact)
{
    lv_stack_id stack = exact ? (lv_stack_id){ 0 } : lv_counts_stack_at(ctx, place);

    if (stack.v == 0) {
        stack = lv_stack_here(ctx, site);
        if (stack.v != 0 && lv_counts_note_place(ctx, place, 0, stack) < 0)
            stack.v = 0;
    }
    return stack;
}

/* @t waits for the end of @life from now on. */
static void announce(struct work *w, struct lv_life *life, unsigned flags, uintptr_t site, uint64_t place)
{
    struct lv_life_join *join = &life->join;
    uint32_t count = life->count;
    uint64_t filter = 0;

    if (!note_held(w->ctx, w->t, join)) {
        w->error = -ENOMEM;
        return;
    }
    if (join->held_count == 0 && w->t->life == NULL)
        return;
    join->stack = stack_of(w->ctx, site, place, join->held_count != 0);
    if (join->stack.v == 0) {
        w->error = -ENOMEM;
        return;
    }
    join->flags = (uint8_t)flags;
    join->reported = 0;
    for (uint32_t i = 0; i < join->held_count; i++)
        filter |= lv_filter_bit(join->held[i].class);
    __atomic_store_n(&join->filter, filter, __ATOMIC_RELAXED);
    __atomic_store_n(&join->joiner, w->t, __ATOMIC_RELAXED);
    if (life->t != NULL)
        lv_thread_empty_cache(life->t);
    /* First what the joiner itself holds, so that the shortest circle is the one that is found. */
    for (int own = 1; own >= 0; own--)
        for (uint32_t i = 0; i < count && w->error == 0; i++)
            if ((compare(w, join, lv_life_entry(life, i)) == SAME_LOCK) == own)
                depend(w, life, lv_life_entry(life, i), false, 0);
}

/* Say that the thread waits. */
static enum lv_deadlock_end begin_idle(struct lv_join *join, uintptr_t handle, unsigned flags, uintptr_t site)
{
    const struct lv_blocked what = {
        .wait = LV_WAITS_JOIN,
        .timed = (flags & LV_TIMED) != 0,
        .site = site,
        .wanted = { .address = handle },
        .life = join->life,
        .life_uid = join->uid,
    };

    return (flags & LV_TRY) != 0 ? LV_DEADLOCK_WAIT : lv_idle_begin(join->ctx, join->t, &what, true, &join->idle);
}

enum lv_deadlock_end lv_join_begin(struct lv_context *ctx, struct lv_thread *t, uintptr_t handle, unsigned flags,
                                   uintptr_t site, struct lv_join *ret)
{
    struct work w = { .ctx = ctx, .t = t };
    struct lv_locked locked;
    struct lv_life *life;
    uint64_t place;

    *ret = (struct lv_join){ .ctx = ctx, .t = t };
    if (t == NULL)
        return LV_DEADLOCK_WAIT;
    if ((flags & LV_TRY) == 0)
        (void)lv_acquire_drop_lost(ctx, t);
    t->guard++;
    place = lv_hash_mix(site, lv_module_born(ctx, site) + UINT64_C(0x701d)) | 1;
    lv_findings_init(&w.findings);
    locked = lv_context_lock(ctx);
    life = lv_life_find(ctx, handle);
    if (life != NULL && life != t->life) {
        ret->life = life;
        ret->uid = life->uid;
        if ((flags & LV_TRY) == 0 && life->join.joiner == NULL && life->noting &&
            __atomic_load_n(&ctx->state, __ATOMIC_RELAXED) == LV_STATE_ON)
            announce(&w, life, flags, site, place);
        else if ((flags & LV_TRY) == 0 && life->join.joiner == NULL)
            __atomic_store_n(&life->join.joiner, t, __ATOMIC_RELAXED);
    }
    finish(&w, &locked);
    t->guard--;
    if (LV_UNLIKELY(ctx->steer != NULL) && ret->life != NULL && (flags & (LV_TRY | LV_TIMED)) == 0)
        lv_steer_hold_join(ctx, t, ret->life, ret->uid, site);
    return begin_idle(ret, handle, flags, site);
}

void lv_join_end(struct lv_join *join)
{
    struct lv_locked locked;

    if (join->t == NULL)
        return;
    lv_idle_end(join->ctx, &join->idle);
    if (join->life != NULL) {
        join->t->guard++;
        locked = lv_context_lock(join->ctx);
        if (join->life->uid == join->uid) {
            if (join->life->join.joiner == join->t)
                lv_life_unjoin(join->life);
            if (join->joined && join->life->ended)
                lv_order_follow(join->ctx, join->t, &join->life->last);
            if (join->joined)
                lv_life_recycle(join->ctx, join->life);
        }
        lv_context_unlock(join->ctx, &locked);
        join->t->guard--;
    }
    if (join->joined)
        lv_thread_empty_cache(join->t);
}
