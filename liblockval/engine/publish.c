/* SPDX-License-Identifier: MIT */
/*
 * Each publication is one mapping: the finding, the report, its strings, its text. It is unmapped once it was handed out. When
 * there is no memory for another, one that was kept for this is used, by one finding at a time: a thread that is about to hang
 * for want of memory in the program is told so.
 *
 * Under the lock that the finding was made under it is only copied. Names and counts take long, and other threads must not
 * wait for them: symbols are read and caches counted without the lock, which is then taken once more for the look-ups.
 */

#include "engine/publish.h"

#include <string.h>

#include "base/hash.h"
#include "engine/advise.h"
#include "engine/here.h"
#include "engine/record.h"
#include "engine/resolve.h"
#include "engine/resolve_stuck.h"
#include "engine/summary.h"
#include "engine/suppress.h"
#include "engine/symbols.h"
#include "engine/unload.h"
#include "engine/watch.h"
#include "engine/zap.h"

struct lv_publication {
    struct lv_publication *next;
    size_t size;            /* of the mapping */
    bool reserved;          /* it is the one that is kept */
    bool upgrade;           /* of a finding that was handed out before, */
    enum lv_verdict before; /* with this verdict */
    struct lv_made *made;   /* null: not resolved yet, or there was no memory for it */
    const struct lv_thread *t;
    struct lv_finding finding;
    struct lv_finding_edge edge; /* of a finding that has one: it lies on the stack of whoever made it */
    char *memory;                /* for the report, as large as that of the text */
    struct lv_report report;
    struct lv_text text;
    struct lv_batch *batch;                  /* its lines in the record */
    struct lv_record_finding *record;        /* its own line, when the text is there; null: none */
    const struct lv_suppression *suppressed; /* by this entry; null: it is shown */
};

enum {
    PUBLICATION_BASE = 256 * 1024, /* more than any header, held block and backtrace needs */
    PUBLICATION_EDGE = 64 * 1024,  /* two stacks of 256 frames at 128 bytes */
    RESERVE = 2 * (PUBLICATION_BASE + 4 * PUBLICATION_EDGE)
};

void lv_findings_reserve(struct lv_context *ctx)
{
    ctx->reserve = lv_os_map(RESERVE);
    /* No finding has this key; but the table has its first array. */
    if (lv_table_insert(&ctx->found, 2, 1) < 0)
        ctx->counters.dropped++;
}

/* Memory for a publication of @size bytes, or fewer; null: none. Context: lock held. */
static struct lv_publication *make(struct lv_context *ctx, size_t size)
{
    struct lv_publication *p = lv_os_map(size);
    bool reserved = p == NULL;

    if (reserved) {
        ctx->arena.failed = true;
        p = ctx->reserve;
        ctx->reserve = NULL;
        size = RESERVE;
    }
    if (p != NULL)
        *p = (struct lv_publication){ .size = size, .reserved = reserved };
    return p;
}

static void discard(struct lv_context *ctx, struct lv_publication *p)
{
    struct lv_locked locked;

    if (!p->reserved) {
        lv_os_unmap(p, p->size);
        return;
    }
    locked = lv_context_lock(ctx);
    ctx->reserve = p;
    lv_context_unlock(ctx, &locked);
}

static bool made_before(struct lv_context *ctx, const struct lv_finding *finding)
{
    uint64_t key = finding->identity | 1;

    if (lv_table_find(&ctx->found, key) != 0) {
        ctx->counters.suppressed_dups++;
        return true;
    }
    if (lv_table_insert(&ctx->found, key, 1) == 0)
        return false;
    /* Without memory a finding may be made over and over; only a deadlock is worth that. */
    ctx->counters.dropped++;
    return finding->verdict != LV_VERDICT_DEADLOCK;
}

/* The text that goes with a finding may lie on the stack of whoever made it. */
static void keep_detail(struct lv_publication *p)
{
    size_t size = p->finding.detail != NULL ? strlen(p->finding.detail) + 1 : 0;

    if (size == 0 || size > PUBLICATION_BASE / 2)
        return;
    memcpy(p->memory, p->finding.detail, size);
    p->finding.detail = p->memory;
    p->memory += size;
}

/* A publication of @finding, to be resolved; null without memory. Context: lock held. */
static struct lv_publication *keep(struct lv_context *ctx, const struct lv_thread *t, const struct lv_finding *finding)
{
    size_t half = PUBLICATION_BASE + (size_t)finding->edge_count * PUBLICATION_EDGE +
                  lv_resolve_stuck_size(ctx, finding->stuck, finding->stuck_count);
    struct lv_publication *p = make(ctx, 2 * half);

