/* SPDX-License-Identifier: MIT */
/* A pool of memory is cut from the front; strings, stacks and classes of the report live in it. When it is full, what
 * would not fit is left out: a report with holes is better than none. */

#include "engine/resolve.h"

#include <string.h>

#include "base/hash.h"
#include "check/wait.h"
#include "engine/acquire.h"
#include "engine/advise.h"
#include "engine/unload.h"
#include "engine/usage.h"

struct pool {
    struct lv_context *ctx;
    char *at;
    char *end;
    const struct lv_report_class **classes; /* those made so far, */
    lv_class_id *class_ids;                 /* and their ids */
    uint32_t class_count, class_room;
};

static void *take(struct pool *p, size_t size)
{
    char *at = (char *)(((uintptr_t)p->at + 15) & ~(uintptr_t)15);

    if (at > p->end || (size_t)(p->end - at) < size)
        return NULL;
    p->at = at + size;
    return at;
}

/* A text that grows at the pool's front; end_text() gives the rest back. */
static struct lv_text begin_text(struct pool *p)
{
    struct lv_text text;

    if (p->at < p->end)
        lv_text_init(&text, p->at, (size_t)(p->end - p->at));
    else
        lv_text_init(&text, NULL, 0);
    return text;
}

static const char *end_text(struct pool *p, const struct lv_text *text)
{
    if (text->buf == NULL)
        return "?";
    p->at += text->len + 1;
    return text->buf;
}

static void resolve_stack(struct pool *p, lv_stack_id id, struct lv_report_stack *ret)
{
    const struct lv_stack *stack = lv_stacks_get(&p->ctx->stacks, id);
    const char **frames = stack != NULL ? take(p, stack->count * sizeof(*frames)) : NULL;

    *ret = (struct lv_report_stack){ 0, NULL };
    if (frames == NULL)
        return;
    for (uint32_t i = 0; i < stack->count; i++) {
        struct lv_text text = begin_text(p);

        lv_frame_name(p->ctx, stack->frames[i], lv_stack_born(stack, i), &text);
        frames[i] = end_text(p, &text);
    }
    *ret = (struct lv_report_stack){ stack->count, frames };
}

static const struct lv_report_class *resolve_class(struct pool *p, lv_class_id id, enum lv_kind kind)
{
    struct lv_report_class *ret;
    const struct lv_class *class;
    struct lv_wait wait;
    struct lv_text text;

    for (uint32_t i = 0; i < p->class_count; i++)
        if (p->class_ids[i].v == id.v)
            return p->classes[i];
    if (id.v == 0 || p->class_count == p->class_room)
        return NULL;
    ret = take(p, sizeof(*ret));
    if (ret == NULL)
        return NULL;
    class = lv_classes_get(&p->ctx->classes, id);
    text = begin_text(p);
    lv_class_name(class, &text);
    ret->name = end_text(p, &text);
    text = begin_text(p);
    lv_class_origin(p->ctx, class, &text);
    ret->origin = end_text(p, &text);
    lv_usage_chars(class->usage, ret->usage);
    ret->kind = kind;
    wait = lv_wait_of(class);
    ret->wait_outer = wait.outer;
    ret->wait_inner = wait.inner;
    p->class_ids[p->class_count] = id;
    p->classes[p->class_count++] = ret;
    return ret;
}

static void resolve_lock(struct pool *p, const struct lv_held_record *record, struct lv_report_lock *ret)
{
    ret->address = record->address;
    ret->class = resolve_class(p, record->class, (enum lv_kind)record->kind);
    ret->mode = (enum lv_mode)record->mode;
    ret->flags = record->flags;
    ret->note = NULL;
    ret->earlier = record->earlier;
    resolve_stack(p, record->stack, &ret->stack);
}

/* A thread that lives may have got its name since it last came the slow way. */
static void refresh_name(struct lv_context *ctx, lv_thread_id id, struct lv_thread_info *info)
{
    char path[64], name[32];
    struct lv_text text;
    const struct lv_thread *t = ctx->threads;
    int len;

    while (t != NULL && !(t->used && t->info.v == id.v))
        t = t->next;
    if (t == NULL)
        return;
    lv_text_init(&text, path, sizeof(path));
    lv_text_printf(&text, "/proc/self/task/%d/comm", info->tid);
    len = lv_os_read_text(path, name, sizeof(name));
    for (int i = 0; i < len && i < 15 && name[i] != '\n'; i++) {
        info->name[i] = name[i];
        info->name[i + 1] = '\0';
    }
}

