/* SPDX-License-Identifier: MIT */
#include "core/watch.h"

#include <string.h>

#include "base/text.h"
#include "core/waits.h"
#include "engine/event.h"
#include "engine/lifetime.h"
#include "engine/order.h"
#include "engine/publish.h"
#include "engine/usage.h"
#include "port/port.h"

/* The lab watches one program at a time. */
static struct lab_watch watch;
static struct {
    struct lv_acquisition pending[LAB_THREADS]; /* that wait */
    struct lv_object objects[LAB_LOCKS];
    uint64_t words[LAB_LOCKS][2];
    lv_event_state events[LAB_LOCKS];
    int contexts[LAB_CONTEXTS];
    struct lv_join joins[LAB_THREADS]; /* that are under way */
    struct lab_cond_wait on[LAB_THREADS];
    char texts[LAB_TEXTS];
    size_t text_used;
} own;

const struct lab_watch *lab_watch_now(void)
{
    return &watch;
}

/* ---- findings ------------------------------------------------------------------------------------------------------ */

static const char *keep(const char *text, size_t len)
{
    char *copy = own.texts + own.text_used;

    if (len >= LAB_TEXTS - own.text_used)
        return "";
    memcpy(copy, text, len);
    copy[len] = '\0';
    own.text_used += len + 1;
    return copy;
}

static const char *keep_reasons(const struct lv_report *report)
{
    struct lv_text text;
    char buf[1024];

    lv_text_init(&text, buf, sizeof(buf));
    for (uint32_t i = 0; i < report->reason_count; i++)
        lv_text_printf(&text, "%s%s", i != 0 ? "\n" : "", report->reasons[i]);
    return keep(buf, text.len);
}

static const char *keep_cycle(const struct lv_report *report)
{
    struct lv_text text;
    char buf[1024];

    lv_text_init(&text, buf, sizeof(buf));
    for (uint32_t i = 0; i < report->edge_count; i++)
        lv_text_printf(&text, "%s -> ", report->edges[i].held.class->name);
    if (report->edge_count != 0)
        lv_text_puts(&text, report->edges[0].held.class->name);
    return keep(buf, text.len);
}

static void collect(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len)
{
    struct lab_finding *finding = &watch.findings[watch.finding_count];

    (void)ctx;
    if (watch.finding_count == LAB_FINDINGS) {
        watch.finding_more++;
        return;
    }
    watch.finding_count++;
    *finding = (struct lab_finding){ .kind = report->kind, .verdict = report->verdict };
    strncpy(finding->fingerprint, report->fingerprint, sizeof(finding->fingerprint) - 1);
    finding->reasons = keep_reasons(report);
    finding->cycle = keep_cycle(report);
    finding->text = keep(text, len);
}

static void collect_upgrade(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len)
{
    (void)ctx;
    for (uint32_t i = 0; i < watch.finding_count; i++) {
        struct lab_finding *finding = &watch.findings[i];

        if (strcmp(finding->fingerprint, report->fingerprint) != 0)
            continue;
        finding->verdict = report->verdict;
        finding->reasons = keep_reasons(report);
        finding->upgrade = keep(text, len);
    }
}

/* ---- the beginning ------------------------------------------------------------------------------------------------- */

static enum lv_kind kind_of(const struct lab_lock *lock)
{
    switch (lock->kind) {
    case LAB_RWLOCK:
    case LAB_STRICT:
    case LAB_QUEUED:
        return LV_KIND_RWLOCK;
    case LAB_EVENT:
        return LV_KIND_EVENT;
    default:
        return LV_KIND_MUTEX;
    }
}

static unsigned first_of_class(const struct lab_program *p, unsigned lock)
{
    unsigned i = 0;

    while (strcmp(p->locks[i].class, p->locks[lock].class) != 0)
        i++;
    return i;
}

/* The class of lock @number: by its key, or by the call that makes such locks. */
static void set_class(const struct lab_program *p, unsigned number)
{
    unsigned first = first_of_class(p, number);
    const struct lv_class_key key = { .origin = p->locks[number].keyed ? LV_CLASS_NAME : LV_CLASS_INIT,
                                      .kind = own.objects[number].kind,
                                      .place = lab_address_of_init(first),
                                      .name = p->locks[first].class };

    lv_identity_set(&watch.ctx, watch.threads[0], &own.objects[number], &key, 0);
}

