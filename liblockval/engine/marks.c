/* SPDX-License-Identifier: MIT */
/*
 * A context that is taken as safe is one that would hang: so a trylock or an acquisition with a timeout, which gives up,
 * does not count as taken inside. It is held all the same. What only waits for others is not held. Acquisitions whose
 * order is not judged leave no marks.
 * A class of semaphores is marked as long as it may turn out to be one of locks, and judged then.
 */

#include "engine/marks.h"

#include <errno.h>

#include "check/usage.h"
#include "engine/cache.h"
#include "engine/here.h"
#include "engine/record.h"
#include "engine/usage.h"

static struct lv_usage_check check_of(struct lv_context *ctx)
{
    return (struct lv_usage_check){ &ctx->arena, &ctx->graph, &ctx->witnesses, &ctx->classes, &ctx->uses };
}

static bool is_judged(const struct lv_context *ctx, lv_class_id class)
{
    return lv_class_standing(&ctx->classes, lv_classes_get(&ctx->classes, class)->base) == LV_CLASS_IS_LOCK;
}

/* Judge @use for each of @states. */
static int judge(struct lv_context *ctx, const struct lv_thread *t, lv_class_id class, const struct lv_use *use,
                 struct lv_states states, lv_stack_id at, struct lv_findings *findings)
{
    const struct lv_usage_check check = check_of(ctx);

    for (; lv_states_any(states); states = lv_states_minus(states, lv_states_of(lv_states_first(states)))) {
        struct lv_finding finding;
        int r = lv_check_use(&check, class, use, lv_states_first(states), &finding);

        if (r < 0)
            return r;
        if (r == 0)
            continue;
        finding.subject = use->record;
        finding.at = at;
        lv_findings_add(ctx, findings, t, &finding);
    }
    return 0;
}

/* Add what is new in @use, and judge it. */
static int add(struct lv_context *ctx, struct lv_thread *t, struct lv_use *use, struct lv_findings *findings)
{
    lv_class_id id = use->record.class;
    struct lv_class *class = lv_classes_get(&ctx->classes, id);
    enum lv_side side = (enum lv_side)use->side;
    int r;

    use->states = lv_states_minus(use->states, lv_uses_of(&ctx->uses, class, side, !use->weak));
    if (!lv_states_any(use->states))
        return 0;
    use->thread = t->info;
    t->witnessed = true;
    r = lv_uses_add(&ctx->uses, class, use);
    if (r == 0)
        lv_record_use(ctx, &findings->batch, use);
    if (r == 0 && is_judged(ctx, id))
        r = judge(ctx, t, id, use, use->states, use->at.v != 0 ? use->at : use->record.stack, findings);
    return r;
}

/* The call that installed the handler of @signal which @t runs; the innermost of them. */
static uintptr_t handler_site(const struct lv_context *ctx, const struct lv_thread *t, int signal)
{
    uint32_t depth = t->handlers != NULL ? t->handlers->depth : 0;

    while (depth-- > 0) {
        const struct lv_handler_running *running = lv_handlers_at(t->handlers, depth);

        if (running->signal == signal && running->inside == 0)
            return running->site;
    }
    return __atomic_load_n(&ctx->handler_site[lv_state_of_signal(signal)], __ATOMIC_RELAXED);
}

/* Does @t run a handler of @signal that was replaced meanwhile? What comes now is another one: it says nothing about this. */
static bool is_replaced(const struct lv_context *ctx, const struct lv_thread *t, int signal)
{
    return handler_site(ctx, t, signal) !=
           __atomic_load_n(&ctx->handler_site[lv_state_of_signal(signal)], __ATOMIC_RELAXED);
}

/* Each context that the thread is in by itself, as each handler was installed somewhere else. */
static int add_inside(struct lv_context *ctx, struct lv_thread *t, const struct lv_held_record *record,
                      struct lv_findings *findings)
{
    int r = 0;

    for (struct lv_states in = t->in; r == 0 && lv_states_any(in);) {
        unsigned state = lv_states_first(in);
        struct lv_use use = { .side = LV_INSIDE,
                              .weak = record->mode == LV_READ_RECURSIVE,
                              .states = lv_states_of(state),
                              .record = *record };

        in = lv_states_minus(in, use.states);
        if (lv_state_is_signal(state)) {
            if (is_replaced(ctx, t, (int)state + 1))
                continue;
            use.site = handler_site(ctx, t, (int)state + 1);
        }
        r = add(ctx, t, &use, findings);
    }
    return r;
}

static int add_open(struct lv_context *ctx, struct lv_thread *t, const struct lv_held_record *record,
                    struct lv_states open, lv_stack_id at, struct lv_findings *findings)
{
    struct lv_use use = {
        .side = LV_OPEN, .weak = record->mode != LV_WRITE, .states = open, .at = at, .record = *record
    };

    return lv_states_any(open) ? add(ctx, t, &use, findings) : 0;
}

int lv_marks_taken(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                   struct lv_findings *findings)
{
    struct lv_held_record record;
    int r = 0;

    lv_classes_get(&ctx->classes, a->class)->usage |= lv_usage_bits(ctx, t, (enum lv_mode)a->mode, a->flags);
    (void)lv_record_class(ctx, &findings->batch, a->class);
    if ((a->flags & LV_UNCHECKED) != 0 || (!lv_states_any(t->in) && !lv_states_any(t->open)))
        return 0;
    record = lv_acquisition_record(t, a);
    if ((a->flags & (LV_TRY | LV_TIMED)) == 0)
        r = add_inside(ctx, t, &record, findings);
    if (r == 0 && (a->flags & LV_SYNC) == 0 && a->kind != LV_KIND_EVENT)
        r = add_open(ctx, t, &record, t->open, (lv_stack_id){ 0 }, findings);
    return r;
}