/* A thread that the program gave no name has its parent's; it is called by its start function then. */
static struct lv_report_thread resolve_thread(struct pool *p, lv_thread_id id)
{
    struct lv_thread_info *info = lv_vec_at(&p->ctx->thread_infos, id.v);
    struct lv_report_thread ret = { info->name, info->tid };

    refresh_name(p->ctx, id, info);
    if (info->start != 0 && strncmp(info->name, p->ctx->program, sizeof(info->name) - 1) == 0) {
        struct lv_symbol symbol;

        lv_modules_name_in(lv_modules_at(&p->ctx->modules, info->start, info->start_born), info->start, &symbol);
        if (symbol.symbol != NULL) {
            struct lv_text text = begin_text(p); /* a copy: the names of an unloaded module move */

            lv_text_puts(&text, symbol.symbol);
            ret.name = end_text(p, &text);
        }
    }
    return ret;
}

static void resolve_holder(struct pool *p, const struct lv_finding *finding, struct lv_report *ret)
{
    if (finding->holder.class.v == 0)
        return;
    resolve_lock(p, &finding->holder, &ret->holder);
    ret->holder_thread = resolve_thread(p, finding->holder_thread);
    ret->holder_waits = finding->holder_waits;
}

static uint64_t stable_hash(struct pool *p, lv_class_id id)
{
    char buf[512];
    struct lv_text text;

    lv_text_init(&text, buf, sizeof(buf));
    lv_class_stable_key(p->ctx, lv_classes_get(&p->ctx->classes, id), &text);
    return lv_hash_text(0, buf);
}

static const char *state_name(struct pool *p, unsigned state)
{
    struct lv_text text;

    if (!lv_state_is_signal(state))
        return p->ctx->context_name[state - LV_SIGNALS];
    text = begin_text(p);
    lv_signal_name((int)state + 1, &text);
    return end_text(p, &text);
}

/* Kind and the stable keys of the cycle's classes, begun at the rotation whose first hash is the smallest; of a
 * finding about a context, its name and both ends. */
static const char *fingerprint(struct pool *p, const struct lv_finding *finding)
{
    uint64_t *hashes = finding->edge_count != 0 ? take(p, finding->edge_count * sizeof(*hashes)) : NULL;
    uint64_t h = lv_hash_text(0, lv_finding_kind_name(finding->kind));
    struct lv_text text;
    uint32_t first = 0;

    if (finding->kind == LV_FINDING_SIGNAL) {
        h = lv_hash_text(h, state_name(p, finding->state));
        h = lv_hash_mix(h, stable_hash(p, finding->inside.record.class));
        h = lv_hash_mix(h, stable_hash(p, finding->open.record.class));
    } else if (hashes == NULL) {
        if (finding->subject.class.v != 0)
            h = lv_hash_mix(h, stable_hash(p, finding->subject.class));
        else if (finding->subject.address == 0 && finding->detail != NULL)
            h = lv_hash_text(h, finding->detail);
        if (finding->limit.v != 0)
            h = lv_hash_mix(h, stable_hash(p, finding->limit));
    } else {
        for (uint32_t i = 0; i < finding->edge_count; i++) {
            hashes[i] = stable_hash(p, finding->edges[i].wanted.class);
            if (hashes[i] < hashes[first])
                first = i;
        }
        for (uint32_t i = 0; i < finding->edge_count; i++)
            h = lv_hash_mix(h, hashes[(first + i) % finding->edge_count]);
    }
    text = begin_text(p);
    lv_text_printf(&text, "%016llx", (unsigned long long)h);
    return end_text(p, &text);
}

/* A rule knows of events only; that one is the end of a thread is in its class. */
static enum lv_report_edge_kind kind_of(const struct pool *p, const struct lv_finding_edge *edge)
{
    if (edge->kind == LV_REPORT_EDGE_COMPLETE &&
        lv_classes_get(&p->ctx->classes, edge->held.class)->key.origin == LV_CLASS_JOIN)
        return LV_REPORT_EDGE_END;
    return edge->kind;
}