/* Is it the only one of its class, as a variable of the program is? Its address says its class then. */
static bool is_alone(const struct lab_program *p, unsigned number)
{
    for (unsigned i = 0; i < p->lock_count; i++)
        if (i != number && strcmp(p->locks[i].class, p->locks[number].class) == 0)
            return false;
    return true;
}

static void make_locks(const struct lab_program *p)
{
    for (unsigned i = 0; i < p->lock_count; i++) {
        own.objects[i] = (struct lv_object){ .address = lab_address_of_lock(i),
                                             .kind = kind_of(&p->locks[i]),
                                             .word = &own.words[i][0],
                                             .seal = &own.words[i][1] };
        if (p->locks[i].kind == LAB_EVENT)
            watch.ctx.events_in_use = true;
        if (p->locks[i].keyed || !is_alone(p, i))
            set_class(p, i);
    }
}

/* Does a step of the program join @thread? */
static bool is_joined(const struct lab_program *p, unsigned thread)
{
    for (unsigned i = 0; i < LAB_SEQUENCES; i++)
        for (unsigned k = 0; k < p->sequences[i].count; k++)
            if (p->sequences[i].steps[k].code == LAB_JOIN && p->sequences[i].steps[k].what == thread)
                return true;
    return false;
}

/* @thread begins to be known. */
static void new_thread(const struct lab_program *p, unsigned thread)
{
    lab_port_thread(thread, p->sequences[thread].name, 0);
    watch.threads[thread] = lv_thread_new(&watch.ctx);
    if (watch.threads[thread] == NULL)
        watch.failed = true;
    else if (is_joined(p, thread))
        lab_life_begin(&watch.ctx, watch.threads[thread], thread);
}

void lab_watch_begin(const struct lab_program *p, const char *text, const char *options)
{
    struct lv_options parsed;
    struct lv_text complaints;
    char complaint[256];

    memset(&watch, 0, sizeof(watch));
    memset(&own, 0, sizeof(own));
    lab_port_reset();
    lab_port_program(p, text);
    lab_port_thread(0, "", 0);
    lv_options_default(&parsed);
    lv_text_init(&complaints, complaint, sizeof(complaint));
    lv_options_parse(&parsed, options, &complaints);
    watch.ctx.sink = collect;
    watch.ctx.upgraded = collect_upgrade;
    watch.ctx.program = "lab";
    watch.ctx.version = LOCKVAL_VERSION_TEXT;
    watch.failed = lv_context_init(&watch.ctx, &parsed) != 0;
    for (unsigned i = 0; i < p->thread_count && !watch.failed; i++)
        if (!p->sequences[i].made || i == 0)
            new_thread(p, i);
    if (watch.failed)
        return;
    lab_port_thread(0, p->sequences[0].name, 0);
    for (unsigned i = 0; i < p->context_count; i++)
        own.contexts[i] = lv_context_declare(&watch.ctx, p->contexts[i].name, p->contexts[i].soft);
    make_locks(p);
}

/* ---- steps --------------------------------------------------------------------------------------------------------- */

static uintptr_t site_of(const struct lab_state *state, unsigned thread)
{
    const struct lab_thread_state *t = &state->threads[thread];
    const struct lab_frame *frame = &t->frames[t->depth - 1];

    return lab_address_of_step(frame->sequence, frame->next);
}

/* Fill in the acquisition of @step. */
static bool prepare(const struct lab_program *p, const struct lab_state *state, unsigned thread,
                    const struct lab_step *step, struct lv_acquisition *a)
{
    const struct lv_object *object = &own.objects[step->what];
    struct lv_thread *t = watch.threads[thread];
    uintptr_t site = site_of(state, thread);
    enum lv_mode mode = !step->read                                           ? LV_WRITE
                        : lab_reads_recursively(p, state, thread, step->what) ? LV_READ_RECURSIVE
                                                                              : LV_READ;
    unsigned flags = (step->try || step->spin ? LV_TRY : 0u) | (step->timed ? LV_TIMED : 0u);

    memset(a, 0, sizeof(*a));
    if (step->code == LAB_TAKE && (step->subclass != 0 || step->nest != LAB_NONE))
        lv_acquire_next(t, object->address, step->subclass,
                        step->nest != LAB_NONE ? own.objects[step->nest].address : 0);
    if (!lv_acquisition_set(a, object, lv_identity_find(&watch.ctx, t, object, site), mode, flags, site))
        return false;
    a->reentrant = p->locks[step->what].kind == LAB_RECURSIVE && state->locks[step->what].writer == thread + 1;
    return true;
}

