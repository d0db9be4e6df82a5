/* SPDX-License-Identifier: MIT */
/*
 * The slow way of an acquisition: the thread walks this chain from this call site for the first time.
 *   1. If enough threads walked the chain before, and somebody came from this call site, there is nothing to learn: no
 *      lock, and the stack is that of the first who came from here. (libunwind needs 256 KiB for each thread that
 *      unwinds, so a thousand threads that do what others did before them must not.)
 *   2. Else, under the internal lock: the stack; usage of the class; an edge from each lock that this one directly
 *      depends on; for each kind of dependency that is new, the search for a cycle; witnesses; the chain is known from
 *      now on.
 *   3. Findings are published after the lock was dropped.
 *
 * Which held locks an acquisition directly depends on: walking back from the youngest, all of the same context, except
 * those that a younger held lock links it to already, by the edge into that younger lock and the one out of it. A lock
 * links all older ones of other classes, but
 *   - not one of the class that is wanted: the older one's edge to the class exists, and this is evidence for it;
 *   - not a trylock, which has no edges leading to it, nor an unchecked lock, which has none at all;
 *   - not a recursive reader: an edge into one does not lead on, as the path would not be strong (lockdep stops there and
 *     so misses A, read B, C against C, A);
 *   - not a timed one: the edge into it says that the wait ends by itself, which is not true of the wait for this lock;
 *   - not a semaphore: it may turn out to be none, and then no path leads through it.
 * To older ones of its own class it links only by the order of instances, and not if a nest lock made that order free.
 */

#include "engine/acquire.h"

#include <errno.h>

#include "check/evidence.h"
#include "engine/here.h"
#include "engine/life.h"
#include "engine/marks.h"
#include "engine/nest.h"
#include "engine/order.h"
#include "engine/orphan.h"
#include "engine/publish.h"
#include "engine/sem.h"
#include "engine/unload.h"
#include "engine/usage.h"
#include "engine/wait.h"
#include "engine/watch.h"
#include "engine/zap.h"

/* Everything a slow acquisition carries along. */
struct walk {
    struct lv_context *ctx;
    struct lv_thread *t;
    struct lv_acquisition *a;
    uint64_t held_key;     /* of the evidence that this acquisition is */
    bool lost;             /* it is not recorded any more: its edges have lost evidence */
    bool watched;          /* its chain is known, and it is looked at all the same: engine/watch.h */
    bool kept;             /* an edge keeps .witness */
    bool linked;           /* it has edges, or pairs of instances */
    lv_witness_id witness; /* 0: not recorded yet */
    uint32_t first;        /* number of the held lock that is the witness's first */
    struct lv_findings *findings;
    bool gone; /* the class of a held lock is gone: the chain is not what its key says */
    int error;
};

/* Fill in @witness: the acquisition with its held locks from number @first up to @end. */
static void fill_witness(struct walk *w, struct lv_witness *witness, uint32_t first, uint32_t end)
{
    if (!lv_order_stamp(w->ctx, w->t, witness))
        w->error = -ENOMEM;
    witness->held_key = w->held_key;
    witness->held_count = end - first;
    witness->left_out = w->t->depth - (end - first);
    witness->wanted = lv_acquisition_record(w->t, w->a);
    for (uint32_t i = first; i < end; i++)
        witness->held[i - first] = lv_held_record_of(&w->t->held[i]);
}

/* The held locks that a witness of held lock number @held has: from which one, and up to which. */
static uint32_t first_of(const struct walk *w, uint32_t held, uint32_t *ret_end)
{
    *ret_end = w->t->depth - held <= LV_WITNESS_HELD ? w->t->depth : held + 1;
    return *ret_end > LV_WITNESS_HELD ? *ret_end - LV_WITNESS_HELD : 0;
}

/*
 * The acquisition as a witness that has held lock number @held, recorded once for as many edges as can be: the youngest
 * held locks, and a second time only when an edge comes from an older one. False without memory.
 */
