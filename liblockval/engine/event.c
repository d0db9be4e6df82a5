/* SPDX-License-Identifier: MIT */
/*
 * The history is the thread's own; the shared generation counter orders its entries against the beginnings of waits. An
 * acquisition that got the generation of a wait, or a later one, came after that wait began.
 * Not in the history, as in lockdep: trylocks (they do not wait) and recursive readers (they wait for writers only,
 * and an edge into them does not lead on).
 * A wait that begins while a completion is under way may be missed, never invented: the state is read once.
 */

#include "engine/event.h"

#include <errno.h>

#include "check/evidence.h"
#include "engine/cache.h"
#include "engine/expect.h"
#include "engine/here.h"
#include "engine/marks.h"
#include "engine/record.h"
#include "engine/resolve.h"
#include "engine/sem.h"
#include "engine/steer.h"
#include "engine/usage.h"

enum {
    WAITERS = 0xffff,
    GENERATION_SHIFT = 16
};

void lv_history_add(struct lv_context *ctx, struct lv_thread *t, const struct lv_held_record *record)
{
    struct lv_history_entry *entry;

    if ((record->flags & (LV_TRY | LV_UNCHECKED)) != 0 || record->mode == LV_READ_RECURSIVE)
        return;
    if (t->history == NULL) {
        struct lv_locked locked;

        t->guard++;
        locked = lv_context_lock(ctx);
        t->history = lv_arena_alloc(&ctx->arena, LV_HISTORY * sizeof(*t->history));
        lv_context_unlock(ctx, &locked);
        t->guard--;
        if (t->history == NULL) {
            lv_context_degrade(ctx);
            return;
        }
    }
    entry = &t->history[t->history_head++ % LV_HISTORY];
    entry->generation = __atomic_load_n(&ctx->event_generation, __ATOMIC_ACQUIRE);
    entry->record = *record;
}

void lv_history_add_youngest(struct lv_context *ctx, struct lv_thread *t)
{
    const struct lv_held_record record = lv_held_record_of(&t->held[t->depth - 1]);

    lv_history_add(ctx, t, &record);
}

void lv_history_cut(struct lv_thread *t)
{
    t->history_cut = t->history_head;
}

