/* SPDX-License-Identifier: MIT */
/*
 * The report of a finding that no run made: in the library's form, and drawn by it, so that whoever knows the one reads the
 * other, and the text format finds the stacks in it. Each step says which run it is from; the runs have letters.
 */

#include "cycles/finding.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "record/reader.h"
#include "report/lines.h"
#include "report/scenario.h"
#include "report/usage_text.h"

enum {
    FIRST_ROOM = 64 * 1024,
    MOST_ROOM = 64 * 1024 * 1024
};

struct words {
    const struct cy_ground *ground;
    const struct lv_finding *from;
    const struct rec_finding *finding;
    struct rec_pool *pool;
    size_t run_count;
    const struct rec_run **runs; /* A, B, ... */
    size_t class_count;
    const struct rec_class **classes;
};

/* ---- what the library's renderers read ---- */

static const char *frame_text(struct words *w, const struct rec_frame *frame)
{
    char *text;
    const char *kept;

    if (frame->module == NULL)
        text = cli_printf("0x%" PRIx64, frame->offset);
    else if (frame->name[0] != '\0')
        text = cli_printf("%s (%s)", frame->name, frame->module->name);
    else
        text = cli_printf("%s+0x%" PRIx64, frame->module->name, frame->offset);
    kept = rec_pool_text(w->pool, text);
    free(text);
    return kept;
}

static struct lv_report_stack stack_of(struct words *w, const struct rec_stack *stack)
{
    struct lv_report_stack ret = { 0, NULL };
    const char **frames;

    if (stack == NULL || stack->count == 0)
        return ret;
    frames = rec_pool_take(w->pool, stack->count, sizeof(char *));
    for (size_t i = 0; i < stack->count; i++)
        frames[i] = frame_text(w, &stack->frames[i]);
    ret.count = (uint32_t)stack->count;
    ret.frames = frames;
    return ret;
}

static const struct lv_report_class *class_of(struct words *w, const struct rec_class *class)
{
    struct lv_report_class *ret = rec_pool_take(w->pool, 1, sizeof(*ret));

    *ret = (struct lv_report_class){ .name = class != NULL ? class->name : "?",
                                     .origin = class != NULL ? class->origin : "",
                                     .usage = "....",
                                     .wait_outer = (uint8_t)(class != NULL ? class->wait_outer : 0),
                                     .wait_inner = (uint8_t)(class != NULL ? class->wait_inner : 0) };
    if (class != NULL && strlen(class->usage) == 4)
        memcpy(ret->usage, class->usage, 4);
    return ret;
}

static struct lv_report_lock lock_of(struct words *w, const struct rec_lock *lock)
{
    return (struct lv_report_lock){ .address = (uintptr_t)lock->address,
                                    .class = class_of(w, lock->class),
                                    .mode = lock->mode == REC_WRITE  ? LV_WRITE
                                            : lock->mode == REC_READ ? LV_READ
                                                                     : LV_READ_RECURSIVE,
                                    .flags = lock->flags,
                                    .stack = stack_of(w, lock->stack),
                                    .earlier = lock->earlier };
}

static struct lv_report_thread thread_of(const struct rec_thread *thread)
{
    if (thread == NULL)
        return (struct lv_report_thread){ "?", 0 };
    return (struct lv_report_thread){ thread->shown != NULL && thread->shown[0] != '\0' ? thread->shown : thread->name,
                                      (int)thread->tid };
}

static enum lv_report_edge_kind kind_of(enum rec_step_kind kind)
{
    switch (kind) {
    case REC_STEP_WAIT:
        return LV_REPORT_EDGE_WAIT;
    case REC_STEP_INTERRUPT:
        return LV_REPORT_EDGE_INTERRUPT;
    case REC_STEP_COMPLETE:
        return LV_REPORT_EDGE_COMPLETE;
    case REC_STEP_END:
        return LV_REPORT_EDGE_END;
    case REC_STEP_LOCK:
        break;
    }
    return LV_REPORT_EDGE_LOCK;
}

