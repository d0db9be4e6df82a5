/* SPDX-License-Identifier: MIT */
/* Lines of findings: of one that is said again, better judged, what came later counts. */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/memory.h"
#include "record/reader.h"

static enum rec_step_kind step_kind_of(const char *word)
{
    for (enum rec_step_kind kind = REC_STEP_LOCK; kind <= REC_STEP_END; kind++)
        if (strcmp(word, rec_step_kind_name(kind)) == 0)
            return kind;
    return REC_STEP_LOCK;
}

static struct rec_step *steps_of(const struct rec_line *line, const json_t *array, size_t *ret_count)
{
    size_t count = json_array_size(array);
    struct rec_step *steps = rec_pool_take(line->pool, count, sizeof(*steps));

    for (size_t i = 0; i < count; i++) {
        const json_t *step = json_array_get(array, i);

        steps[i] = (struct rec_step){ .kind = step_kind_of(rec_text_member(line, step, "kind")),
                                      .thread = rec_thread_of(line, json_object_get(step, "thread")),
                                      .held = rec_lock_of(line, json_object_get(step, "held")),
                                      .wanted = rec_lock_of(line, json_object_get(step, "wanted")),
                                      .run = rec_run_at(line, rec_number_member(line->json, "of")) };
    }
    *ret_count = count;
    return steps;
}

static struct rec_side side_of(const struct rec_line *line, const json_t *json)
{
    return (struct rec_side){ .thread = rec_thread_of(line, json_object_get(json, "thread")),
                              .lock = rec_lock_of(line, json_object_get(json, "lock")),
                              .waits = rec_bool_member(json, "waits"),
                              .run = rec_run_at(line, rec_number_member(line->json, "of")) };
}

static long integer_or(const json_t *object, const char *member, long otherwise)
{
    const json_t *number = json_object_get(object, member);

    return json_is_integer(number) ? (long)json_integer_value(number) : otherwise;
}

static struct rec_stuck stuck_of(const struct rec_line *line, const json_t *json)
{
    struct rec_stuck stuck = {
        .thread = rec_thread_of(line, json_object_get(json, "thread")),
        .waits = rec_text_member(line, json, "waits"),
        .timed = rec_bool_member(json, "timed"),
        .last = rec_bool_member(json, "last"),
        .waited_ms = integer_or(json, "waited_ms", -1),
        .wanted = rec_lock_of(line, json_object_get(json, "wanted")),
        .has_with = json_object_get(json, "with") != NULL,
        .with = rec_lock_of(line, json_object_get(json, "with")),
        .joined = rec_thread_of(line, json_object_get(json, "joined")),
        .blocker = integer_or(json, "blocker", -1),
        .blocker_mode = rec_mode_of(rec_text_member(line, json, "blocker_mode")),
        .blocker_queued = rec_bool_member(json, "blocker_queued"),
        .left_out = (uint32_t)rec_number_member(json, "left_out"),
    };

    stuck.held = rec_locks_of(line, json_object_get(json, "held"), &stuck.held_count);
    return stuck;
}

static void read_stuck(const struct rec_line *line, struct rec_finding *finding)
{
    const json_t *array = json_object_get(line->json, "stuck");

    finding->stuck_count = json_array_size(array);
    finding->stuck = rec_pool_take(line->pool, finding->stuck_count, sizeof(*finding->stuck));
    for (size_t i = 0; i < finding->stuck_count; i++) {
        finding->stuck[i] = stuck_of(line, json_array_get(array, i));
        if (finding->stuck[i].blocker >= (long)finding->stuck_count)
            finding->stuck[i].blocker = -1;
    }
    finding->circle = (size_t)rec_number_member(line->json, "circle");
    if (finding->circle > finding->stuck_count)
        finding->circle = 0;
}

static void read_reasons(const struct rec_line *line, struct rec_finding *finding)
{
    const json_t *array = json_object_get(line->json, "reasons");

    finding->reason_count = json_array_size(array);
    finding->reasons = rec_pool_take(line->pool, finding->reason_count, sizeof(*finding->reasons));
    for (size_t i = 0; i < finding->reason_count; i++)
        finding->reasons[i] = rec_pool_text(line->pool, json_string_value(json_array_get(array, i)));
}

