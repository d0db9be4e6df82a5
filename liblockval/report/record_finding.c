/* SPDX-License-Identifier: MIT */
/* The line of a finding. Keeps nothing. */

#include "report/record_line.h"

static const char *step_name(enum lv_report_edge_kind kind)
{
    switch (kind) {
    case LV_REPORT_EDGE_LOCK:
        return "lock";
    case LV_REPORT_EDGE_WAIT:
        return "wait";
    case LV_REPORT_EDGE_INTERRUPT:
        return "interrupt";
    case LV_REPORT_EDGE_COMPLETE:
        return "complete";
    case LV_REPORT_EDGE_END:
        return "end";
    }
    return "?";
}

static void put_thread(struct lv_json *json, const char *name, const struct lv_record_thread *thread)
{
    lv_json_begin_object(json, name);
    lv_record_members_of_thread(json, thread);
    lv_json_end_object(json);
}

static void put_steps(struct lv_json *json, const char *name, const struct lv_record_step *steps, uint32_t count)
{
    if (count == 0)
        return;
    lv_json_begin_list(json, name);
    for (uint32_t i = 0; i < count; i++) {
        lv_json_begin_object(json, NULL);
        lv_json_text(json, "kind", step_name(steps[i].kind));
        put_thread(json, "thread", &steps[i].thread);
        lv_record_lock(json, "held", &steps[i].held);
        lv_record_lock(json, "wanted", &steps[i].wanted);
        lv_json_end_object(json);
    }
    lv_json_end_list(json);
}

static void begin_side(struct lv_json *json, const char *name, const struct lv_record_side *side)
{
    lv_json_begin_object(json, name);
    put_thread(json, "thread", &side->thread);
    lv_record_lock(json, "lock", &side->lock);
}

static void put_usage(struct lv_json *json, const struct lv_record_finding *finding)
{
    lv_json_begin_object(json, "usage");
    lv_json_text(json, "state", finding->state);
    begin_side(json, "inside", &finding->inside);
    lv_json_end_object(json);
    begin_side(json, "open", &finding->open);
    lv_json_end_object(json);
    lv_json_end_object(json);
}

static void put_stuck(struct lv_json *json, const struct lv_record_stuck *stuck)
{
    lv_json_begin_object(json, NULL);
    put_thread(json, "thread", &stuck->thread);
    lv_json_text(json, "waits", stuck->waits);
    lv_json_bool(json, "timed", stuck->timed);
    lv_json_bool(json, "last", stuck->last);
    lv_json_int(json, "waited_ms", stuck->waited_ms);
    lv_record_lock(json, "wanted", &stuck->wanted);
    if (stuck->with != NULL)
        lv_record_lock(json, "with", stuck->with);
    if (stuck->joined != NULL)
        put_thread(json, "joined", stuck->joined);
    lv_json_int(json, "blocker", stuck->blocker);
    if (stuck->blocker >= 0) {
        lv_json_text(json, "blocker_mode", lv_record_mode(stuck->blocker_mode));
        lv_json_bool(json, "blocker_queued", stuck->blocker_queued);
    }
    lv_record_locks(json, "held", stuck->held, stuck->held_count);
    lv_json_int(json, "left_out", stuck->left_out);
    lv_json_end_object(json);
}

static void put_stuck_ones(struct lv_json *json, const struct lv_record_finding *finding)
{
    lv_json_int(json, "circle", finding->circle);
    lv_json_begin_list(json, "stuck");
    for (uint32_t i = 0; i < finding->stuck_count; i++)
        put_stuck(json, &finding->stuck[i]);
    lv_json_end_list(json);
    if (finding->prediction == NULL || finding->prediction->fingerprint == NULL)
        return;
    lv_json_begin_object(json, "predicted");
    lv_json_text(json, "kind", lv_finding_kind_name(finding->prediction->kind));
    lv_json_text(json, "verdict", lv_verdict_name(finding->prediction->verdict));
    lv_json_text(json, "fingerprint", finding->prediction->fingerprint);
    lv_json_end_object(json);
}

static void put_verdict(struct lv_json *json, const struct lv_record_finding *finding)
{
    lv_json_text(json, "kind", lv_finding_kind_name(finding->kind));
    lv_json_text(json, "verdict", lv_verdict_name(finding->verdict));
    if (finding->before != NULL)
        lv_json_text(json, "before", lv_verdict_name(*finding->before));
    lv_json_begin_list(json, "reasons");
    for (uint32_t i = 0; i < finding->reason_count; i++)
        lv_json_text(json, NULL, finding->reasons[i]);
    lv_json_end_list(json);
    lv_json_text(json, "fingerprint", finding->fingerprint);
    lv_json_bool(json, "counts", finding->counts);
    lv_json_int(json, "ms", finding->ms);
}

static void put_against(struct lv_json *json, const struct lv_record_finding *finding)
{
    lv_json_begin_object(json, "against");
    lv_json_text(json, "file", finding->against);
    lv_json_int(json, "line", finding->against_line);
    lv_json_end_object(json);
}

static void put_suppressed(struct lv_json *json, const struct lv_record_finding *finding)
{
    lv_json_begin_object(json, "suppressed");
    lv_json_text(json, "by", finding->suppressed_by);
    lv_json_text(json, "from", finding->suppressed_from);
    lv_json_int(json, "line", finding->suppressed_line);
    lv_json_text(json, "reason", finding->suppressed_reason);
    lv_json_end_object(json);
}

void lv_record_put_finding(const struct lv_record_finding *finding, struct lv_record_by by, struct lv_text *out)
{
    struct lv_json json;

    lv_record_begin(&json, out, "finding", by);
    put_verdict(&json, finding);
    put_thread(&json, "thread", &finding->thread);
    put_steps(&json, "edges", finding->steps, finding->step_count);
    put_steps(&json, "acquisitions", finding->acquisitions, finding->acquisition_count);
    lv_record_locks(&json, "held", finding->held, finding->held_count);
    if (finding->subject != NULL)
        lv_record_lock(&json, "subject", finding->subject);
    if (finding->detail != NULL)
        lv_json_text(&json, "detail", finding->detail);
    lv_json_int(&json, "stack", finding->stack);
    if (finding->holder != NULL) {
        begin_side(&json, "holder", finding->holder);
        lv_json_bool(&json, "waits", finding->holder_waits);
        lv_json_end_object(&json);
    }
    if (finding->state != NULL)
        put_usage(&json, finding);
    if (finding->stuck_count != 0)
        put_stuck_ones(&json, finding);
    if (finding->against != NULL)
        put_against(&json, finding);
    if (finding->suppressed_by != NULL)
        put_suppressed(&json, finding);
    lv_json_text(&json, "text", finding->text);
    lv_record_end(&json);
}
