/* SPDX-License-Identifier: MIT */
/*
 * The slow way of an acquisition: the thread walks this chain from this call site for the first time.
 *   1. If enough threads walked the chain before, and somebody came from this call site, there is nothing to learn: no
 *      lock, and the stack is that of the first who came from here. (libunwind needs 256 KiB for each thread that
 *      unwinds, so a thousand threads that do what others did before them must not.)
 *   2. Else, under the internal lock (engine/learn.h): the stack; usage of the class; an edge from each lock that this one directly
 *      depends on; for each kind of dependency that is new, the search for a cycle; witnesses; the chain is known from
 *      now on.
 *   3. Findings are published after the lock was dropped.
 */

#include "engine/acquire.h"

#include "engine/cache.h"
#include "engine/learn.h"
#include "engine/life.h"
#include "engine/nest.h"
#include "engine/orphan.h"
#include "engine/sem.h"
#include "engine/steer.h"
#include "engine/unload.h"
#include "engine/usage.h"
#include "engine/watch.h"
#include "engine/zap.h"

/* Not one that names the parent's thread, nor a merged one, whose address says little, nor one without an address, which the
 * thread is just adding or taking away. */
static bool can_be_asked(const struct lv_held *h)
{
    return h->address != 0 && h->nested != LV_NESTED_MERGED &&
           !((h->kind == LV_KIND_MUTEX || h->kind == LV_KIND_RWLOCK) && h->inherited);
}

/* A lock that another thread released in this thread's stead, a once control whose routine was left by longjmp: the lock
 * itself says who has it. */
static bool is_lost(const struct lv_context *ctx, const struct lv_thread *t, const struct lv_held *h)
{
    return ctx->is_lost != NULL && can_be_asked(h) && ctx->is_lost((enum lv_kind)h->kind, h->address, t->tid);
}

/* The usual case, with one system call for all that the thread holds from number @oldest on. */
static bool are_all_there(const struct lv_context *ctx, const struct lv_thread *t, uint32_t oldest)
{
    const struct lv_held *asked[LV_WITNESS_HELD];
    uint32_t count = 0;

    if (ctx->none_lost == NULL)
        return false;
    for (uint32_t i = oldest; i < t->depth; i++) {
        if (t->held[i].kind == LV_KIND_SEM)
            return false;
        if (can_be_asked(&t->held[i]))
            asked[count++] = &t->held[i];
    }
    return count == 0 || ctx->none_lost(asked, count, t->tid);
}

/*
 * What is still in the thread's books and not held any more, or never was, would make edges and deadlocks that are none.
 * Each look is a system call, so only those are looked at that evidence keeps.
 * The guard is held, or a signal handler could drop the same entry between the look and the removal.
 */