static bool witness_of(struct walk *w, uint32_t held, struct lv_edge_witness *ret)
{
    uint32_t end, first = first_of(w, held, &end);
    struct lv_witness *witness;

    if (w->witness.v == 0 || held < w->first) {
        witness = lv_witnesses_add(&w->ctx->witnesses, end - first, &w->witness);
        if (witness != NULL)
            fill_witness(w, witness, first, end);
        else
            w->error = -ENOMEM;
        if (w->error != 0) {
            w->witness.v = 0;
            return false;
        }
        w->first = first;
    }
    *ret = (struct lv_edge_witness){ w->witness, held - w->first };
    return true;
}

/*
 * What the watch sees of an edge that has witnesses enough: it is judged with it in another's place, and kept only if that
 * upgrades a finding. Without the watch it would not have been looked at, so nothing is lost if it is not.
 */
static void try_witness(struct walk *w, uint32_t number, uint32_t held)
{
    struct lv_edge *edge = lv_digraph_edge(&w->ctx->graph, number);
    const struct lv_check check = lv_context_check(w->ctx);
    struct lv_edge_witness *place = lv_edge_witness(edge, lv_evidence_spare(&check, edge)), before = *place;

    if (!witness_of(w, held, place)) {
        *place = before;
        return;
    }
    lv_watch_note(w->ctx, number);
    if (lv_watch_judge(w->ctx, w->t, w->findings)) {
        w->kept = true;
        edge->witness_lost = true;
        return;
    }
    *place = before;
    w->ctx->watch.news = false;
}

/* Held lock number @held -> the lock of the acquisition. */
static void add_edge(struct walk *w, uint32_t held)
{
    const struct lv_held_record mine = lv_held_record_of(&w->t->held[held]);
    const struct lv_held_record wanted = lv_acquisition_record(w->t, w->a);
    uint8_t bit = lv_dep_bit((enum lv_mode)mine.mode, (enum lv_mode)wanted.mode, (wanted.flags & LV_TIMED) != 0);
    const struct lv_check check = lv_context_check(w->ctx);
    const struct lv_evidence evidence = { w->t->info, w->t->segment.node, w->held_key, &mine, &wanted };
    struct lv_edge_witness at;
    struct lv_finding finding;
    struct lv_edge *edge;
    uint32_t number;
    int fresh;

    lv_counts_link(&w->ctx->counts, mine.class.v, wanted.class.v);
    fresh = lv_digraph_add(&w->ctx->graph, mine.class.v, wanted.class.v, bit, &number);

    if (fresh < 0) {
        w->error = fresh;
        return;
    }
    lv_sem_mark(w->ctx, &mine);
    edge = lv_digraph_edge(&w->ctx->graph, number);
    w->linked = true;
    edge->witness_lost |= w->lost;
    if (fresh == 0 && w->watched && edge->witness_count >= LV_WATCH_WITNESSES) {
        if (!lv_evidence_is_known(&check, edge, &evidence))
            try_witness(w, number, held);
        return;
    }
    if (fresh == 0 && (w->lost || !lv_evidence_is_wanted(&check, edge, &evidence)))
        return;
    if (!witness_of(w, held, &at))
        return;
    (void)lv_evidence_keep(&check, edge, at);
    w->kept = true;
    lv_watch_note(w->ctx, number);
    if (fresh == 0)
        return;
    fresh = lv_check_circular(&check, number, bit, at, &finding);
    if (fresh > 0)
        lv_findings_add(w->ctx, w->findings, w->t, &finding);
    else if (fresh < 0)
        w->error = fresh;
    if (w->error == 0)
        w->error = lv_marks_edge(w->ctx, w->t, number, bit, at, w->findings);
}

/* Pairs of the class may have been forgotten: then all threads tell theirs again. */
static void note_pairs_epoch(struct lv_context *ctx, lv_class_id class)
{
    uint8_t epoch = lv_pairs_epoch(lv_pairs_forgotten(&ctx->pairs, class));

    __atomic_store_n(&lv_classes_get(&ctx->classes, class)->pairs_epoch, epoch, __ATOMIC_RELAXED);
}