/* All but its number and its process. */
static void fill(const struct rec_line *line, struct rec_finding *finding)
{
    const json_t *json = line->json, *usage = json_object_get(json, "usage");
    const json_t *suppressed = json_object_get(json, "suppressed");
    const json_t *against = json_object_get(json, "against");
    const json_t *predicted = json_object_get(json, "predicted");

    finding->kind = rec_text_member(line, json, "kind");
    finding->verdict_name = rec_text_member(line, json, "verdict");
    finding->verdict = rec_verdict_of(finding->verdict_name);
    finding->before = rec_text_member(line, json, "before");
    read_reasons(line, finding);
    finding->fingerprint = rec_text_member(line, json, "fingerprint");
    finding->counts = rec_bool_member(json, "counts");
    finding->ms = rec_number_member(json, "ms");
    finding->thread = rec_thread_of(line, json_object_get(json, "thread"));
    finding->run = rec_run_at(line, rec_number_member(json, "of"));
    rec_read_seen(line, &finding->seen);
    finding->edges = steps_of(line, json_object_get(json, "edges"), &finding->edge_count);
    finding->acquisitions = steps_of(line, json_object_get(json, "acquisitions"), &finding->acquisition_count);
    if (finding->acquisition_count == 0) {
        finding->acquisitions = finding->edges;
        finding->acquisition_count = finding->edge_count;
    }
    finding->held = rec_locks_of(line, json_object_get(json, "held"), &finding->held_count);
    finding->has_subject = json_object_get(json, "subject") != NULL;
    finding->subject = rec_lock_of(line, json_object_get(json, "subject"));
    finding->detail = rec_text_member(line, json, "detail");
    finding->stack = rec_stack_at(line, rec_number_member(json, "stack"));
    finding->holder = side_of(line, json_object_get(json, "holder"));
    finding->usage_state = rec_text_member(line, usage, "state");
    finding->usage_inside = side_of(line, json_object_get(usage, "inside"));
    finding->usage_open = side_of(line, json_object_get(usage, "open"));
    read_stuck(line, finding);
    finding->predicted_kind = rec_text_member(line, predicted, "kind");
    finding->predicted_verdict = rec_text_member(line, predicted, "verdict");
    finding->predicted_fingerprint = rec_text_member(line, predicted, "fingerprint");
    finding->against = rec_text_member(line, against, "file");
    finding->against_line = (uint32_t)rec_number_member(against, "line");
    finding->suppressed_by = rec_text_member(line, suppressed, "by");
    finding->suppressed_from = rec_text_member(line, suppressed, "from");
    finding->suppressed_line = (uint32_t)rec_number_member(suppressed, "line");
    finding->suppressed_reason = rec_text_member(line, suppressed, "reason");
    finding->text = finding->report = rec_text_member(line, json, "text");
    finding->line = json_incref(line->json);
}

/* By what a finding is known in its process; in a merged record, where several runs may have made it, in its run. */
static uint64_t key_of(const struct rec_line *line)
{
    const char *fingerprint = rec_text_member(line, line->json, "fingerprint");
    uint64_t run = rec_number_member(line->json, "of");
    const char *key = fingerprint;
    char *text;

    if (run != 0) {
        text = cli_printf("%s/%llu", fingerprint, (unsigned long long)run);
        key = rec_pool_text(line->pool, text);
        free(text);
    }
    return (uint64_t)(uintptr_t)key;
}

/*
 * An upgrade is of the last finding with its fingerprint. Without one, the same fingerprint is the same finding said again, but for
 * threads that are stuck: those are others.
 */
void rec_read_finding(const struct rec_line *line)
{
    struct rec_process *process = line->process;
    bool upgrades = json_is_string(json_object_get(line->json, "before"));
    void **place = rec_index_at(&process->indexes->findings, key_of(line));
    struct rec_finding *finding = *place;

    if (finding != NULL && (upgrades || finding->stuck_count == 0)) {
        const struct rec_finding old = *finding;

        *finding = (struct rec_finding){ .number = old.number, .process = process };
        fill(line, finding);
        if (upgrades)
            finding->report = old.report;
        json_decref(old.line);
        return;
    }
    finding = *place = rec_pool_take(line->pool, 1, sizeof(*finding));
    finding->process = process;
    fill(line, finding);
    rec_append(&process->findings, &process->finding_count, finding);
    finding->number = (unsigned)process->finding_count;
}