static struct lv_report_edge *edges_of(struct words *w)
{
    const struct rec_finding *finding = w->finding;
    struct lv_report_edge *edges = rec_pool_take(w->pool, finding->edge_count, sizeof(*edges));

    for (size_t i = 0; i < finding->edge_count; i++)
        edges[i] = (struct lv_report_edge){ .kind = kind_of(finding->edges[i].kind),
                                            .thread = thread_of(finding->edges[i].thread),
                                            .held = lock_of(w, &finding->edges[i].held),
                                            .wanted = lock_of(w, &finding->edges[i].wanted) };
    return edges;
}

static struct lv_report_use use_of(struct words *w, const struct rec_side *side, const struct lv_use *use)
{
    return (struct lv_report_use){ .thread = thread_of(side->thread),
                                   .lock = lock_of(w, &side->lock),
                                   .at = stack_of(w, cy_place_of(w->ground, &use->record)->at) };
}

static struct lv_report report_of(struct words *w, bool is_signal)
{
    const struct rec_finding *finding = w->finding;
    struct lv_report report = { .kind = w->from->kind,
                                .verdict = w->from->verdict,
                                .thread = thread_of(finding->thread),
                                .edge_count = (uint32_t)finding->edge_count,
                                .edges = edges_of(w) };

    if (report.kind != LV_FINDING_SIGNAL)
        return report;
    report.usage = (struct lv_report_usage){ .state = finding->usage_state,
                                             .is_signal = is_signal,
                                             .news = LV_NEWS_OPEN,
                                             .inside = use_of(w, &finding->usage_inside, &w->from->inside),
                                             .open = use_of(w, &finding->usage_open, &w->from->open) };
    report.subject = report.usage.open.lock;
    report.backtrace = report.usage.open.at.count != 0 ? report.usage.open.at : report.usage.open.lock.stack;
    return report;
}

/* ---- runs and classes ---- */

static void add_run(struct words *w, const struct rec_run *run)
{
    for (size_t i = 0; i < w->run_count; i++)
        if (w->runs[i] == run)
            return;
    if (run == NULL)
        return;
    w->runs = cli_realloc(w->runs, w->run_count + 1, sizeof(struct rec_run *));
    w->runs[w->run_count++] = run;
}

static void add_class(struct words *w, const struct rec_class *class)
{
    for (size_t i = 0; i < w->class_count; i++)
        if (w->classes[i] == class)
            return;
    if (class == NULL)
        return;
    w->classes = cli_realloc(w->classes, w->class_count + 1, sizeof(struct rec_class *));
    w->classes[w->class_count++] = class;
}

static void gather(struct words *w)
{
    const struct rec_finding *finding = w->finding;

    add_run(w, finding->usage_inside.run);
    add_run(w, finding->usage_open.run);
    for (size_t i = finding->edge_count; i-- > 0;) {
        add_run(w, finding->edges[i].run);
        add_class(w, finding->edges[i].held.class);
        add_class(w, finding->edges[i].wanted.class);
    }
    for (size_t i = 0; i < finding->acquisition_count; i++)
        add_run(w, finding->acquisitions[i].run);
}

/* "A", ..., "Z", "A2", ... */
static void put_letter(const struct words *w, const struct rec_run *run, struct lv_text *out)
{
    for (size_t i = 0; i < w->run_count; i++) {
        if (w->runs[i] != run)
            continue;
        lv_text_putc(out, (char)('A' + i % 26));
        if (i >= 26)
            lv_text_printf(out, "%zu", i / 26 + 1);
        return;
    }
    lv_text_puts(out, "?");
}

static void put_runs(const struct words *w, struct lv_text *out)
{
    for (size_t i = 0; i < w->run_count; i++) {
        char *run = rec_run_words(w->runs[i]);

        lv_text_puts(out, i == 0 ? "runs: " : "      ");
        put_letter(w, w->runs[i], out);
        lv_text_printf(out, " is %s\n", run);
        free(run);
    }
}

