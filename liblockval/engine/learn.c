/* SPDX-License-Identifier: MIT */
/*
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

#include "engine/learn.h"

#include <errno.h>

#include "check/evidence.h"
#include "engine/chaintree.h"
#include "engine/expect.h"
#include "engine/here.h"
#include "engine/marks.h"
#include "engine/nest.h"
#include "engine/order.h"
#include "engine/publish.h"
#include "engine/record.h"
#include "engine/sem.h"
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
    bool kept;             /* an edge keeps .witness */
    bool linked;           /* it has edges, or pairs of instances */
    lv_witness_id witness; /* 0: not recorded yet */
    uint32_t first;        /* number of the held lock that is the witness's first */
    char name[16];         /* of the thread */
    struct lv_findings *findings;
    const struct lv_lesson *lesson;
    int error;
};

/* Fill in @witness: the acquisition with its held locks from number @first up to @end. */
static void fill_witness(struct walk *w, struct lv_witness *witness, uint32_t first, uint32_t end)
{
    if (!lv_order_stamp(w->ctx, w->t, witness))
        w->error = -ENOMEM;
    witness->held_key = lv_witness_fold_key(w->held_key);
    witness->held_count = (uint16_t)(end - first);
    witness->left_out = w->t->depth != end - first;
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
    *ret = lv_evidence_in(lv_witnesses_get(&w->ctx->witnesses, w->witness), w->witness, held - w->first);
    return true;
}

/*
 * What the watch sees of an edge that has witnesses enough: it is judged with it in another's place, and kept only if that
 * upgrades a finding. Without the watch it would not have been looked at, so nothing is lost if it is not.
 */
static void try_witness(struct walk *w, uint32_t number, uint32_t held)
{
    struct lv_edge *edge = lv_digraph_edge(&w->ctx->graph, number);
    struct lv_edge_witness *place = lv_edge_witness(edge, lv_evidence_spare(edge)), before = *place;

    if (!witness_of(w, held, place)) {
        *place = before;
        return;
    }
    lv_watch_note(w->ctx, number);
    if (lv_watch_judge(w->ctx, w->t, w->findings)) {
        lv_record_edge(w->ctx, &w->findings->batch, edge, place);
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
    const struct lv_check check = lv_context_check(w->ctx);
    const struct lv_evidence_by by = { w->t->info, w->t->segment.node, lv_witness_fold_key(w->held_key) };
    struct lv_edge_witness at = lv_evidence_of(&by, 0, &mine, &wanted);
    struct lv_finding finding;
    struct lv_edge *edge;
    uint32_t number;
    int fresh;

    lv_counts_link(&w->ctx->counts, mine.class.v, wanted.class.v);
    fresh = lv_digraph_add(&w->ctx->graph, mine.class.v, wanted.class.v, at.bit, &number);

    if (fresh < 0) {
        w->error = fresh;
        return;
    }
    lv_sem_mark(w->ctx, &mine);
    edge = lv_digraph_edge(&w->ctx->graph, number);
    w->linked = true;
    edge->witness_lost |= w->lost;
    if (fresh == 0 && w->lesson->watched && edge->witness_count >= LV_WATCH_WITNESSES) {
        if (!lv_evidence_is_known(edge, &at))
            try_witness(w, number, held);
        return;
    }
    if (fresh == 0 && (w->lost || !lv_evidence_is_wanted(edge, &at)))
        return;
    if (!witness_of(w, held, &at))
        return;
    (void)lv_evidence_keep(&w->ctx->graph, edge, at);
    lv_record_edge(w->ctx, &w->findings->batch, edge, &at);
    w->kept = true;
    lv_watch_note(w->ctx, number);
    if (fresh == 0)
        return;
    fresh = lv_check_circular(&check, number, at.bit, at, &finding);
    if (fresh > 0)
        lv_findings_add(w->ctx, w->findings, w->t, &finding);
    else if (fresh < 0)
        w->error = fresh;
    lv_expect_judge_edge(w->ctx, w->findings, w->t, at.bit, at, (lv_stack_id){ 0 });
    if (w->error == 0)
        w->error = lv_marks_edge(w->ctx, w->t, number, at.bit, at, w->findings);
}

/* What the expected order says of held lock number @held and the wanted one, between which there is no edge: @indirect as another
 * lock links them, or as they are of one class. */
static void expect_step(struct walk *w, uint32_t held, bool indirect)
{
    struct lv_finding_edge edge = { .thread = w->t->info };

    if (LV_LIKELY(w->ctx->expect == NULL))
        return;
    edge.held = lv_held_record_of(&w->t->held[held]);
    edge.wanted = lv_acquisition_record(w->t, w->a);
    edge.kind = edge.wanted.kind == LV_KIND_EVENT ? LV_REPORT_EDGE_WAIT : LV_REPORT_EDGE_LOCK;
    lv_expect_judge_step(w->ctx, w->findings, w->t,
                         &(struct lv_expect_step){ .edge = &edge,
                                                   .bits = lv_dep_bit((enum lv_mode)edge.held.mode, w->a->mode,
                                                                      (w->a->flags & LV_TIMED) != 0),
                                                   .indirect = indirect });
}

/* Pairs of the class may have been forgotten: then all threads tell theirs again. */
static void note_pairs_epoch(struct lv_context *ctx, lv_class_id class)
{
    uint8_t epoch = lv_pairs_epoch(lv_pairs_forgotten(&ctx->pairs, class));
    uint8_t *known = &lv_classes_get(&ctx->classes, class)->pairs_epoch;

    if (epoch == *known)
        return;
    __atomic_store_n(known, epoch, __ATOMIC_RELAXED);
    for (struct lv_thread *t = ctx->threads; t != NULL; t = t->next)
        lv_thread_empty_cache(t);
}

/* The order of instances: held lock number @held is of the class. */
static void check_order(struct walk *w, uint32_t held)
{
    const struct lv_check check = lv_context_check(w->ctx);
    uint32_t end, first = first_of(w, held, &end);
    const struct lv_pair_seen nested = { w->ctx->scratch, held - first, w->lost, w->lesson->watched };
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
            if (!w->a->nested && !links.own) {
                check_class_nesting(w, i);
                expect_step(w, i, false);
            }
        } else if (!is_linked(&links, h->class)) {
            add_edge(w, i);
        } else {
            expect_step(w, i, true);
        }
        note_link(&links, h, w->a->class);
    }
}