/* The order of instances: held lock number @held is of the class. */
static void check_order(struct walk *w, uint32_t held)
{
    const struct lv_check check = lv_context_check(w->ctx);
    uint32_t end, first = first_of(w, held, &end);
    const struct lv_pair_seen nested = { w->ctx->scratch, held - first, w->lost, w->watched };
    struct lv_finding finding;
    int r = 0;

    fill_witness(w, w->ctx->scratch, first, end);
    if (w->error != 0)
        return;
    if (lv_class_standing(&w->ctx->classes, w->a->base) != LV_CLASS_IS_LOCK)
        w->error = lv_check_keep_order(&w->ctx->pairs, &nested);
    else
        r = lv_check_instance_order(&check, &w->ctx->pairs, &nested, &finding);
    lv_watch_note_pair(w->ctx);
    note_pairs_epoch(w->ctx, w->a->class);
    if (r > 0)
        lv_findings_add(w->ctx, w->findings, w->t, &finding);
    else if (r < 0)
        w->error = r;
}

/* Nested in its own class: what the rule for the class says. @held is another instance. */
static void check_class_nesting(struct walk *w, uint32_t held)
{
    const struct lv_held_record mine = lv_held_record_of(&w->t->held[held]);
    const struct lv_held_record wanted = lv_acquisition_record(w->t, w->a);
    struct lv_finding_edge edge;
    struct lv_finding finding;

    w->linked = true;
    if (lv_class_standing(&w->ctx->classes, w->a->base) != LV_CLASS_IS_LOCK ||
        !lv_context_has_class_rule(w->ctx, w->a->class))
        check_order(w, held);
    else if (lv_check_same_class(&mine, &wanted, w->t->info, &edge, &finding))
        lv_findings_add(w->ctx, w->findings, w->t, &finding);
}

static bool is_unchecked(unsigned flags)
{
    return (flags & LV_UNCHECKED) != 0;
}

/* What links an acquisition to older held locks. */
struct links {
    lv_class_id class; /* of the youngest lock that links; 0: none */
    bool all;          /* locks of two classes link, so every older one of another class than the wanted is linked */
    bool own;          /* one of the wanted class does, in the order of instances */
};

static void note_link(struct links *links, const struct lv_held *h, lv_class_id wanted)
{
    if ((h->flags & (LV_TRY | LV_TIMED)) != 0 || h->mode == LV_READ_RECURSIVE || h->kind == LV_KIND_SEM)
        return;
    if (h->class.v == wanted.v) {
        links->own |= !h->nested;
        return;
    }
    links->all |= links->class.v != 0 && links->class.v != h->class.v;
    if (links->class.v == 0)
        links->class = h->class;
}

static bool is_linked(const struct links *links, lv_class_id class)
{
    return links->all || (links->class.v != 0 && links->class.v != class.v);
}

static void learn_edges(struct walk *w)
{
    struct links links = { { 0 }, false, false };

    if (is_unchecked(w->a->flags) || (w->a->flags & LV_TRY) != 0)
        return;
    for (uint32_t i = 0; i < w->t->depth; i++)
        w->held_key = lv_witness_held_key(w->held_key, w->t->held[i].uid, w->t->held[i].mode);
    for (uint32_t i = w->t->depth; i-- > 0 && w->error == 0;) {
        const struct lv_held *h = &w->t->held[i];

        if (h->level != w->t->level || is_unchecked(h->flags) || lv_class_is_gone(&w->ctx->classes, h->base, h->uid))
            continue;
        if (h->address == w->a->address && h->uid == w->a->uid)
            continue; /* the rule for the same lock was asked before */
        if (h->kind == LV_KIND_SEM && h->inherited)
            continue; /* a semaphore names no holder: whether this thread posts it is open */
        if (h->class.v == w->a->class.v) {
            if (!w->a->nested && !links.own)
                check_class_nesting(w, i);
        } else if (!is_linked(&links, h->class)) {
            add_edge(w, i);
        }
        note_link(&links, h, w->a->class);
    }
}

/* Chains that end in a pair of instances are without number, and kept apart so that they can be forgotten. */
static struct lv_chains *chains_of(struct lv_context *ctx, const struct lv_acquisition *a)
{
    return a->paired ? &ctx->pairs.chains : &ctx->chains;
}