/* The thread walks the chain of what it holds in this context, and @a. */
static void note_chain(const struct lv_thread *t, const struct lv_acquisition *a, bool known)
{
    struct lab_chain chain = { 0 };

    for (uint32_t i = 0; i < t->depth && chain.count < LAB_CHAIN_DEPTH - 1; i++)
        if (t->held[i].level == t->level)
            chain.classes[chain.count++] = (uint8_t)t->held[i].class.v;
    chain.classes[chain.count++] = (uint8_t)a->class.v;
    watch.last_was_known = known;
    for (uint32_t i = 0; i < watch.chain_count; i++) {
        struct lab_chain *other = &watch.chains[i];

        if (other->count == chain.count && memcmp(other->classes, chain.classes, chain.count) == 0) {
            other->walks++;
            watch.last_chain = i + 1;
            return;
        }
    }
    if (watch.chain_count == LAB_CHAINS)
        return;
    chain.walks = 1;
    watch.chains[watch.chain_count++] = chain;
    watch.last_chain = watch.chain_count;
}

/* Tell of @a, and note its chain. */
static void acquire(struct lv_thread *t, struct lv_acquisition *a)
{
    uint64_t slow = watch.ctx.counters.slow_walks;

    lv_acquire(&watch.ctx, t, a);
    note_chain(t, a, watch.ctx.counters.slow_walks == slow);
}

/* Make @a what is waited for; null: it is not watched. */
static void begin(const struct lab_program *p, const struct lab_state *state, unsigned thread,
                  const struct lab_step *step)
{
    struct lv_acquisition *a = &own.pending[thread];

    if (!prepare(p, state, thread, step, a))
        a->address = 0;
    else if (step->code == LAB_WAIT)
        lv_event_begin_wait(&watch.ctx, watch.threads[thread], a, &own.events[step->what]);
    else
        acquire(watch.threads[thread], a);
}

static void release(const struct lab_state *state, unsigned thread, const struct lab_step *step)
{
    const struct lv_object *object = &own.objects[step->what];
    struct lv_thread *t = watch.threads[thread];
    struct lv_acquisition what = { .address = object->address,
                                   .kind = (uint8_t)object->kind,
                                   .site = site_of(state, thread) };

    if (t->depth != 0 && t->held[t->depth - 1].address == object->address) {
        lv_release(&watch.ctx, t, object->address, object->kind, what.site);
        return;
    }
    what.class = lv_identity_class(lv_identity_peek(&watch.ctx, object));
    lv_release_slow(&watch.ctx, t, &what);
}

static void complete(const struct lab_program *p, const struct lab_state *state, unsigned thread,
                     const struct lab_step *step)
{
    struct lv_acquisition a;

    if (prepare(p, state, thread, step, &a))
        lv_event_complete(&watch.ctx, watch.threads[thread], &a, &own.events[step->what]);
}

static void make_thread(const struct lab_program *p, unsigned parent, unsigned child, uintptr_t site)
{
    struct lv_segment first;

    if (watch.threads[child] != NULL && child != 0)
        return;
    first = lv_order_make_thread(watch.threads[parent]);
    if (watch.threads[child] == NULL)
        new_thread(p, child);
    if (watch.threads[child] != NULL)
        watch.threads[child]->segment = first;
    lab_port_thread(parent, p->sequences[parent].name, site);
}

/* Does it wait at all? Who finds a signal does not call the function that waits. */
static void wait_on_cond(const struct lab_state *state, unsigned thread, const struct lab_step *step)
{
    if (state->locks[step->what].completed == 0)
        lab_cond_begin(&watch.ctx, watch.threads[thread], own.objects[step->what].address,
                       own.objects[step->nest].address, site_of(state, thread), &own.on[thread]);
}

