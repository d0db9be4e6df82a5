/* SPDX-License-Identifier: MIT */
/*
 * What a finding's line is made of stays in the batch until the report's text is there. Where memory runs out, what it is
 * missing for is left out.
 */

#include "engine/recorder.h"

#include "engine/pool.h"
#include "engine/record.h"
#include "engine/resolve.h"

enum {
    THREAD_NAME = 512, /* the name of a function; a longer one is cut */
    HELD_MOST = 64
};

/* A thread as reports name it. */
static struct lv_record_thread thread_of(struct lv_context *ctx, struct lv_batch *batch, lv_thread_id id)
{
    const struct lv_thread_info *info = lv_vec_at(&ctx->thread_infos, id.v);
    struct lv_record_thread ret = { .id = lv_record_thread(ctx, &batch, id), .tid = info->tid };
    char *memory = lv_batch_alloc(batch, THREAD_NAME);
    struct lv_pool pool = { .ctx = ctx, .at = memory, .end = memory != NULL ? memory + THREAD_NAME : NULL };

    ret.name = lv_pool_thread(&pool, id).name;
    ret.start = lv_record_start(ctx, batch, info);
    return ret;
}

static struct lv_record_lock lock_of(struct lv_context *ctx, struct lv_batch *batch,
                                     const struct lv_held_record *record)
{
    return lv_record_lock_of(ctx, batch, record, true);
}

static struct lv_record_lock *keep_lock(struct lv_context *ctx, struct lv_batch *batch,
                                        const struct lv_held_record *record)
{
    struct lv_record_lock *ret = lv_batch_alloc(batch, sizeof(*ret));

    if (ret != NULL)
        *ret = lock_of(ctx, batch, record);
    return ret;
}

static const struct lv_record_step *steps_of(struct lv_context *ctx, struct lv_batch *batch,
                                             const struct lv_finding_edge *edges, uint32_t count, uint32_t *ret_count)
{
    struct lv_record_step *steps = count != 0 ? lv_batch_alloc(batch, count * sizeof(*steps)) : NULL;

    *ret_count = steps != NULL ? count : 0;
    for (uint32_t i = 0; i < *ret_count; i++) {
        steps[i].kind = lv_resolve_edge_kind(ctx, &edges[i]);
        steps[i].thread = thread_of(ctx, batch, edges[i].thread);
        steps[i].held = lock_of(ctx, batch, &edges[i].held);
        steps[i].wanted = lock_of(ctx, batch, &edges[i].wanted);
    }
    return steps;
}

static const char *wait_word(enum lv_wait_kind kind)
{
    switch (kind) {
    case LV_WAITS_LOCK:
        return "lock";
    case LV_WAITS_JOIN:
        return "join";
    case LV_WAITS_COND:
        return "cond";
    case LV_WAITS_SEM:
        return "sem";
    case LV_WAITS_BARRIER:
        return "barrier";
    case LV_WAITS_EVENT:
        return "event";
    case LV_WAITS_NOT:
        break;
    }
    return "none";
}

static void fill_stuck(struct lv_context *ctx, struct lv_batch *batch, const struct lv_stuck *stuck,
                       struct lv_record_stuck *ret)
{
    struct lv_record_lock *held = lv_batch_alloc(batch, LV_STUCK_HELD * sizeof(*held));

    ret->thread = thread_of(ctx, batch, stuck->thread);
    ret->waits = wait_word(stuck->wait);
    ret->timed = stuck->timed;
    ret->last = stuck->last;
    ret->waited_ms = stuck->waited_ms;
    ret->wanted = lock_of(ctx, batch, &stuck->wanted);
    if (stuck->with.class.v != 0)
        ret->with = keep_lock(ctx, batch, &stuck->with);
    if (stuck->joined.v != 0) {
        struct lv_record_thread *joined = lv_batch_alloc(batch, sizeof(*joined));

        if (joined != NULL)
            *joined = thread_of(ctx, batch, stuck->joined);
        ret->joined = joined;
    }
    ret->blocker = stuck->blocker != LV_STUCK_NOBODY ? (int)stuck->blocker : -1;
    ret->blocker_mode = stuck->blocker_mode;
    ret->blocker_queued = stuck->blocker_queued;
    ret->left_out = stuck->left_out;
    for (uint32_t i = 0; held != NULL && i < stuck->held_count; i++)
        held[i] = lock_of(ctx, batch, &stuck->held[i]);
    ret->held = held;
    ret->held_count = held != NULL ? stuck->held_count : 0;
}

