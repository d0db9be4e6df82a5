/* SPDX-License-Identifier: MIT */
/*
 * The library judges a pair of classes when its edge is new, with all that the thread held. Here edges and their witnesses are what
 * there is: a pair that only left-out witnesses show is not seen.
 */

#include "contract/against.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "check/finding.h"
#include "common/command.h"
#include "common/memory.h"
#include "contract/draft.h"
#include "contract/read.h"
#include "record/reader.h"
#include "report/report.h"

enum {
    DETAIL_MOST = 4096,
    REPORT_FIRST = 16 * 1024
};

struct work {
    struct rec_process *process;
    struct rec_pool *pool;
    const struct contract_draft *draft;
};

static const char *text_of(struct work *w, char *text)
{
    const char *kept = rec_pool_text(w->pool, text);

    free(text);
    return kept;
}

/* ---- the finding ---- */

static struct rec_lock plain_lock(struct rec_class *class)
{
    return (struct rec_lock){ .class = class, .key = "", .name = "", .site = "" };
}

/* The newest of the witness's held locks that is of the class. */
static struct rec_lock held_of(const struct rec_witness *witness, struct rec_class *class)
{
    for (size_t i = witness != NULL ? witness->held_count : 0; i-- > 0;)
        if (witness->held[i].class == class)
            return witness->held[i];
    return plain_lock(class);
}

/* What was taken: what the witness wanted, or of what it held, what came later. */
static struct rec_lock taken_of(const struct rec_witness *witness, struct rec_class *class)
{
    if (witness != NULL && witness->wanted.class == class)
        return witness->wanted;
    return held_of(witness, class);
}

static enum rec_step_kind kind_of(const struct rec_class *from, const struct rec_class *to)
{
    if (strcmp(from->kind, "event") == 0)
        return strncmp(from->stable, "join:", 5) == 0 ? REC_STEP_END : REC_STEP_COMPLETE;
    return strcmp(to->kind, "event") == 0 ? REC_STEP_WAIT : REC_STEP_LOCK;
}

static const char *fingerprint_of(struct work *w, const struct rec_class *from, const struct rec_class *to)
{
    return text_of(w, cli_printf("%016" PRIx64,
                                 lv_expect_fingerprint(lv_hash_text(0, from->stable), lv_hash_text(0, to->stable))));
}

static bool is_known(const struct work *w, const char *fingerprint)
{
    for (size_t i = 0; i < w->process->finding_count; i++)
        if (w->process->findings[i]->fingerprint == fingerprint && strcmp(w->process->findings[i]->kind, "order") == 0)
            return true;
    return false;
}

static const char *detail_of(struct work *w, const struct lv_expect_answer *answer)
{
    char buf[DETAIL_MOST];
    struct lv_text text;

    lv_text_init(&text, buf, sizeof(buf));
    lv_expect_put_answer(&w->draft->expect, answer, &text);
    return rec_pool_text(w->pool, buf);
}

static const char *const *reasons_of(struct work *w)
{
    const char **reasons = rec_pool_take(w->pool, 1, sizeof(*reasons));
    const struct lv_reason reason = { LV_REASON_EXPECTED, 0, 0 };
    char buf[256];
    struct lv_text text;

    lv_text_init(&text, buf, sizeof(buf));
    lv_reason_text(&reason, NULL, NULL, &text);
    reasons[0] = rec_pool_text(w->pool, buf);
    return reasons;
}