bool lv_acquire_drop_lost(struct lv_context *ctx, struct lv_thread *t)
{
    uint32_t oldest = t->depth > LV_WITNESS_HELD ? t->depth - LV_WITNESS_HELD : 0;
    bool lost = false;

    if (oldest == t->depth)
        return false;
    t->guard++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    for (uint32_t i = are_all_there(ctx, t, oldest) ? oldest : t->depth; i-- > oldest;) {
        if (t->held[i].nested == LV_NESTED_MERGED)
            continue;
        if (!is_lost(ctx, t, &t->held[i]) && !lv_sem_is_event(ctx, t, &t->held[i]))
            continue;
        lv_held_remove(t, &t->held[i]);
        lost = true;
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->guard--;
    return lost;
}

/* An acquisition that may not be remembered comes this way each time: when there is nothing to learn, that is all. */
static bool is_nothing_new(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a,
                           const struct lv_lesson *lesson)
{
    bool learned;

    t->guard++;
    learned = lv_learned(ctx, a, lesson);
    if (learned) {
        __atomic_fetch_add(&ctx->counters.slow_walks, 1, __ATOMIC_RELAXED);
        lv_counts_uncached(ctx, a);
        lv_life_note(ctx, t, a);
    }
    t->guard--;
    return learned;
}

/* Before anything is learned: is it true what the thread's state says of its mask and its handlers? Returns whether something
 * had to be put right. */
static bool settle(struct lv_context *ctx, struct lv_thread *t, const struct lv_lesson *lesson)
{
    bool learned;

    if (ctx->settle == NULL)
        return false;
    t->guard++;
    learned = lv_learned_mostly(ctx, lesson);
    t->guard--;
    return !learned && ctx->settle(ctx, t);
}

/* With a plan, whoever takes a lock of its classes comes this way each time. */
static bool is_steered(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    bool steered;

    if (LV_LIKELY(ctx->steer == NULL))
        return false;
    t->guard++;
    steered = lv_steer_has_class(ctx, a->class);
    t->guard--;
    return steered;
}

static struct lv_lesson lesson_of(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                                  uint64_t chain)
{
    struct lv_lesson lesson = { .chain = chain };
    uint64_t born;

    t->guard++;
    born = lv_module_born(ctx, a->site);
    lv_lesson_look(ctx, a, &lesson);
    t->guard--;
    lesson.at = lv_counts_place(a->key_after, born, a->site);
    return lesson;
}

void lv_acquire_slow(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, uint64_t chain,
                     uint64_t tag)
{
    struct lv_lesson lesson = lesson_of(ctx, t, a, chain);
    bool cached = lv_orphan_check(ctx, t, a) && !lv_life_is_watched(t, a) && !is_steered(ctx, t, a);

    if (LV_UNLIKELY(lv_zap_is_gone(ctx, t, a)))
        return;
    lesson.gone = lv_zap_any_gone(ctx, t);
    cached = cached && !lesson.gone;

    if (LV_UNLIKELY(lv_context_refresh(ctx, t))) {
        a->paired = false;
        lv_acquire(ctx, t, a);
        return;
    }
    lesson.watched = lv_watch_wants(ctx, t, a);
    if (!cached && !lesson.gone && !lesson.watched && is_nothing_new(ctx, t, a, &lesson))
        return;
    if (LV_UNLIKELY(lv_acquire_drop_lost(ctx, t) || settle(ctx, t, &lesson))) {
        a->paired = false;
        lv_acquire(ctx, t, a);
        return;
    }
    t->guard++;
    __atomic_fetch_add(&ctx->counters.slow_walks, 1, __ATOMIC_RELAXED);
    if ((lesson.gone || lesson.watched || !lv_learned(ctx, a, &lesson)) &&
        __atomic_load_n(&ctx->state, __ATOMIC_RELAXED) == LV_STATE_ON)
        lv_learn(ctx, t, a, &lesson);
    if (cached && !lesson.watched)
        lv_cache_add(ctx, t, tag, a->key_after, a->stack);
    else
        lv_counts_uncached(ctx, a);
    lv_life_note(ctx, t, a);
    t->guard--;
}

/* Folded into the keys of chains that end in a pair of the class. */
static uint64_t pairs_epoch(const struct lv_context *ctx, lv_class_id class)
{
    return __atomic_load_n(&lv_classes_get(&ctx->classes, class)->pairs_epoch, __ATOMIC_RELAXED);
}

/*
 * Will the lock of @h, which the program is calling about, only count that its holder takes it again? Its own word says who
 * has it, or that readers have it: then the books are right about it, no edge comes of it, and nothing else needs a look (a
 * system call each).
 */
static bool counts_again(const struct lv_context *ctx, const struct lv_thread *t, const struct lv_acquisition *a,
                         const struct lv_held *h)
{
    bool reads_again = a->kind == LV_KIND_RWLOCK && a->mode == LV_READ_RECURSIVE && h->mode != LV_WRITE;
    int owner;

    if ((!a->reentrant && !reads_again) || h->inherited || ctx->owner == NULL)
        return false;
    owner = ctx->owner(a->address, (enum lv_kind)a->kind, LV_OWNER_MAPPED);
    return owner == t->tid || (reads_again && owner == -1);
}

/*
 * Something of the lock's base class may be held. The same lock: its own rules, and no edges. Another lock of the class,
 * where the order of instances is judged: the chain is looked up by the instances too, since one order of them says nothing
 * about the next. lv_fast_begin_kin() finds what is remembered here.
 */
void lv_acquire_nested(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a)
{
    uint64_t chain = lv_chain_taken(t, a), kin = 0;
    bool ordered = lv_nest_order(ctx, a->base) != NULL;
    uint64_t tag = lv_cache_tag(t, t->key, lv_chain_link(a->class, a->mode, a->flags), a->site);

    a->key_after = lv_chain_next(t->key, a->class, a->mode, a->flags);
    a->paired = false;
    for (uint32_t i = t->depth; i-- > 0;) {
        const struct lv_held *h = &t->held[i];

        if (h->base.v != a->base.v)
            continue;
        if (h->address == a->address && h->uid == a->uid) {
            if (!counts_again(ctx, t, a, h)) {
                if (lv_acquire_drop_lost(ctx, t)) {
                    lv_acquire(ctx, t, a);
                    return;
                }
                lv_acquire_same(ctx, t, a, h);
            }
            a->stack = h->stack;
            return;
        }
        if (h->class.v == a->class.v && kin == 0)
            kin = lv_kin_next(h->kin, a->uid);
    }
    if (kin != 0 && !ordered && !lv_context_has_class_rule(ctx, a->class)) {
        a->paired = true;
        chain = lv_hash_mix(~chain, kin) + pairs_epoch(ctx, a->class);
        tag = lv_cache_tag_of_kin(tag, kin);
    }
    if (a->nest != 0 || ordered)
        a->nested = lv_nest_judge(ctx, t, a);
    if (a->nest != 0 || a->nested) {
        chain = lv_hash_mix(~chain, a->nested);
        tag = lv_hash_mix(~tag, a->nested);
    }
    if (lv_cache_hit(t, tag, &a->stack, &a->key_after) || lv_cache_hit_beside(ctx, t, tag, &a->stack, &a->key_after))
        a->earlier = true;
    else
        lv_acquire_slow(ctx, t, a, chain, tag);
}

void lv_acquisition_subclass(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, unsigned subclass)
{
    lv_class_id base, class;

    if (subclass == 0)
        return;
    base = lv_classes_get(&ctx->classes, a->base)->base; /* a lock may be of a subclass itself */
    class.v = __atomic_load_n(&lv_classes_get(&ctx->classes, base)->subclasses[subclass].v, __ATOMIC_ACQUIRE);
    if (class.v == 0) {
        struct lv_locked locked;

        t->guard++;
        locked = lv_context_lock(ctx);
        class = lv_classes_subclass(&ctx->classes, base, subclass);
        lv_context_unlock(ctx, &locked);
        t->guard--;
    }
    if (class.v != 0)
        a->class = class;
}

void lv_acquire_special(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a)
{
    t->next_set = false;
    if (t->next_lock != a->address)
        return;
    a->nest = t->next_nest;
    lv_acquisition_subclass(ctx, t, a, t->next_subclass);
}