/* Chains that end in a pair of instances are without number, and kept apart so that they can be forgotten. */
static const struct lv_chains *chains_of(const struct lv_context *ctx, const struct lv_acquisition *a)
{
    return a->paired ? &ctx->pairs.chains : &ctx->chains;
}

/* The stack of here; or, when enough threads left theirs, that of who came from this call site before. */
static void take_stack(struct walk *w, uint32_t walkers)
{
    if (walkers >= LV_CHAIN_WALKERS && !w->lesson->watched)
        w->a->stack = lv_counts_stack_at(w->ctx, w->lesson->at);
    else
        w->a->stack.v = 0;
    w->a->earlier = w->a->stack.v != 0;
    if (w->a->stack.v == 0)
        w->a->stack = lv_stack_here(w->ctx, w->a->site);
    if (w->a->stack.v == 0)
        w->error = -ENOMEM;
}

/* Under the lock: all that can be learned from this acquisition. */
static void learn(struct walk *w)
{
    uint64_t chain = w->lesson->chain;
    struct lv_chains *chains = w->a->paired ? &w->ctx->pairs.chains : &w->ctx->chains;
    uint32_t walkers = w->lesson->walkers;
    uint32_t begun = lv_counts_begin(&w->ctx->counts);

    take_stack(w, walkers);
    w->lost = walkers >= LV_CHAIN_EVIDENCE && !w->lesson->watched;
    lv_thread_set_name(w->ctx, w->t, w->name);
    if (w->error == 0)
        w->error = lv_marks_taken(w->ctx, w->t, w->a, w->findings);
    learn_edges(w);
    lv_counts_end(w->ctx, begun, w->a);
    if (!w->lesson->gone)
        lv_chaintree_note(w->ctx, w->t, w->a);
    if (w->witness.v != 0 && w->lesson->watched && !w->kept)
        lv_witnesses_drop(&w->ctx->witnesses, w->witness);
    lv_wait_judge(w->ctx, w->findings, w->t, w->a);
    if (w->error == 0 && !w->lesson->gone && !(w->lesson->watched && walkers != 0))
        w->error = w->a->paired ? lv_pairs_walk(&w->ctx->pairs, chain) : lv_chains_walk(&w->ctx->chains, chain);
    if (w->error == 0 && (w->lost || (walkers + 1 >= LV_CHAIN_WALKERS && !w->linked)))
        w->error = lv_chains_finish(chains, chain);
    if (w->error == 0)
        w->error = lv_counts_note_place(w->ctx, w->lesson->at, w->a->key_after, w->a->stack);
    w->ctx->counters.locked_walks++;
    w->ctx->counters.dropped += w->error != 0;
}

void lv_lesson_look(const struct lv_context *ctx, const struct lv_acquisition *a, struct lv_lesson *lesson)
{
    lesson->walkers = lv_chains_walkers(chains_of(ctx, a), lesson->chain);
}

bool lv_learned(const struct lv_context *ctx, struct lv_acquisition *a, const struct lv_lesson *lesson)
{
    if (lesson->walkers < LV_CHAIN_FINISHED)
        return false;
    a->stack = lv_counts_stack_at(ctx, lesson->at);
    a->earlier = true;
    return a->stack.v != 0;
}

bool lv_learned_mostly(const struct lv_context *ctx, const struct lv_lesson *lesson)
{
    return lesson->walkers >= LV_CHAIN_WALKERS && lv_counts_stack_at(ctx, lesson->at).v != 0;
}

void lv_learn(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, struct lv_lesson *lesson)
{
    struct lv_findings findings;
    struct walk w = { .ctx = ctx, .t = t, .a = a, .lesson = lesson, .findings = &findings };
    struct lv_locked locked;

    lv_findings_init(&findings);
    lv_os_thread_name(w.name);
    lv_record_prepare(ctx, a->class);
    if (t->depth != 0)
        lv_expect_prepare(ctx, a->class);
    locked = lv_context_lock(ctx);
    /* Others may have learned it while this thread waited for the lock: a thousand threads that start together. */
    lesson->walkers = lv_chains_known(chains_of(ctx, a), lesson->chain);
    if (lesson->gone || lesson->watched || !lv_learned(ctx, a, lesson))
        learn(&w);
    if (lesson->watched)
        lv_watch_charge(ctx, t, a);
    (void)lv_watch_judge(ctx, t, &findings);
    lv_context_unlock(ctx, &locked);
    if (w.error != 0)
        lv_context_degrade(ctx);
    lv_findings_publish(ctx, &findings);
}