static struct rec_finding *finding_of(struct work *w, const struct contract_step *step,
                                      const struct lv_expect_answer *answer, const char *fingerprint)
{
    struct rec_class *from = w->draft->steps->classes[step->from].class, *to = w->draft->steps->classes[step->to].class;
    struct rec_finding *finding = rec_pool_take(w->pool, 1, sizeof(*finding));
    struct rec_witness *witness = (struct rec_witness *)(uintptr_t)step->witness;
    struct rec_step *edge = rec_pool_take(w->pool, 1, sizeof(*edge));

    edge->kind = kind_of(from, to);
    edge->thread = witness != NULL ? witness->thread : NULL;
    edge->held = held_of(witness, from);
    edge->wanted = taken_of(witness, to);
    finding->process = w->process;
    finding->kind = rec_pool_text(w->pool, lv_finding_kind_name(LV_FINDING_ORDER));
    finding->verdict = REC_MISUSE;
    finding->verdict_name = rec_pool_text(w->pool, rec_verdict_name(REC_MISUSE));
    finding->before = finding->usage_state = "";
    finding->against = rec_pool_text(w->pool, w->draft->from);
    finding->against_line = answer->line != 0 ? answer->line : w->draft->expect.version_line;
    finding->predicted_kind = finding->predicted_verdict = finding->predicted_fingerprint = "";
    finding->suppressed_by = finding->suppressed_from = finding->suppressed_reason = "";
    finding->reasons = (const char **)(uintptr_t)reasons_of(w);
    finding->reason_count = 1;
    finding->fingerprint = fingerprint;
    finding->counts = true;
    finding->thread = edge->thread;
    finding->run = witness != NULL ? witness->run : NULL;
    finding->edges = finding->acquisitions = edge;
    finding->edge_count = finding->acquisition_count = 1;
    finding->held = witness != NULL ? witness->held : NULL;
    finding->held_count = witness != NULL ? witness->held_count : 0;
    finding->detail = detail_of(w, answer);
    finding->stack = edge->wanted.stack;
    return finding;
}

/* ---- its report ---- */

static const char *frame_of(struct work *w, const struct rec_frame *frame)
{
    if (frame->module == NULL)
        return text_of(w, cli_printf("0x%" PRIx64, frame->offset));
    if (frame->name[0] != '\0')
        return text_of(w, cli_printf("%s (%s)", frame->name, frame->module->name));
    return text_of(w, cli_printf("%s+0x%" PRIx64, frame->module->name, frame->offset));
}

static struct lv_report_stack stack_of(struct work *w, const struct rec_stack *stack)
{
    size_t count = stack != NULL ? stack->count : 0;
    const char **frames = rec_pool_take(w->pool, count, sizeof(*frames));

    for (size_t i = 0; i < count; i++)
        frames[i] = frame_of(w, &stack->frames[i]);
    return (struct lv_report_stack){ (uint32_t)count, frames };
}

static const struct lv_report_class *class_of(struct work *w, const struct rec_class *class)
{
    struct lv_report_class *ret = rec_pool_take(w->pool, 1, sizeof(*ret));

    *ret = (struct lv_report_class){ .name = class->name,
                                     .origin = class->origin,
                                     .usage = "....",
                                     .wait_outer = (uint8_t) class->wait_outer,
                                     .wait_inner = (uint8_t) class->wait_inner };
    for (int kind = 0; kind < LV_KIND__COUNT; kind++)
        if (strcmp(class->kind, lv_kind_name((enum lv_kind)kind)) == 0)
            ret->kind = (enum lv_kind)kind;
    if (strlen(class->usage) == 4)
        memcpy(ret->usage, class->usage, 4);
    return ret;
}

static struct lv_report_lock lock_of(struct work *w, const struct rec_lock *lock)
{
    static const enum lv_mode modes[] = { LV_WRITE, LV_READ, LV_READ_RECURSIVE };

    return (struct lv_report_lock){ .address = (uintptr_t)lock->address,
                                    .class = class_of(w, lock->class),
                                    .mode = modes[lock->mode],
                                    .flags = ((lock->flags & REC_TRY) != 0 ? LV_TRY : 0) |
                                             ((lock->flags & REC_TIMED) != 0 ? LV_TIMED : 0),
                                    .stack = stack_of(w, lock->stack),
                                    .earlier = lock->earlier };
}

static enum lv_report_edge_kind edge_kind(enum rec_step_kind kind)
{
    switch (kind) {
    case REC_STEP_WAIT:
        return LV_REPORT_EDGE_WAIT;
    case REC_STEP_COMPLETE:
        return LV_REPORT_EDGE_COMPLETE;
    case REC_STEP_END:
        return LV_REPORT_EDGE_END;
    default:
        return LV_REPORT_EDGE_LOCK;
    }
}

