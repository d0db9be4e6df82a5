/* SPDX-License-Identifier: MIT */
/*
 * The standing of a class is changed under the internal lock, together with the marks of its nodes in the graph. It is
 * read without: who reads it too early follows a semaphore once more than needed, and what is learned then is not judged.
 *
 * When a class becomes one of locks, every edge at it is judged, not only those out of it: each edge gets one shortest
 * cycle, as it would have got when it was made. That a class becomes one of locks happens once in its life, so the time
 * this takes does not matter.
 *
 * A post in a signal handler finds the books of the thread that it interrupted at any point; what was taken outside of
 * the handler is not removed from them there. The thread itself does that when it next posts or learns something.
 */

#include "engine/sem.h"

#include <errno.h>

#include "check/circular.h"
#include "engine/acquire.h"
#include "engine/expect.h"
#include "engine/here.h"
#include "engine/lockstat.h"
#include "engine/marks.h"
#include "engine/publish.h"
#include "engine/record.h"
#include "engine/site.h"

/* A class whose standing changes. */
struct change {
    struct lv_context *ctx;
    struct lv_thread *t;
    const struct lv_class *base;
    uintptr_t site;
    lv_stack_id at; /* the stack of the post; 0: not asked for yet */
    struct lv_findings findings;
};

static bool is_of(const struct change *c, uint32_t node)
{
    return lv_classes_get(&c->ctx->classes, (lv_class_id){ node })->base.v == c->base->id.v;
}

static void pass_by(const struct change *c, bool pass)
{
    for (unsigned i = 0; i < LV_SUBCLASSES; i++)
        if (c->base->subclasses[i].v != 0)
            lv_digraph_pass_by(&c->ctx->graph, c->base->subclasses[i].v, pass);
}

static void add_finding(struct change *c, struct lv_finding *finding)
{
    if (c->at.v == 0)
        c->at = lv_stack_here(c->ctx, c->site);
    finding->at = c->at;
    lv_findings_add(c->ctx, &c->findings, c->t, finding);
}

/* What the expected order says of an edge that counts from now on. */
static void expect(struct change *c, const struct lv_edge *edge)
{
    if (LV_LIKELY(c->ctx->expect == NULL) || edge->witness_count == 0)
        return;
    if (c->at.v == 0)
        c->at = lv_stack_here(c->ctx, c->site);
    lv_expect_judge_edge(c->ctx, &c->findings, c->t, edge->bits, *lv_edge_witness(edge, 0), c->at);
}

static int judge_edges(struct change *c)
{
    const struct lv_check check = lv_context_check(c->ctx);

    for (uint32_t i = 1; i < check.graph->edges.count; i++) {
        const struct lv_edge *edge = lv_digraph_edge(check.graph, i);
        struct lv_finding finding;
        int r;

        if (!is_of(c, edge->from) && !is_of(c, edge->to))
            continue;
        r = lv_check_kept_edge(&check, i, &finding);
        if (r < 0)
            return r;
        if (r > 0)
            add_finding(c, &finding);
        expect(c, edge);
    }
    return 0;
}

/* The order of instances within one of the classes. */
static int judge_orders(struct change *c, lv_class_id class)
{
    struct lv_pairs *pairs = &c->ctx->pairs;
    const struct lv_check check = lv_context_check(c->ctx);
    bool class_rule = lv_context_has_class_rule(c->ctx, class);

    for (uint32_t i = 1; i < pairs->order.edges.count; i++) {
        struct lv_finding finding;
        int r = lv_check_kept_order(&check, pairs, i, class, class_rule, &finding);

        if (r < 0)
            return r;
        if (r > 0)
            add_finding(c, &finding);
    }
    return 0;
}

/* In which contexts it was taken and held. */
static int judge_marks(struct change *c, lv_class_id class)
{
    if (c->at.v == 0)
        c->at = lv_stack_here(c->ctx, c->site);
    return lv_marks_class(c->ctx, c->t, class, c->at, &c->findings);
}

static int judge(struct change *c)
{
    int r = judge_edges(c);

    for (unsigned i = 0; i < LV_SUBCLASSES && r == 0; i++)
        if (c->base->subclasses[i].v != 0)
            r = judge_orders(c, c->base->subclasses[i]);
    for (unsigned i = 0; i < LV_SUBCLASSES && r == 0; i++)
        if (c->base->subclasses[i].v != 0)
            r = judge_marks(c, c->base->subclasses[i]);
    return r;
}

/* A candidate is found to be a lock. */
static void promote(struct lv_context *ctx, struct lv_thread *t, lv_class_id base, uintptr_t site)
{
    struct change c = { .ctx = ctx, .t = t, .base = lv_classes_get(&ctx->classes, base), .site = site };
    struct lv_locked locked;
    int r = 0;

    if (__atomic_load_n(&ctx->state, __ATOMIC_RELAXED) != LV_STATE_ON)
        return;
    t->guard++;
    lv_findings_init(&c.findings);
    locked = lv_context_lock(ctx);
    if (lv_class_standing(&ctx->classes, base) == LV_CLASS_IS_CANDIDATE) {
        lv_class_set_standing(&ctx->classes, base, LV_CLASS_IS_LOCK);
        pass_by(&c, false);
        lv_record_classes_of(ctx, &c.findings.batch, base);
        r = judge(&c);
    }
    lv_context_unlock(ctx, &locked);
    if (r < 0)
        lv_context_degrade(ctx);
    lv_findings_publish(ctx, &c.findings);
    t->guard--;
}