static void resolve_edges(struct pool *p, const struct lv_finding *finding, struct lv_report *ret)
{
    struct lv_report_edge *edges = take(p, finding->edge_count * sizeof(*edges));

    if (edges == NULL)
        return;
    for (uint32_t i = 0; i < finding->edge_count; i++) {
        edges[i].kind = kind_of(p, &finding->edges[i]);
        edges[i].thread = resolve_thread(p, finding->edges[i].thread);
        resolve_lock(p, &finding->edges[i].held, &edges[i].held);
        resolve_lock(p, &finding->edges[i].wanted, &edges[i].wanted);
    }
    edges[0].held.note = finding->note_held;
    edges[0].wanted.note = finding->note_wanted;
    ret->edges = edges;
    ret->edge_count = finding->edge_count;
}

/* The nest lock that is not held: a variable of the program, if it is one. */
static void resolve_nest(struct pool *p, const struct lv_finding *finding, struct lv_report *ret)
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
    text = begin_text(p);
    lv_text_puts(&text, symbol.symbol);
    if (symbol.offset != 0)
        lv_text_printf(&text, "+0x%lx", (unsigned long)symbol.offset);
    ret->nest_name = end_text(p, &text);
}

static void resolve_held(struct pool *p, const struct lv_thread *t, struct lv_report *ret)
{
    struct lv_report_lock *held = take(p, t->depth * sizeof(*held));

    if (held == NULL)
        return;
    for (uint32_t i = 0; i < t->depth; i++) {
        const struct lv_held_record record = lv_held_record_of(&t->held[i]);

        resolve_lock(p, &record, &held[i]);
    }
    ret->held = held;
    ret->held_count = t->depth;
}

static const char *thread_word(struct pool *p, uint32_t id)
{
    struct lv_report_thread thread = resolve_thread(p, (lv_thread_id){ id });
    struct lv_text text = begin_text(p);

    lv_text_printf(&text, "%s/%d", thread.name, thread.tid);
    return end_text(p, &text);
}

static const char *class_word(struct pool *p, uint32_t id)
{
    struct lv_text text = begin_text(p);

    lv_class_name(lv_classes_get(&p->ctx->classes, (lv_class_id){ id }), &text);
    return end_text(p, &text);
}

/* Does the cycle pass through joins, and no other waits for events? */
static bool is_about_joins(const struct pool *p, const struct lv_finding *finding)
{
    bool joins = false;

    for (uint32_t i = 0; i < finding->edge_count; i++) {
        enum lv_report_edge_kind kind = kind_of(p, &finding->edges[i]);

        if (kind == LV_REPORT_EDGE_COMPLETE)
            return false;
        joins |= kind == LV_REPORT_EDGE_END;
    }
    return joins;
}

static void resolve_reasons(struct pool *p, const struct lv_finding *finding, struct lv_report *ret)
{
    const char **reasons = take(p, finding->reason_count * sizeof(*reasons));

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
        struct lv_text text = begin_text(p);

        lv_reason_text(reason, a, b, &text);
        reasons[i] = end_text(p, &text);
    }
    ret->reasons = reasons;
    ret->reason_count = finding->reason_count;
}

static void room_for_classes(struct pool *p, uint32_t count)
{
    p->class_room = count;
    p->classes = take(p, count * sizeof(*p->classes));
    p->class_ids = take(p, count * sizeof(*p->class_ids));
    if (p->classes == NULL || p->class_ids == NULL)
        p->class_room = 0;
}