static struct lv_report_thread thread_of(const struct rec_thread *thread)
{
    if (thread == NULL)
        return (struct lv_report_thread){ "?", 0 };
    return (struct lv_report_thread){ thread->name[0] != '\0' ? thread->name : "?", (int)thread->tid };
}

static const struct lv_report_lock *locks_of(struct work *w, const struct rec_lock *locks, size_t count,
                                             uint32_t *ret_count)
{
    struct lv_report_lock *ret = rec_pool_take(w->pool, count, sizeof(*ret));

    *ret_count = 0;
    for (size_t i = 0; i < count; i++)
        if (locks[i].class != NULL)
            ret[(*ret_count)++] = lock_of(w, &locks[i]);
    return ret;
}

/* The text, however long it is. */
static const char *rendered(struct work *w, const struct lv_report *report)
{
    for (size_t size = REPORT_FIRST;; size *= 2) {
        char *buf = cli_alloc(size, 1);
        struct lv_text text;

        lv_text_init(&text, buf, size);
        lv_report_text(report, &text);
        if (!text.cut)
            return text_of(w, buf);
        free(buf);
    }
}

static const char *report_of(struct work *w, const struct rec_finding *finding)
{
    const struct rec_run *run = finding->run;
    const struct lv_report_edge edge = { .kind = edge_kind(finding->edges[0].kind),
                                         .thread = thread_of(finding->thread),
                                         .held = lock_of(w, &finding->edges[0].held),
                                         .wanted = lock_of(w, &finding->edges[0].wanted) };
    const struct lv_report_class *const classes[] = { edge.held.class, edge.wanted.class };
    struct lv_report report = {
        .kind = LV_FINDING_ORDER,
        .verdict = LV_VERDICT_MISUSE,
        .reason_count = 1,
        .reasons = finding->reasons,
        .fingerprint = finding->fingerprint,
        .version = w->process->version,
        .program = run != NULL ? run->program : w->process->program,
        .pid = (int)(run != NULL ? strtol(run->of, NULL, 10) : w->process->pid),
        .thread = edge.thread,
        .edge_count = 1,
        .edges = &edge,
        .detail = finding->detail,
        .class_count = finding->edges[0].held.class == finding->edges[0].wanted.class ? 1 : 2,
        .classes = classes,
        .backtrace = edge.wanted.stack,
        .late = true, /* the run is over */
    };

    report.held = locks_of(w, finding->held, finding->held_count, &report.held_count);
    return rendered(w, &report);
}

/* ---- all ---- */

static long check_all(struct work *w)
{
    const struct contract_draft *draft = w->draft;
    const struct contract_steps *steps = draft->steps;
    long added = 0;

    for (size_t i = 0; i < steps->step_count; i++) {
        const struct contract_step *step = &steps->steps[i];
        const char *fingerprint;
        struct lv_expect_answer answer;
        struct rec_finding *finding;

        if (!draft->step_counts[i] ||
            contract_step_fits(&draft->expect, step, draft->side[step->from], draft->side[step->to], &answer))
            continue;
        fingerprint = fingerprint_of(w, steps->classes[step->from].class, steps->classes[step->to].class);
        if (is_known(w, fingerprint))
            continue;
        finding = finding_of(w, step, &answer, fingerprint);
        finding->text = finding->report = report_of(w, finding);
        rec_append(&w->process->findings, &w->process->finding_count, finding);
        finding->number = (unsigned)w->process->finding_count;
        added++;
    }
    return added;
}

long contract_check(struct rec_process *process, const char *path)
{
    struct contract_changes none = { 0 };
    struct contract_steps *steps;
    struct contract_draft *draft;
    size_t size;
    char *text = contract_read(path, &size, NULL);
    long added = -1;

    if (text == NULL)
        return -1;
    steps = contract_steps_of(process);
    draft = contract_draft_open(path, text, size, steps, &none);
    if (draft != NULL) {
        struct work w = { .process = process, .pool = process->set->books->pool, .draft = draft };

        added = check_all(&w);
        contract_draft_close(draft);
    }
    contract_steps_free(steps);
    free(text);
    return added;
}