static void fill_stuck_ones(struct lv_context *ctx, struct lv_batch *batch, const struct lv_finding *finding,
                            const struct lv_report *report, struct lv_record_finding *line)
{
    struct lv_record_stuck *stuck =
        finding->stuck_count != 0 ? lv_batch_alloc(batch, finding->stuck_count * sizeof(*stuck)) : NULL;

    if (stuck == NULL)
        return;
    for (uint32_t i = 0; i < finding->stuck_count; i++)
        fill_stuck(ctx, batch, &finding->stuck[i], &stuck[i]);
    line->stuck = stuck;
    line->stuck_count = finding->stuck_count;
    line->circle = finding->circle_count;
    line->prediction = &report->prediction;
}

static struct lv_record_side side_of(struct lv_context *ctx, struct lv_batch *batch, lv_thread_id thread,
                                     const struct lv_held_record *record)
{
    return (struct lv_record_side){ thread_of(ctx, batch, thread), lock_of(ctx, batch, record) };
}

static void fill_sides(struct lv_context *ctx, struct lv_batch *batch, const struct lv_finding *finding,
                       const struct lv_report *report, struct lv_record_finding *line)
{
    struct lv_record_side *holder;

    if (finding->kind == LV_FINDING_SIGNAL) {
        line->state = report->usage.state;
        line->inside = side_of(ctx, batch, finding->inside.thread, &finding->inside.record);
        line->open = side_of(ctx, batch, finding->open.thread, &finding->open.record);
    }
    if (finding->holder.class.v == 0)
        return;
    holder = lv_batch_alloc(batch, sizeof(*holder));
    if (holder == NULL)
        return;
    *holder = side_of(ctx, batch, finding->holder_thread, &finding->holder);
    line->holder = holder;
    line->holder_waits = finding->holder_waits;
}

/* Of what the thread holds the last ones: of more, a reader can make nothing. */
static void fill_held(struct lv_context *ctx, struct lv_batch *batch, const struct lv_thread *t,
                      struct lv_record_finding *line)
{
    uint32_t count = t->depth < HELD_MOST ? t->depth : HELD_MOST;
    struct lv_record_lock *held = count != 0 ? lv_batch_alloc(batch, count * sizeof(*held)) : NULL;

    if (held == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct lv_held_record record = lv_held_record_of(&t->held[t->depth - count + i]);

        held[i] = lock_of(ctx, batch, &record);
    }
    line->held = held;
    line->held_count = count;
}

static lv_stack_id call_of(const struct lv_finding *finding)
{
    if (finding->at.v != 0 || finding->edge_count == 0)
        return finding->at;
    return finding->edges[0].kind == LV_REPORT_EDGE_COMPLETE ? finding->edges[0].held.stack
                                                             : finding->edges[0].wanted.stack;
}

struct lv_record_finding *lv_record_finding_of(struct lv_context *ctx, struct lv_batch **batch,
                                               const struct lv_thread *t, const struct lv_finding *finding,
                                               const struct lv_report *report, const enum lv_verdict *before)
{
    struct lv_record_finding *line;

    if (!__atomic_load_n(&ctx->recorder.on, __ATOMIC_RELAXED) || !lv_batch_need(ctx, batch))
        return NULL;
    line = lv_batch_alloc(*batch, sizeof(*line));
    if (line == NULL)
        return NULL;
    *line = (struct lv_record_finding){ .kind = finding->kind,
                                        .verdict = finding->verdict,
                                        .before = before,
                                        .reason_count = report->reason_count,
                                        .reasons = report->reasons,
                                        .fingerprint = report->fingerprint,
                                        .ms = lv_recorder_ms(ctx),
                                        .thread = thread_of(ctx, *batch, t->info),
                                        .detail = report->detail,
                                        .against = finding->against.file,
                                        .against_line = finding->against.line,
                                        .stack = lv_record_stack(ctx, batch, call_of(finding)) };
    line->steps = steps_of(ctx, *batch, finding->edges, finding->edge_count, &line->step_count);
    line->acquisitions =
        steps_of(ctx, *batch, finding->acquisitions, finding->acquisition_count, &line->acquisition_count);
    fill_held(ctx, *batch, t, line);
    if (finding->edge_count == 0 && finding->stuck_count == 0)
        line->subject = keep_lock(ctx, *batch, &finding->subject);
    fill_sides(ctx, *batch, finding, report, line);
    fill_stuck_ones(ctx, *batch, finding, report, line);
    return line;
}

void lv_record_finding(struct lv_context *ctx, struct lv_batch *batch, struct lv_record_finding *line, bool counts,
                       const char *text)
{
    if (line == NULL)
        return;
    line->counts = counts;
    line->text = text;
    LV_BATCH_LINE(ctx, batch, lv_record_put_finding, line);
}