static void init(const struct lab_program *p, const struct lab_state *state, unsigned thread,
                 const struct lab_step *step)
{
    struct lv_object *object = &own.objects[step->what];

    lv_lifetime_init(&watch.ctx, watch.threads[thread], object->address, object->kind, site_of(state, thread));
    set_class(p, step->what);
}

void lab_watch_before(const struct lab_program *p, const struct lab_state *state, struct lab_choice choice)
{
    const struct lab_step *step = lab_next_step(p, state, choice.thread);
    struct lv_thread *t = watch.threads[choice.thread];

    watch.last_chain = 0;
    if (watch.failed)
        return;
    lab_port_thread(choice.thread, p->sequences[choice.thread].name, site_of(state, choice.thread));
    if (choice.what >= LAB_INTERRUPT) {
        lv_context_enter(&watch.ctx, t, own.contexts[choice.what - LAB_INTERRUPT]);
        return;
    }
    if (choice.what == LAB_TIME_OUT || state->threads[choice.thread].waits)
        return;
    switch ((enum lab_code)step->code) {
    case LAB_TAKE: /* a try is told of when it has the lock */
        if (!step->try && !step->spin)
            begin(p, state, choice.thread, step);
        break;
    case LAB_WAIT:
        begin(p, state, choice.thread, step);
        break;
    case LAB_RELEASE:
        if ((state->threads[choice.thread].missed & UINT32_C(1) << step->what) == 0)
            release(state, choice.thread, step);
        break;
    case LAB_COMPLETE:
        complete(p, state, choice.thread, step);
        break;
    case LAB_MASK:
        lv_context_disable(&watch.ctx, t, own.contexts[step->what]);
        break;
    case LAB_UNMASK:
        lv_context_enable(&watch.ctx, t, own.contexts[step->what]);
        break;
    case LAB_ENTER:
        lv_context_enter(&watch.ctx, t, own.contexts[step->what]);
        break;
    case LAB_LEAVE:
        lv_context_exit(&watch.ctx, t, own.contexts[step->what]);
        break;
    case LAB_CREATE:
        make_thread(p, choice.thread, step->what, site_of(state, choice.thread));
        break;
    case LAB_INIT:
        init(p, state, choice.thread, step);
        break;
    case LAB_JOIN:
        lab_join_begin(&watch.ctx, t, step->what, site_of(state, choice.thread), &own.joins[choice.thread]);
        break;
    case LAB_COND_WAIT:
        wait_on_cond(state, choice.thread, step);
        break;
    case LAB_SIGNAL:
    case LAB_BROADCAST:
        lab_cond_wake(&watch.ctx, t, own.objects[step->what].address);
        break;
    case LAB_SET:
    case LAB_AWAIT:
        break;
    }
}

/* @step has what it wanted. */
static void got(const struct lab_program *p, const struct lab_state *before, unsigned thread,
                const struct lab_step *step)
{
    struct lv_acquisition *a = &own.pending[thread];

    if (step->code == LAB_WAIT) {
        lv_event_end_wait(&own.events[step->what]);
    } else if (step->code == LAB_JOIN) {
        lab_join_end(&own.joins[thread]);
    } else if (step->code == LAB_COND_WAIT) {
        lab_cond_end(&watch.ctx, watch.threads[thread], &own.on[thread]);
    } else if (step->code == LAB_TAKE) {
        if (step->try || step->spin)
            begin(p, before, thread, step);
        if (a->address != 0)
            lv_acquired(&watch.ctx, watch.threads[thread], a);
    }
}

void lab_watch_after(const struct lab_program *p, const struct lab_state *before, struct lab_choice choice,
                     const struct lab_did *did)
{
    if (watch.failed || did->step == NULL)
        return;
    if (did->done == LAB_DONE_STEP || did->done == LAB_DONE_GOT || did->done == LAB_DONE_AGAIN)
        got(p, before, choice.thread, did->step);
    for (uint8_t i = 0; i < did->ended_count; i++)
        lv_context_exit(&watch.ctx, watch.threads[choice.thread], own.contexts[did->ended[i]]);
    if (did->over)
        lab_life_end(&watch.ctx, watch.threads[choice.thread]);
}