void lv_resolve_held(struct lv_context *ctx, lv_thread_id thread, const struct lv_held_record *records, uint32_t count,
                     void *memory, size_t size, struct lv_report *ret)
{
    struct pool p = { .ctx = ctx, .at = memory, .end = (char *)memory + size };
    struct lv_report_lock *held;

    *ret = (struct lv_report){ .thread = resolve_thread(&p, thread) };
    room_for_classes(&p, count);
    held = take(&p, count * sizeof(*held));
    if (held == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        resolve_lock(&p, &records[i], &held[i]);
    ret->held = held;
    ret->held_count = count;
}

static void resolve_advice(struct pool *p, const struct lv_finding *finding, const struct lv_counted *counted,
                           struct lv_report *ret)
{
    struct lv_advice *advice = take(p, sizeof(*advice));
    const char **lines = take(p, LV_ADVICE_LINES * sizeof(*lines));

    if (advice == NULL || lines == NULL)
        return;
    lv_advise(p->ctx, finding, counted, advice);
    for (uint32_t i = 0; i < advice->count; i++)
        lines[i] = advice->line[i];
    ret->advice = lines;
    ret->advice_count = advice->count;
}

/* A call, by its return address. */
static const char *place_name(struct pool *p, uintptr_t site)
{
    const struct lv_module *module = lv_module_of(p->ctx, site);
    struct lv_text text = begin_text(p);

    lv_frame_name(p->ctx, site, module != NULL ? module->born : LV_BORN_NONE, &text);
    return end_text(p, &text);
}

static void resolve_use(struct pool *p, const struct lv_use *use, uintptr_t site, struct lv_report_use *ret)
{
    ret->thread = resolve_thread(p, use->thread);
    resolve_lock(p, &use->record, &ret->lock);
    resolve_stack(p, use->at, &ret->at);
    ret->site = site != 0 ? place_name(p, site) : NULL;
}

static void resolve_usage(struct pool *p, const struct lv_finding *finding, struct lv_report *ret)
{
    bool is_signal = lv_state_is_signal(finding->state);
    uintptr_t site = is_signal ? __atomic_load_n(&p->ctx->handler_site[finding->state], __ATOMIC_RELAXED) : 0;

    ret->usage.state = state_name(p, finding->state);
    ret->usage.is_signal = is_signal;
    ret->usage.news = finding->news;
    ret->usage.new_edge = finding->new_edge;
    resolve_use(p, &finding->inside, finding->inside.site, &ret->usage.inside);
    resolve_use(p, &finding->open, site, &ret->usage.open);
    resolve_lock(p, &finding->subject, &ret->subject);
    resolve_stack(p, finding->at, &ret->backtrace);
}

/* The handler that the calling thread runs, if any. */
static struct lv_report_handler resolve_handler(struct pool *p, const struct lv_thread *t)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    const struct lv_handler_running *running = t->handlers != NULL ? lv_handlers_current(t->handlers, here) : NULL;
    struct lv_report_handler ret = { 0, NULL, NULL };
    struct lv_text text;

    if (running == NULL)
        return ret;
    ret.signal = running->signal;
    text = begin_text(p);
    lv_signal_name(running->signal, &text);
    ret.name = end_text(p, &text);
    ret.site = place_name(p, running->site);
    return ret;
}

void lv_resolve(struct lv_context *ctx, const struct lv_thread *t, const struct lv_finding *finding,
                const struct lv_counted *counted, void *memory, size_t size, struct lv_report *ret)
{
    struct pool p = { .ctx = ctx, .at = memory, .end = (char *)memory + size };
    uint32_t cycle_classes;

    *ret = (struct lv_report){
        .kind = finding->kind,
        .verdict = finding->verdict,
        .version = ctx->version,
        .program = ctx->program,
        .pid = lv_os_pid(),
        .thread = resolve_thread(&p, t->info),
        .detail = finding->detail,
        .late = finding->late,
        .compared = finding->compared,
        .comparison = finding->comparison,
        .wait_context = finding->wait_context,
    };
    ret->handler = resolve_handler(&p, t);
    room_for_classes(&p, 2 * finding->edge_count + t->depth + 2);
    resolve_reasons(&p, finding, ret);
    ret->fingerprint = fingerprint(&p, finding);
    resolve_edges(&p, finding, ret);
    if (finding->kind != LV_FINDING_SIGNAL)
        resolve_advice(&p, finding, counted, ret);
    if (finding->kind == LV_FINDING_SIGNAL) {
        resolve_usage(&p, finding, ret);
    } else if (finding->edge_count == 0) {
        resolve_lock(&p, &finding->subject, &ret->subject);
        resolve_holder(&p, finding, ret);
        resolve_nest(&p, finding, ret);
        resolve_stack(&p, finding->at, &ret->backtrace);
    }
    cycle_classes = p.class_count;
    resolve_held(&p, t, ret);
    ret->classes = p.classes;
    ret->class_count = cycle_classes;
    if (finding->late)
        resolve_stack(&p, finding->at, &ret->backtrace);
    else if (ret->edge_count != 0 && finding->kind != LV_FINDING_SIGNAL)
        ret->backtrace =
            finding->edges[0].kind == LV_REPORT_EDGE_COMPLETE ? ret->edges[0].held.stack : ret->edges[0].wanted.stack;
}