/* ---- the report ---- */

static void put_head(const struct words *w, const struct lv_report *report, struct lv_text *out)
{
    char buf[USAGE_HEADLINE];

    lv_text_puts(out, "\n======================================================\n");
    lv_text_puts(out, report->kind == LV_FINDING_SIGNAL ? lv_usage_headline(report, buf)
                                                        : "WARNING: possible circular locking dependency detected");
    lv_text_printf(out, "\nlockval %s  %llu %s together\n", LOCKVAL_VERSION_TEXT,
                   (unsigned long long)w->ground->process->merged_runs,
                   w->ground->process->merged_runs == 1 ? "run" : "runs");
    lv_text_puts(out, "------------------------------------------------------\n");
}

static void put_circle(const struct words *w, const struct lv_report *report, struct lv_text *out)
{
    lv_text_puts(out, "no run did all of this; together they depend on each other in a circle:\n"
                      "\nthe dependency chain (in reverse order) is:\n");
    for (uint32_t i = report->edge_count; i-- > 0;) {
        lv_put_chain_entry(out, report, i);
        lv_text_puts(out, "     in run ");
        put_letter(w, w->finding->edges[i].run, out);
        lv_text_putc(out, '\n');
    }
    lv_text_puts(out, "\nother info that might help us debug this:\n\n");
    lv_scenario_draw(report, out);
}

static void put_usage(const struct words *w, const struct lv_report *report, struct lv_text *out)
{
    lv_usage_text(report, out);
    lv_text_puts(out, "\nit is taken in the context in run ");
    put_letter(w, w->finding->usage_inside.run, out);
    lv_text_puts(out, ", and held where that can come in run ");
    put_letter(w, w->finding->usage_open.run, out);
    lv_text_putc(out, '\n');
    for (uint32_t i = 1; i < report->edge_count; i++) {
        lv_text_printf(out, "%s -> %s is from run ", rec_lock_name(&w->finding->edges[i].held),
                       rec_lock_name(&w->finding->edges[i].wanted));
        put_letter(w, w->finding->edges[i].run, out);
        lv_text_putc(out, '\n');
    }
}

static void put_verdict(const struct words *w, struct lv_text *out)
{
    const struct rec_finding *finding = w->finding;

    lv_text_printf(out, "\nverdict: %s\n", finding->verdict_name);
    for (size_t i = 0; i < finding->reason_count; i++)
        lv_text_printf(out, "  %s\n", finding->reasons[i]);
    for (size_t i = 0; i < w->class_count; i++)
        lv_text_printf(out, "%s %s   %s\n", i == 0 ? "classes:" : "        ", w->classes[i]->name,
                       w->classes[i]->origin);
    put_runs(w, out);
    lv_text_printf(out, "fingerprint: %s\n", finding->fingerprint);
}

static void put_all(const struct words *w, const struct lv_report *report, struct lv_text *out)
{
    put_head(w, report, out);
    if (report->kind == LV_FINDING_SIGNAL)
        put_usage(w, report, out);
    else
        put_circle(w, report, out);
    put_verdict(w, out);
}

const char *cy_report(const struct cy_ground *ground, const struct lv_finding *from, bool is_signal,
                      const struct rec_finding *finding)
{
    struct words w = { .ground = ground, .from = from, .finding = finding, .pool = ground->process->set->books->pool };
    struct lv_report report;
    const char *kept = "";
    struct lv_text out;

    gather(&w);
    report = report_of(&w, is_signal);
    for (size_t room = FIRST_ROOM; room <= MOST_ROOM; room *= 4) {
        char *buf = cli_alloc(room, 1);

        lv_text_init(&out, buf, room);
        put_all(&w, &report, &out);
        if (!out.cut || room * 4 > MOST_ROOM)
            kept = rec_pool_text(w.pool, buf);
        free(buf);
        if (!out.cut)
            break;
    }
    free(w.runs);
    free(w.classes);
    return kept;
}
