/* SPDX-License-Identifier: MIT */
/* Findings without threads that are stuck; those have a file of their own, resolve_stuck.c. */

#include "engine/resolve.h"

#include "base/hash.h"
#include "check/expect.h"
#include "engine/acquire.h"
#include "engine/advise.h"
#include "engine/pool.h"
#include "engine/resolve_stuck.h"
#include "engine/unload.h"

static void resolve_holder(struct lv_pool *p, const struct lv_finding *finding, struct lv_report *ret)
{
    if (finding->holder.class.v == 0)
        return;
    lv_pool_lock(p, &finding->holder, &ret->holder);
    ret->holder_thread = lv_pool_thread(p, finding->holder_thread);
    ret->holder_waits = finding->holder_waits;
}

static const char *state_name(struct lv_pool *p, unsigned state)
{
    struct lv_text text;

    if (!lv_state_is_signal(state))
        return p->ctx->context_name[state - LV_SIGNALS];
    text = lv_pool_text(p);
    lv_signal_name((int)state + 1, &text);
    return lv_pool_end_text(p, &text);
}

/* Kind and the stable keys of the cycle's classes, begun at the rotation whose first hash is the smallest; of a
 * finding about a context, its name and both ends. */
static const char *fingerprint(struct lv_pool *p, const struct lv_finding *finding)
{
    uint64_t *hashes = finding->edge_count != 0 ? lv_pool_take(p, finding->edge_count * sizeof(*hashes)) : NULL;
    uint64_t h = lv_hash_text(0, lv_finding_kind_name(finding->kind));
    struct lv_text text;
    uint32_t first = 0;

    if (finding->kind == LV_FINDING_SIGNAL) {
        h = lv_hash_text(h, state_name(p, finding->state));
        h = lv_hash_mix(h, lv_pool_stable_hash(p, finding->inside.record.class));
        h = lv_hash_mix(h, lv_pool_stable_hash(p, finding->open.record.class));
    } else if (finding->kind == LV_FINDING_DEADLOCK && finding->stuck_count != 0) {
        h = lv_hash_mix(h, lv_resolve_stuck_hash(p, finding));
    } else if (finding->kind == LV_FINDING_ORDER && finding->edge_count != 0) {
        h = lv_expect_fingerprint(lv_pool_stable_hash(p, finding->edges[0].held.class),
                                  lv_pool_stable_hash(p, finding->edges[0].wanted.class));
    } else if (hashes == NULL) {
        if (finding->subject.class.v != 0)
            h = lv_hash_mix(h, lv_pool_stable_hash(p, finding->subject.class));
        else if (finding->subject.address == 0 && finding->detail != NULL)
            h = lv_hash_text(h, finding->detail);
        if (finding->limit.v != 0)
            h = lv_hash_mix(h, lv_pool_stable_hash(p, finding->limit));
    } else {
        for (uint32_t i = 0; i < finding->edge_count; i++) {
            hashes[i] = lv_pool_stable_hash(p, finding->edges[i].wanted.class);
            if (hashes[i] < hashes[first])
                first = i;
        }
        for (uint32_t i = 0; i < finding->edge_count; i++)
            h = lv_hash_mix(h, hashes[(first + i) % finding->edge_count]);
    }
    text = lv_pool_text(p);
    lv_text_printf(&text, "%016llx", (unsigned long long)h);
    return lv_pool_end_text(p, &text);
}

/* A rule knows of events only; that one is the end of a thread is in its class. */
enum lv_report_edge_kind lv_resolve_edge_kind(const struct lv_context *ctx, const struct lv_finding_edge *edge)
{
    if (edge->kind == LV_REPORT_EDGE_COMPLETE &&
        lv_classes_get(&ctx->classes, edge->held.class)->key.origin == LV_CLASS_JOIN)
        return LV_REPORT_EDGE_END;
    return edge->kind;
}

static void resolve_edges(struct lv_pool *p, const struct lv_finding *finding, struct lv_report *ret)
{
    struct lv_report_edge *edges = lv_pool_take(p, finding->edge_count * sizeof(*edges));

    if (edges == NULL)
        return;
    for (uint32_t i = 0; i < finding->edge_count; i++) {
        edges[i].kind = lv_resolve_edge_kind(p->ctx, &finding->edges[i]);
        edges[i].thread = lv_pool_thread(p, finding->edges[i].thread);
        lv_pool_lock(p, &finding->edges[i].held, &edges[i].held);
        lv_pool_lock(p, &finding->edges[i].wanted, &edges[i].wanted);
    }
    edges[0].held.note = finding->note_held;
    edges[0].wanted.note = finding->note_wanted;
    ret->edges = edges;
    ret->edge_count = finding->edge_count;
}