void lv_event_begin_wait(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, lv_event_state *state)
{
    uint64_t old = __atomic_load_n(state, __ATOMIC_RELAXED), new;
    uint64_t generation = __atomic_add_fetch(&ctx->event_generation, 1, __ATOMIC_ACQ_REL);

    lv_acquire(ctx, t, a);
    lv_steer(ctx, t, a);
    do {
        new = (old & WAITERS) == 0 ? generation << GENERATION_SHIFT | 1 : (old & WAITERS) == WAITERS ? old : old + 1;
    } while (!__atomic_compare_exchange_n(state, &old, new, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

void lv_event_end_wait(lv_event_state *state)
{
    uint64_t old = __atomic_load_n(state, __ATOMIC_RELAXED);

    while ((old & WAITERS) != 0 &&
           !__atomic_compare_exchange_n(state, &old, old - 1, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        ;
}

static uint64_t held_key(const struct lv_event_edge *add)
{
    uint64_t key = 0;

    for (uint32_t i = 0; i < add->held_count; i++)
        key = lv_witness_held_key(key, add->held[i].uid, add->held[i].mode);
    return key;
}

/* What the expected order says of a new edge. What another thread did was done before. */
static void expect(struct lv_context *ctx, struct lv_thread *t, const struct lv_event_edge *add, uint8_t bit,
                   struct lv_findings *findings)
{
    const struct lv_held_record *held = &add->held[add->at];
    const struct lv_finding_edge edge = { .kind = held->kind == LV_KIND_EVENT ? LV_REPORT_EDGE_COMPLETE
                                                                              : LV_REPORT_EDGE_WAIT,
                                          .thread = add->thread,
                                          .held = *held,
                                          .wanted = *add->wanted };
    struct lv_expect_step step = { .edge = &edge, .bits = bit, .late = add->thread.v != t->info.v };

    if (step.late)
        step.at = held->kind == LV_KIND_EVENT ? held->stack : add->wanted->stack;
    else if (lv_resolve_edge_kind(ctx, &edge) == LV_REPORT_EDGE_END)
        step.at = add->wanted->stack;
    lv_expect_judge_step(ctx, findings, t, &step);
}

/* Its segment is not noted: no verdict on a circle through an event asks for it. */
int lv_event_edge_add(struct lv_context *ctx, struct lv_thread *t, const struct lv_event_edge *add,
                      enum lv_event_judge judge, struct lv_findings *findings)
{
    const struct lv_check check = lv_context_check(ctx);
    const struct lv_held_record *held = &add->held[add->at], *wanted = add->wanted;
    uint8_t bit = lv_dep_bit((enum lv_mode)held->mode, (enum lv_mode)wanted->mode, (wanted->flags & LV_TIMED) != 0);
    const struct lv_evidence_by by = { add->thread, 0, lv_witness_fold_key(held_key(add)) };
    struct lv_edge_witness at = lv_evidence_of(&by, add->at, held, wanted);
    struct lv_finding finding;
    struct lv_witness *witness;
    struct lv_edge *edge;
    uint32_t number;
    int fresh, r;
    bool keep;

    if (lv_class_is_gone(&ctx->classes, held->class, (uint32_t)held->uid) ||
        lv_class_is_gone(&ctx->classes, wanted->class, (uint32_t)wanted->uid))
        return LV_EVENT_EDGE_KNOWN;
    fresh = lv_digraph_add(&ctx->graph, held->class.v, wanted->class.v, bit, &number);
    if (fresh < 0)
        return fresh;
    lv_sem_mark(ctx, held);
    edge = lv_digraph_edge(&ctx->graph, number);
    keep = fresh != 0 || lv_evidence_is_wanted(edge, &at);
    if (!keep && judge != LV_EVENT_JUDGE_ALWAYS)
        return LV_EVENT_EDGE_KNOWN;
    witness = lv_witnesses_add(&ctx->witnesses, add->held_count, &at.id);
    if (witness == NULL)
        return -ENOMEM;
    witness->thread = add->thread;
    witness->held_key = by.held_key;
    witness->left_out = add->left_out != 0;
    witness->wanted = *wanted;
    for (uint32_t i = 0; i < add->held_count; i++)
        witness->held[i] = add->held[i];
    if (keep) {
        if (findings->batch != NULL)
            lv_batch_witness(findings->batch)->id = 0; /* the lock was dropped since */
        (void)lv_evidence_keep(&ctx->graph, edge, at);
        lv_record_edge(ctx, &findings->batch, edge, &at);
    }
    if (fresh != 0)
        expect(ctx, t, add, bit, findings);
    if (judge == LV_EVENT_JUDGE_NEVER || (judge == LV_EVENT_JUDGE_NEW && fresh == 0))
        return fresh != 0 ? LV_EVENT_EDGE_NEW : LV_EVENT_EDGE_KNOWN;
    r = lv_check_circular(&check, number, bit, at, &finding);
    if (r > 0)
        lv_findings_add(ctx, findings, t, &finding);
    if (r >= 0 && fresh != 0) {
        int marks = lv_marks_edge(ctx, t, number, bit, at, findings);

        r = marks < 0 ? marks : r;
    }
    return r < 0 ? r : r > 0 ? LV_EVENT_EDGE_CLOSES : LV_EVENT_EDGE_NEW;
}

/* The first entry that counts: not cut off, not overwritten, and made since @generation. */
static uint64_t first_since(const struct lv_thread *t, uint64_t generation)
{
    uint64_t oldest = t->history_head > LV_HISTORY ? t->history_head - LV_HISTORY : 0;
    uint64_t i = t->history_head;

    if (oldest < t->history_cut)
        oldest = t->history_cut;
    while (i > oldest && t->history[(i - 1) % LV_HISTORY].generation >= generation)
        i--;
    return i;
}

/* Commit the entries of the history from @first on that this thread did not commit to this event before. */
static void commit_since(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, uint64_t first)
{
    struct lv_findings findings;

    a->stack.v = 0;
    lv_findings_init(&findings);
    for (uint64_t i = first; i < t->history_head; i++) {
        const struct lv_held_record *wanted = &t->history[i % LV_HISTORY].record;
        uint64_t epoch = __atomic_load_n(&t->epoch, __ATOMIC_RELAXED);
        uint64_t pair = lv_hash_mix((uint64_t)a->class.v << 32 | wanted->class.v, (a->site + epoch) ^ wanted->mode);
        uint64_t tag = lv_hash_mix(pair, (uint64_t)wanted->stack.v << 8 | wanted->flags);
        struct lv_held_record event;
        struct lv_locked locked;
        int r;

        if (lv_cache_has(t, tag) || wanted->class.v == a->class.v || wanted->level != t->level)
            continue;
        locked = lv_context_lock(ctx);
        if (a->stack.v == 0)
            a->stack = lv_stack_here(ctx, a->site);
        event = lv_acquisition_record(t, a);
        t->witnessed = true;
        r = lv_event_edge_add(
            ctx, t, &(struct lv_event_edge){ .thread = t->info, .held = &event, .held_count = 1, .wanted = wanted },
            LV_EVENT_JUDGE_NEW, &findings);
        lv_context_unlock(ctx, &locked);
        if (r < 0) {
            lv_context_degrade(ctx);
            break;
        }
        lv_cache_add(ctx, t, tag, 0, a->stack);
    }
    lv_findings_publish(ctx, &findings);
}

void lv_event_complete(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a,
                       const lv_event_state *state)
{
    uint64_t now = __atomic_load_n(state, __ATOMIC_ACQUIRE);

    if ((now & WAITERS) == 0 || t->history == NULL || __atomic_load_n(&ctx->state, __ATOMIC_RELAXED) != LV_STATE_ON)
        return;
    t->guard++;
    commit_since(ctx, t, a, first_since(t, now >> GENERATION_SHIFT));
    t->guard--;
}