/* Under the lock. */
static int mark_all(struct lv_context *ctx, struct lv_thread *t, struct lv_states opened, struct lv_findings *findings)
{
    lv_stack_id at = lv_stack_of_program(ctx);
    int r = at.v != 0 ? 0 : -ENOMEM;

    for (uint32_t i = 0; r == 0 && i < t->depth; i++) {
        const struct lv_held *h = &t->held[i];
        const struct lv_held_record record = lv_held_record_of(h);

        if (lv_class_is_gone(&ctx->classes, h->base, h->uid))
            continue;
        lv_classes_get(&ctx->classes, h->class)->usage |=
            lv_usage_bits(ctx, t, (enum lv_mode)h->mode, (unsigned)h->flags | LV_TRY);
        (void)lv_record_class(ctx, &findings->batch, h->class);
        if ((h->flags & LV_UNCHECKED) == 0 && !(h->kind == LV_KIND_SEM && h->inherited) &&
            !lv_class_is_gone(&ctx->classes, h->base, h->uid))
            r = add_open(ctx, t, &record, opened, at, findings);
    }
    return r;
}

/* What the thread holds, on all levels, and what is open: by this an earlier look is known. */
static uint64_t held_tag(const struct lv_thread *t)
{
    uint64_t tag = lv_hash_mix(t->key ^ t->context_key, __atomic_load_n(&t->epoch, __ATOMIC_RELAXED));

    for (unsigned level = 0; level < t->level; level++)
        tag = lv_hash_mix(tag, t->saved_key[level]);
    return lv_hash_mix(~tag, t->depth);
}

void lv_marks_held(struct lv_context *ctx, struct lv_thread *t, struct lv_states opened)
{
    struct lv_findings findings;
    struct lv_locked locked;
    uint64_t tag;
    int r;

    if (t->depth == 0 || t->guard != 0 || !lv_states_any(opened) ||
        __atomic_load_n(&ctx->state, __ATOMIC_RELAXED) != LV_STATE_ON)
        return;
    tag = held_tag(t);
    if (lv_cache_has(t, tag))
        return;
    (void)lv_acquire_drop_lost(ctx, t);
    t->guard++;
    lv_findings_init(&findings);
    locked = lv_context_lock(ctx);
    r = mark_all(ctx, t, opened, &findings);
    lv_context_unlock(ctx, &locked);
    if (r < 0)
        lv_context_degrade(ctx);
    lv_findings_publish(ctx, &findings);
    lv_cache_add(ctx, t, tag, 0, (lv_stack_id){ 0 });
    t->guard--;
}

/* Judge the edge @number with the one bit @bit, of which @witness is the evidence, for the states that it connects. */
static int judge_edge(struct lv_context *ctx, const struct lv_thread *t, uint32_t number, uint8_t bit,
                      struct lv_edge_witness witness, lv_stack_id at, struct lv_findings *findings)
{
    const struct lv_usage_check check = check_of(ctx);
    struct lv_states states;
    int r = lv_check_edge_states(&check, number, bit, &states);

    for (; r >= 0 && lv_states_any(states); states = lv_states_minus(states, lv_states_of(lv_states_first(states)))) {
        struct lv_finding finding;

        r = lv_check_edge_use(&check, number, bit, witness, lv_states_first(states), &finding);
        if (r <= 0)
            continue;
        finding.subject = lv_witnesses_get(&ctx->witnesses, witness.id)->wanted;
        finding.at = at;
        lv_findings_add(ctx, findings, t, &finding);
    }
    return r < 0 ? r : 0;
}

int lv_marks_edge(struct lv_context *ctx, const struct lv_thread *t, uint32_t edge, uint8_t bit,
                  struct lv_edge_witness at, struct lv_findings *findings)
{
    return judge_edge(ctx, t, edge, bit, at, lv_witnesses_get(&ctx->witnesses, at.id)->wanted.stack, findings);
}

/* Every way in which the edge @number came about. */
static int judge_kept_edge(struct lv_context *ctx, const struct lv_thread *t, uint32_t number, lv_stack_id at,
                           struct lv_findings *findings)
{
    const struct lv_edge *edge = lv_digraph_edge(&ctx->graph, number);
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < edge->witness_count; i++) {
        const struct lv_edge_witness *made = lv_edge_witness(edge, i);

        r = judge_edge(ctx, t, number, made->bit, *made, at, findings);
    }
    return r;
}

int lv_marks_class(struct lv_context *ctx, const struct lv_thread *t, lv_class_id class, lv_stack_id at,
                   struct lv_findings *findings)
{
    int r = 0;

    for (uint32_t i = lv_classes_get(&ctx->classes, class)->uses; r == 0 && i != 0;) {
        const struct lv_use *use = lv_vec_at(&ctx->uses.all, i);

        r = judge(ctx, t, class, use, use->states, at, findings);
        i = use->next;
    }
    if (class.v < ctx->graph.nodes.count) {
        const struct lv_node *node = lv_vec_at(&ctx->graph.nodes, class.v);

        for (uint32_t i = node->out; r == 0 && i != 0; i = lv_digraph_edge(&ctx->graph, i)->next)
            r = judge_kept_edge(ctx, t, i, at, findings);
    }
    return r;
}