/* The nest lock that is not held: a variable of the program, if it is one. */
static void resolve_nest(struct lv_pool *p, const struct lv_finding *finding, struct lv_report *ret)
{
    const struct lv_module *module = finding->nest != 0 ? lv_module_of(p->ctx, finding->nest) : NULL;
    struct lv_symbol symbol;
    struct lv_text text;

    ret->nest = finding->nest;
    if (module == NULL)
        return;
    lv_modules_name_in(module, finding->nest, &symbol);
    if (symbol.symbol == NULL)
        return;
    text = lv_pool_text(p);
    lv_text_puts(&text, symbol.symbol);
    if (symbol.offset != 0)
        lv_text_printf(&text, "+0x%lx", (unsigned long)symbol.offset);
    ret->nest_name = lv_pool_end_text(p, &text);
}

static void resolve_held(struct lv_pool *p, const struct lv_thread *t, struct lv_report *ret)
{
    struct lv_report_lock *held = lv_pool_take(p, t->depth * sizeof(*held));

    if (held == NULL)
        return;
    for (uint32_t i = 0; i < t->depth; i++) {
        const struct lv_held_record record = lv_held_record_of(&t->held[i]);

        lv_pool_lock(p, &record, &held[i]);
    }
    ret->held = held;
    ret->held_count = t->depth;
}

static const char *thread_word(struct lv_pool *p, uint32_t id)
{
    struct lv_report_thread thread = lv_pool_thread(p, (lv_thread_id){ id });
    struct lv_text text = lv_pool_text(p);

    lv_text_printf(&text, "%s/%d", thread.name, thread.tid);
    return lv_pool_end_text(p, &text);
}

static const char *class_word(struct lv_pool *p, uint32_t id)
{
    struct lv_text text = lv_pool_text(p);

    lv_class_name(lv_classes_get(&p->ctx->classes, (lv_class_id){ id }), &text);
    return lv_pool_end_text(p, &text);
}

/* Does the cycle pass through joins, and no other waits for events? */
static bool is_about_joins(const struct lv_pool *p, const struct lv_finding *finding)
{
    bool joins = false;

    for (uint32_t i = 0; i < finding->edge_count; i++) {
        enum lv_report_edge_kind kind = lv_resolve_edge_kind(p->ctx, &finding->edges[i]);

        if (kind == LV_REPORT_EDGE_COMPLETE)
            return false;
        joins |= kind == LV_REPORT_EDGE_END;
    }
    return joins;
}

static void resolve_reasons(struct lv_pool *p, const struct lv_finding *finding, struct lv_report *ret)
{
    const char **reasons = lv_pool_take(p, finding->reason_count * sizeof(*reasons));

    if (reasons == NULL)
        return;
    for (uint32_t i = 0; i < finding->reason_count; i++) {
        static const struct lv_reason join = { .what = LV_REASON_JOIN };
        const struct lv_reason *reason =
            finding->reasons[i].what == LV_REASON_EVENT && is_about_joins(p, finding) ? &join : &finding->reasons[i];
        enum lv_reason_names names = lv_reason_names(reason);
        const char *a = names == LV_REASON_NAMES_CLASS     ? class_word(p, reason->a)
                        : names == LV_REASON_NAMES_THREADS ? thread_word(p, reason->a)
                                                           : NULL;
        const char *b = names == LV_REASON_NAMES_THREADS ? thread_word(p, reason->b) : NULL;
        struct lv_text text = lv_pool_text(p);

        lv_reason_text(reason, a, b, &text);
        reasons[i] = lv_pool_end_text(p, &text);
    }
    ret->reasons = reasons;
    ret->reason_count = finding->reason_count;
}