/* The stack of here; or, when enough threads left theirs, that of who came from this call site before. */
static void take_stack(struct walk *w, uint64_t at, uint32_t walkers)
{
    w->a->stack.v = walkers >= LV_CHAIN_WALKERS && !w->watched ? lv_table_find(&w->ctx->stack_at, at) : 0;
    w->a->earlier = w->a->stack.v != 0;
    if (w->a->stack.v == 0)
        w->a->stack = lv_stack_here(w->ctx, w->a->site);
    if (w->a->stack.v == 0)
        w->error = -ENOMEM;
}

/* Under the lock: all that can be learned from this acquisition. */
static void learn(struct walk *w, uint64_t chain, uint64_t at)
{
    struct lv_chains *chains = chains_of(w->ctx, w->a);
    uint32_t walkers = lv_chains_walkers(chains, chain);
    uint32_t begun = lv_counts_begin(&w->ctx->counts);

    take_stack(w, at, walkers);
    w->lost = walkers >= LV_CHAIN_EVIDENCE && !w->watched;
    lv_thread_note_name(w->ctx, w->t);
    if (w->error == 0)
        w->error = lv_marks_taken(w->ctx, w->t, w->a, w->findings);
    learn_edges(w);
    lv_counts_end(w->ctx, begun, w->a);
    if (w->witness.v != 0 && w->watched && !w->kept)
        lv_witnesses_drop(&w->ctx->witnesses, w->witness);
    lv_wait_judge(w->ctx, w->findings, w->t, w->a);
    if (w->error == 0 && !w->gone && !(w->watched && walkers != 0))
        w->error = w->a->paired ? lv_pairs_walk(&w->ctx->pairs, chain) : lv_chains_walk(&w->ctx->chains, chain);
    if (w->error == 0 && (w->lost || (walkers + 1 >= LV_CHAIN_WALKERS && !w->linked)))
        w->error = lv_chains_finish(chains, chain);
    if (w->error == 0 && lv_table_find(&w->ctx->stack_at, at) == 0)
        w->error = lv_table_insert(&w->ctx->stack_at, at, w->a->stack.v);
    w->ctx->counters.locked_walks++;
    w->ctx->counters.dropped += w->error != 0;
}

/* Is the chain finished, and did somebody come from this call site? Then take the stack from there. */
static bool is_learned(struct lv_context *ctx, struct lv_acquisition *a, uint64_t chain, uint64_t at)
{
    if (lv_chains_walkers(chains_of(ctx, a), chain) < LV_CHAIN_FINISHED)
        return false;
    a->stack.v = lv_table_find(&ctx->stack_at, at);
    a->earlier = true;
    return a->stack.v != 0;
}

static void learn_locked(struct walk *w, uint64_t chain, uint64_t at)
{
    struct lv_locked locked = lv_context_lock(w->ctx);

    /* Others may have learned it while this thread waited for the lock: a thousand threads that start together. */
    if (w->gone || w->watched || !is_learned(w->ctx, w->a, chain, at))
        learn(w, chain, at);
    if (w->watched)
        lv_watch_charge(w->ctx, w->t, w->a);
    (void)lv_watch_judge(w->ctx, w->t, w->findings);
    lv_context_unlock(w->ctx, &locked);
    if (w->error != 0)
        lv_context_degrade(w->ctx);
    lv_findings_publish(w->ctx, w->findings);
}

static void remember(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a, uint64_t tag)
{
    struct lv_cache_slot *slot;
    uint32_t hits = 1;

    lv_thread_grow_cache(ctx, t);
    slot = &t->cache[tag & t->cache_mask];
    if (slot->tag == tag)
        hits += slot->hits;
    else
        lv_counts_evict(ctx, slot);
    lv_cache_set(slot, tag, a->key_after, a->stack, hits);
}

/* A lock that another thread released in this thread's stead, a once control whose routine was left by longjmp: the lock
 * itself says who has it; not one that names the parent's thread. */