/* It is no lock, or none any more. */
static void demote(struct lv_context *ctx, struct lv_thread *t, lv_class_id base)
{
    const struct change c = { .ctx = ctx, .t = t, .base = lv_classes_get(&ctx->classes, base) };
    struct lv_batch *batch = NULL;
    struct lv_locked locked;

    t->guard++;
    locked = lv_context_lock(ctx);
    lv_class_set_standing(&ctx->classes, base, LV_CLASS_IS_EVENT);
    pass_by(&c, true);
    lv_record_classes_of(ctx, &batch, base);
    lv_context_unlock(ctx, &locked);
    lv_batch_send(ctx, &batch);
    t->guard--;
}

/* The youngest held entry of a semaphore at @address, or null. */
static struct lv_held *held_at(const struct lv_thread *t, uintptr_t address)
{
    struct lv_held *h = t->depth != 0 ? lv_held_find(t, address) : NULL;

    return h != NULL && h->kind == LV_KIND_SEM ? h : NULL;
}

uint64_t lv_sem_find(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object)
{
    uint64_t word = lv_identity_peek_guarded(ctx, t, object);

    if (word == 0 || (lv_identity_flags(word) & LV_IDENTITY_NOTRACK) != 0)
        return 0;
    return lv_class_standing(&ctx->classes, lv_identity_class(word)) != LV_CLASS_IS_EVENT ? word : 0;
}

/* A handler of which nothing is known, since it has no trampoline, looks like the thread that it interrupted. */
bool lv_sem_is_here(const struct lv_thread *t, const struct lv_held *h)
{
    const struct lv_handler_running *running = NULL;

    if (h->level != t->level)
        return false;
    if (t->handlers != NULL)
        running = lv_handlers_current(t->handlers, (uintptr_t)__builtin_frame_address(0));
    return running == NULL || (uint32_t)(h - t->held) >= running->held;
}

/* How many semaphores of the class @base the thread has here; with @drop they are dropped. */
static unsigned kept(struct lv_thread *t, lv_class_id base, bool drop)
{
    unsigned count = 0;

    for (uint32_t i = t->depth; i-- > 0;) {
        struct lv_held *h = &t->held[i];

        if (h->base.v != base.v || h->kind != LV_KIND_SEM || !lv_sem_is_here(t, h))
            continue;
        count++;
        if (drop)
            lv_held_remove(t, h);
    }
    return count;
}

void lv_sem_acquired(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_held *h = held_at(t, a->address);

    if (h != NULL && h->uid == a->uid) {
        bool inherited = h->inherited;

        if (!lv_sem_is_here(t, h)) {
            demote(ctx, t, a->base);
            return;
        }
        lv_held_remove(t, h);
        if (!inherited) {
            demote(ctx, t, a->base);
            return;
        }
    }
    if (LV_UNLIKELY(t->depth >= LV_SEM_KEPT) && kept(t, a->base, false) >= LV_SEM_KEPT) {
        demote(ctx, t, a->base);
        (void)kept(t, a->base, true);
    }
    if (lv_class_standing(&ctx->classes, a->base) != LV_CLASS_IS_EVENT)
        lv_acquired(ctx, t, a);
}

void lv_sem_post(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, uintptr_t site)
{
    uint64_t word = lv_sem_find(ctx, t, object);
    struct lv_held *h = held_at(t, object->address);

    if (word != 0) {
        lv_class_id base = lv_identity_class(word);

        if (h == NULL || h->uid != lv_identity_uid(word) || !lv_sem_is_here(t, h))
            demote(ctx, t, base);
        else if (!h->inherited && lv_class_standing(&ctx->classes, base) == LV_CLASS_IS_CANDIDATE)
            promote(ctx, t, base, site);
    }
    if (h != NULL && lv_sem_is_here(t, h)) {
        if (LV_UNLIKELY(t->lockstat != NULL))
            lv_lockstat_released(t, h->address);
        lv_sem_outlives(t, h);
        lv_held_remove(t, h);
    }
}

void lv_sem_outlives(struct lv_thread *t, const struct lv_held *h)
{
    for (struct lv_held *kept = &t->held[t->depth - 1]; kept != h; kept--)
        if (kept->kind == LV_KIND_SEM)
            kept->inherited = true;
}

static void drop(struct lv_thread *t, uintptr_t address)
{
    for (struct lv_held *h; (h = held_at(t, address)) != NULL;)
        lv_held_remove(t, h);
}

void lv_sem_forget(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object)
{
    drop(t, object->address);
    if (lv_identity_peek_guarded(ctx, t, object) != 0)
        lv_identity_forget(ctx, t, object);
}

void lv_sem_open(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, uintptr_t site)
{
    lv_class_id class;

    t->guard++;
    class = lv_site_class(ctx, t, LV_CLASS_INIT, LV_KIND_SEM, site);
    t->guard--;
    if (class.v != 0)
        (void)lv_identity_adopt_as(ctx, t, object, &lv_classes_get(&ctx->classes, class)->key);
}

void lv_sem_init(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, bool binary,
                 uintptr_t site)
{
    if (!binary) {
        lv_sem_forget(ctx, t, object);
        return;
    }
    drop(t, object->address);
    lv_identity_init(ctx, t, object, site);
}