    if (p == NULL)
        return NULL;
    p->t = t;
    p->finding = *finding;
    if (finding->edge_count == 1) {
        p->edge = finding->edges[0];
        p->finding.edges = &p->edge;
    }
    p->memory = (char *)(p + 1);
    keep_detail(p);
    return p;
}

/* What tells findings without edges apart where they do not say so themselves. */
static uint64_t identity_of(struct lv_context *ctx, const struct lv_finding *finding, uintptr_t site)
{
    if (finding->stuck_count != 0)
        return lv_hash_mix((uint64_t)finding->kind,
                           lv_stuck_identity(finding->stuck, finding->stuck_count, finding->circle_count));
    return lv_hash_mix(lv_hash_mix((uint64_t)finding->kind + lv_module_born(ctx, site), finding->subject.class.v),
                       site);
}

static void append(struct lv_context *ctx, struct lv_findings *findings, struct lv_publication *p)
{
    __atomic_fetch_add(&ctx->unpublished, 1, __ATOMIC_RELAXED);
    if (findings->last != NULL)
        findings->last->next = p;
    else
        findings->first = p;
    findings->last = p;
}

void lv_findings_add(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t,
                     const struct lv_finding *finding)
{
    struct lv_publication *p;

    if (made_before(ctx, finding))
        return;
    p = keep(ctx, t, finding);
    if (p == NULL) {
        /* It may be made again when there is memory. */
        lv_table_remove(&ctx->found, finding->identity | 1);
        ctx->counters.dropped++;
        return;
    }
    lv_zap_keep(ctx, finding);
    append(ctx, findings, p);
}

void lv_findings_upgrade(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t,
                         struct lv_made *made, enum lv_verdict before)
{
    struct lv_publication *p = keep(ctx, t, &made->finding);

    if (p == NULL) {
        ctx->counters.dropped++;
        return;
    }
    p->upgrade = true;
    p->before = before;
    p->made = made;
    append(ctx, findings, p);
}

/* From ids to words. */
static void resolve(struct lv_context *ctx, struct lv_publication *p)
{
    size_t half = p->size / 2;
    char *text = (char *)p + half;
    struct lv_counted counted;
    struct lv_locked locked;

    lv_resolve_prepare(ctx, p->t, &p->finding);
    counted = lv_advise_collect(ctx, &p->finding);
    for (uint32_t i = 0; counted.edges != NULL && i < p->finding.edge_count; i++)
        lv_symbols_prepare_stack(ctx, counted.edges[i].stack);
    locked = lv_context_lock(ctx);
    lv_resolve(ctx, p->t, &p->finding, &counted, p->memory, (size_t)(text - p->memory), &p->report);
    if (!p->upgrade) {
        p->suppressed = lv_suppress_find(ctx, &p->finding, &p->report);
        p->made = lv_made_add(ctx, &p->finding, &p->report);
        if (p->made != NULL) {
            p->made->suppressed = p->suppressed;
            lv_watch_begin(ctx, p->made);
        }
    } else if (p->made != NULL) {
        p->suppressed = p->made->suppressed;
    }
    p->record = lv_record_finding_of(ctx, &p->batch, p->t, &p->finding, &p->report, p->upgrade ? &p->before : NULL);
    if (p->record != NULL && p->suppressed != NULL) {
        p->record->suppressed_by = p->suppressed->text;
        p->record->suppressed_from = p->suppressed->from;
        p->record->suppressed_line = p->suppressed->line;
        p->record->suppressed_reason = p->suppressed->reason;
    }
    lv_context_unlock(ctx, &locked);
    lv_advise_release(&counted);
    lv_text_init(&p->text, text, half);
    if (p->upgrade)
        lv_report_upgrade(&p->report, p->before, &p->text);
    else
        lv_report_text(&p->report, &p->text);
}

static bool counts(const struct lv_context *ctx, const struct lv_report *report)
{
    return ctx->options.fail_on != LV_VERDICT_NEVER && report->verdict >= ctx->options.fail_on;
}

static void call_back(struct lv_context *ctx, const struct lv_publication *p)
{
    void *arg = __atomic_load_n(&ctx->callback_arg, __ATOMIC_ACQUIRE);

    if (arg != NULL)
        ctx->callback(&p->report, p->text.buf, arg);
}