static bool is_lost(const struct lv_context *ctx, const struct lv_thread *t, const struct lv_held *h)
{
    return ctx->is_lost != NULL && !((h->kind == LV_KIND_MUTEX || h->kind == LV_KIND_RWLOCK) && h->inherited) &&
           ctx->is_lost((enum lv_kind)h->kind, h->address, t->tid);
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
    for (uint32_t i = t->depth; i-- > oldest;) {
        if (t->held[i].nested == LV_NESTED_MERGED)
            continue; /* its address says little */
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
static bool is_nothing_new(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, uint64_t chain,
                           uint64_t at)
{
    bool learned;

    t->guard++;
    learned = is_learned(ctx, a, chain, at);
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
static bool settle(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a, uint64_t chain,
                   uint64_t at)
{
    bool learned;

    if (ctx->settle == NULL)
        return false;
    t->guard++;
    learned = lv_chains_walkers(chains_of(ctx, a), chain) >= LV_CHAIN_WALKERS && lv_table_find(&ctx->stack_at, at) != 0;
    t->guard--;
    return !learned && ctx->settle(ctx, t);
}

/* What the chain taken from this site is called, the same in every thread and for every pair of instances. */
static uint64_t place_of(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    uint64_t born;

    t->guard++;
    born = lv_module_born(ctx, a->site);
    t->guard--;
    return lv_hash_mix((a->key_after ^ t->context_key) + born, a->site) | 1;
}

void lv_acquire_slow(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, uint64_t chain,
                     uint64_t tag)
{
    uint64_t at = place_of(ctx, t, a);
    struct lv_findings findings;
    struct walk w = { .ctx = ctx, .t = t, .a = a, .findings = &findings };
    bool cached = lv_orphan_check(ctx, t, a) && !lv_life_is_watched(t, a);

    if (LV_UNLIKELY(lv_zap_is_gone(ctx, t, a)))
        return;
    w.gone = lv_zap_any_gone(ctx, t);
    cached = cached && !w.gone;

    if (LV_UNLIKELY(lv_context_refresh(ctx, t))) {
        a->paired = false;
        lv_acquire(ctx, t, a);
        return;
    }
    w.watched = lv_watch_wants(ctx, t, a);
    if (!cached && !w.gone && !w.watched && is_nothing_new(ctx, t, a, chain, at))
        return;
    if (LV_UNLIKELY(lv_acquire_drop_lost(ctx, t) || settle(ctx, t, a, chain, at))) {
        a->paired = false;
        lv_acquire(ctx, t, a);
        return;
    }
    t->guard++;
    lv_findings_init(&findings);
    __atomic_fetch_add(&ctx->counters.slow_walks, 1, __ATOMIC_RELAXED);
    if ((w.gone || w.watched || !is_learned(ctx, a, chain, at)) &&
        __atomic_load_n(&ctx->state, __ATOMIC_RELAXED) == LV_STATE_ON)
        learn_locked(&w, chain, at);
    if (cached && !w.watched)
        remember(ctx, t, a, tag);
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
 * Something of the lock's base class may be held. The same lock: its own rules, and no edges. Another lock of the class,
 * where the order of instances is judged: the chain is looked up by the pair of instances too, since one order says nothing
 * about the next. The key is inverted first: folded in as they are, two instance numbers could look like one more class
 * and mode.
 */
/*
 * Will the lock of @h, which the program is calling about, only count that its holder takes it again? Its own word says who
 * has it: then the books are right about it, no edge comes of it, and nothing else needs a look (a system call each).
 */
static bool counts_again(const struct lv_context *ctx, const struct lv_thread *t, const struct lv_acquisition *a,
                         const struct lv_held *h)
{
    return a->reentrant && !h->inherited && ctx->owner != NULL &&
           ctx->owner(a->address, (enum lv_kind)a->kind, LV_OWNER_MAPPED) == t->tid;
}

void lv_acquire_nested(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a)
{
    uint64_t chain = lv_chain_taken(t, a);
    bool ordered = lv_nest_order(ctx, a->base) != NULL;
    uint64_t tag;

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
        if (h->class.v == a->class.v && !ordered && !lv_context_has_class_rule(ctx, a->class)) {
            chain = lv_hash_mix(~chain, (uint64_t)h->uid << 32 | a->uid) + pairs_epoch(ctx, a->class);
            a->paired = true;
        }
    }
    if (a->nest != 0 || ordered)
        a->nested = lv_nest_judge(ctx, t, a);
    if (a->nest != 0 || a->nested)
        chain = lv_hash_mix(~chain, a->nested);
    tag = lv_hash_mix(chain, a->site + __atomic_load_n(&t->epoch, __ATOMIC_RELAXED));
    if (!lv_cache_hit(t, a, tag))
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