void lv_resolve_held(struct lv_context *ctx, lv_thread_id thread, const struct lv_held_record *records, uint32_t count,
                     void *memory, size_t size, struct lv_report *ret)
{
    struct lv_pool p = { .ctx = ctx, .at = memory, .end = (char *)memory + size };
    struct lv_report_lock *held;

    *ret = (struct lv_report){ .thread = lv_pool_thread(&p, thread) };
    lv_pool_room_for_classes(&p, count);
    held = lv_pool_take(&p, count * sizeof(*held));
    if (held == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        lv_pool_lock(&p, &records[i], &held[i]);
    ret->held = held;
    ret->held_count = count;
}

static void resolve_advice(struct lv_pool *p, const struct lv_finding *finding, const struct lv_counted *counted,
                           struct lv_report *ret)
{
    struct lv_advice *advice = lv_pool_take(p, sizeof(*advice));
    const char **lines = lv_pool_take(p, LV_ADVICE_LINES * sizeof(*lines));

    if (advice == NULL || lines == NULL)
        return;
    lv_advise(p->ctx, finding, counted, advice);
    for (uint32_t i = 0; i < advice->count; i++)
        lines[i] = advice->line[i];
    ret->advice = lines;
    ret->advice_count = advice->count;
}

/* A call, by its return address. */
static const char *place_name(struct lv_pool *p, uintptr_t site)
{
    const struct lv_module *module = lv_module_of(p->ctx, site);
    struct lv_text text = lv_pool_text(p);

    lv_frame_name(p->ctx, site, module != NULL ? module->born : LV_BORN_NONE, &text);
    return lv_pool_end_text(p, &text);
}

static void resolve_use(struct lv_pool *p, const struct lv_use *use, uintptr_t site, struct lv_report_use *ret)
{
    ret->thread = lv_pool_thread(p, use->thread);
    lv_pool_lock(p, &use->record, &ret->lock);
    lv_pool_stack(p, use->at, &ret->at);
    ret->site = site != 0 ? place_name(p, site) : NULL;
}

static void resolve_usage(struct lv_pool *p, const struct lv_finding *finding, struct lv_report *ret)
{
    bool is_signal = lv_state_is_signal(finding->state);
    uintptr_t site = is_signal ? __atomic_load_n(&p->ctx->handler_site[finding->state], __ATOMIC_RELAXED) : 0;

    ret->usage.state = state_name(p, finding->state);
    ret->usage.is_signal = is_signal;
    ret->usage.news = finding->news;
    ret->usage.new_edge = finding->new_edge;
    resolve_use(p, &finding->inside, finding->inside.site, &ret->usage.inside);
    resolve_use(p, &finding->open, site, &ret->usage.open);
    lv_pool_lock(p, &finding->subject, &ret->subject);
    lv_pool_stack(p, finding->at, &ret->backtrace);
}

/* The handler that the calling thread runs, if any. */
static struct lv_report_handler resolve_handler(struct lv_pool *p, const struct lv_thread *t)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    const struct lv_handler_running *running = t->handlers != NULL ? lv_handlers_current(t->handlers, here) : NULL;
    struct lv_report_handler ret = { 0, NULL, NULL };
    struct lv_text text;

    if (running == NULL)
        return ret;
    ret.signal = running->signal;
    text = lv_pool_text(p);
    lv_signal_name(running->signal, &text);
    ret.name = lv_pool_end_text(p, &text);
    ret.site = place_name(p, running->site);
    return ret;
}

void lv_resolve(struct lv_context *ctx, const struct lv_thread *t, const struct lv_finding *finding,
                const struct lv_counted *counted, void *memory, size_t size, struct lv_report *ret)
{
    struct lv_pool p = { .ctx = ctx, .at = memory, .end = (char *)memory + size };
    uint32_t cycle_classes;

    *ret = (struct lv_report){
        .kind = finding->kind,
        .verdict = finding->verdict,
        .version = ctx->version,
        .program = ctx->program,
        .pid = lv_os_pid(),
        .thread = lv_pool_thread(&p, t->info),
        .detail = finding->detail,
        .late = finding->late,
        .compared = finding->compared,
        .comparison = finding->comparison,
        .wait_context = finding->wait_context,
    };
    ret->handler = resolve_handler(&p, t);
    lv_pool_room_for_classes(&p, 2 * finding->edge_count + t->depth + 2 + lv_resolve_stuck_classes(finding));
    resolve_reasons(&p, finding, ret);
    ret->fingerprint = fingerprint(&p, finding);
    resolve_edges(&p, finding, ret);
    if (finding->kind != LV_FINDING_SIGNAL)
        resolve_advice(&p, finding, counted, ret);
    if (finding->kind == LV_FINDING_SIGNAL) {
        resolve_usage(&p, finding, ret);
    } else if (finding->edge_count == 0) {
        lv_pool_lock(&p, &finding->subject, &ret->subject);
        resolve_holder(&p, finding, ret);
        resolve_nest(&p, finding, ret);
        lv_pool_stack(&p, finding->at, &ret->backtrace);
    }
    lv_resolve_stuck(&p, finding, ret, &cycle_classes);
    resolve_held(&p, t, ret);
    ret->classes = p.classes;
    ret->class_count = cycle_classes;
    if (finding->late || (finding->kind == LV_FINDING_ORDER && finding->at.v != 0))
        lv_pool_stack(&p, finding->at, &ret->backtrace);
    else if (ret->edge_count != 0 && finding->kind != LV_FINDING_SIGNAL)
        ret->backtrace =
            finding->edges[0].kind == LV_REPORT_EDGE_COMPLETE ? ret->edges[0].held.stack : ret->edges[0].wanted.stack;
}