/* The finding was counted for the exit status when it had a lower verdict. */
static bool is_counted_already(const struct lv_publication *p)
{
    return p->made != NULL && __atomic_exchange_n(&p->made->counted, true, __ATOMIC_RELAXED);
}

/* How to read on. Not in the record's text: who prints that knows better what can be typed. */
static void put_hint(const struct lv_context *ctx, struct lv_publication *p)
{
    bool on = __atomic_load_n(&ctx->recorder.on, __ATOMIC_RELAXED) && ctx->recorder.path != NULL;

    lv_text_printf(&p->text, "\nin plain words: lockval explain %s\n",
                   on ? ctx->recorder.path : lv_finding_kind_name(p->report.kind));
}

static void show(struct lv_context *ctx, struct lv_publication *p)
{
    if (p->suppressed != NULL)
        return;
    if (p->upgrade) {
        ctx->upgraded(ctx, &p->report, p->text.buf, p->text.len);
        return;
    }
    put_hint(ctx, p);
    ctx->sink(ctx, &p->report, p->text.buf, p->text.len);
    call_back(ctx, p);
}

void lv_findings_publish(struct lv_context *ctx, struct lv_findings *findings)
{
    lv_batch_send(ctx, &findings->batch);
    for (struct lv_publication *p = findings->first, *next; p != NULL; p = next) {
        bool counted;

        resolve(ctx, p);
        counted = p->suppressed == NULL && counts(ctx, &p->report);
        lv_record_finding(ctx, p->batch, p->record, counted, p->text.buf);
        lv_batch_send(ctx, &p->batch);
        next = p->next;
        if (!p->upgrade)
            __atomic_fetch_add(&ctx->findings, 1, __ATOMIC_RELAXED);
        if (!p->upgrade && p->suppressed != NULL)
            __atomic_fetch_add(&ctx->suppressed, 1, __ATOMIC_RELAXED);
        if (counted && !is_counted_already(p))
            __atomic_fetch_add(&ctx->counted, 1, __ATOMIC_RELAXED);
        show(ctx, p);
        discard(ctx, p);
        __atomic_fetch_sub(&ctx->unpublished, 1, __ATOMIC_RELEASE);
        if (counted && ctx->options.halt_on_error) {
            lv_summary_say(ctx, true);
            lv_recorder_end(ctx, lv_exit_status(ctx, ctx->options.exitcode));
            lv_os_exit(lv_exit_status(ctx, ctx->options.exitcode));
        }
    }
    lv_findings_init(findings);
}

void lv_finding_publish(struct lv_context *ctx, struct lv_thread *t, struct lv_finding *finding, uintptr_t site)
{
    struct lv_findings findings;
    struct lv_locked locked;

    t->guard++;
    lv_findings_init(&findings);
    if (finding->identity == 0)
        finding->identity = identity_of(ctx, finding, site);
    locked = lv_context_lock(ctx);
    finding->at = lv_stack_here(ctx, site);
    lv_findings_add(ctx, &findings, t, finding);
    lv_context_unlock(ctx, &locked);
    lv_findings_publish(ctx, &findings);
    t->guard--;
}

void lv_finding_about_held(struct lv_context *ctx, struct lv_thread *t, enum lv_finding_kind kind,
                           const struct lv_held_record *subject, const struct lv_holder *holder, uintptr_t site,
                           const char *detail)
{
    struct lv_finding finding = {
        .kind = kind,
        .verdict = LV_VERDICT_MISUSE,
        .subject = *subject,
        .detail = detail,
        .holder = holder->record,
        .holder_thread = holder->thread,
    };

    lv_finding_add_reason(&finding, (struct lv_reason){ LV_REASON_MISUSE, 0, 0 });
    lv_finding_publish(ctx, t, &finding, site);
}

void lv_finding_about(struct lv_context *ctx, struct lv_thread *t, enum lv_finding_kind kind,
                      const struct lv_held_record *subject, uintptr_t site, const char *detail)
{
    lv_finding_about_held(ctx, t, kind, subject, &(struct lv_holder){ .thread = { 0 } }, site, detail);
}

int lv_exit_status(const struct lv_context *ctx, int status)
{
    bool failed = __atomic_load_n(&ctx->counted, __ATOMIC_RELAXED) != 0;

    return failed && ctx->options.exitcode != 0 ? ctx->options.exitcode : status;
}
