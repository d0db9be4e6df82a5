/* SPDX-License-Identifier: MIT */
#include "cycles/finding.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "common/memory.h"
#include "record/reader.h"

static struct rec_pool *pool_of(const struct cy_ground *ground)
{
    return ground->process->set->books->pool;
}

/* ---- fingerprints: as in engine/resolve.c ---- */

static uint64_t stable_hash(const struct cy_ground *ground, lv_class_id class)
{
    return lv_hash_text(0, ground->class_of[class.v] != NULL ? ground->class_of[class.v]->stable : "");
}

static uint64_t circle_hash(const struct cy_ground *ground, const struct lv_finding *finding, uint64_t h)
{
    uint32_t n = finding->edge_count, first = 0;
    uint64_t *hashes = cli_alloc(n, sizeof(*hashes));

    for (uint32_t i = 0; i < n; i++) {
        hashes[i] = stable_hash(ground, finding->edges[i].wanted.class);
        if (hashes[i] < hashes[first])
            first = i;
    }
    for (uint32_t i = 0; i < n; i++)
        h = lv_hash_mix(h, hashes[(first + i) % n]);
    free(hashes);
    return h;
}

const char *cy_fingerprint(const struct cy_ground *ground, const struct lv_finding *finding, const char *state)
{
    uint64_t h = lv_hash_text(0, lv_finding_kind_name(finding->kind));
    char text[32];

    if (state != NULL) {
        h = lv_hash_text(h, state);
        h = lv_hash_mix(h, stable_hash(ground, finding->inside.record.class));
        h = lv_hash_mix(h, stable_hash(ground, finding->open.record.class));
    } else {
        h = circle_hash(ground, finding, h);
    }
    (void)snprintf(text, sizeof(text), "%016" PRIx64, h);
    return rec_pool_text(pool_of(ground), text);
}

/* ---- members ---- */

static struct rec_lock lock_of(const struct cy_ground *ground, const struct lv_held_record *record)
{
    struct rec_lock lock = *cy_place_of(ground, record)->lock;

    lock.class = ground->class_of[record->class.v];
    if (record->stack.v == 0) { /* one that was made up */
        lock.mode = record->mode == LV_WRITE ? REC_WRITE : record->mode == LV_READ ? REC_READ : REC_READ_RECURSIVE;
        lock.flags = record->flags;
    }
    lock.key = lock.name = lock.site = "";
    return lock;
}

static enum rec_step_kind kind_of(const struct cy_ground *ground, const struct lv_finding_edge *edge)
{
    switch (edge->kind) {
    case LV_REPORT_EDGE_WAIT:
        return REC_STEP_WAIT;
    case LV_REPORT_EDGE_INTERRUPT:
        return REC_STEP_INTERRUPT;
    case LV_REPORT_EDGE_COMPLETE:
        return lv_classes_get(&ground->classes, edge->held.class)->key.origin == LV_CLASS_JOIN ? REC_STEP_END
                                                                                               : REC_STEP_COMPLETE;
    default:
        return REC_STEP_LOCK;
    }
}

/* Of an edge that a context makes, what is wanted is another run's. */
static struct rec_step *steps_of(const struct cy_ground *ground, const struct lv_finding_edge *edges, size_t count)
{
    struct rec_step *steps = rec_pool_take(pool_of(ground), count, sizeof(*steps));

    for (size_t i = 0; i < count; i++) {
        const struct cy_place *held = cy_place_of(ground, &edges[i].held);

        steps[i] = (struct rec_step){ .kind = kind_of(ground, &edges[i]),
                                      .thread = held->thread,
                                      .held = lock_of(ground, &edges[i].held),
                                      .wanted = lock_of(ground, &edges[i].wanted),
                                      .run = held->run };
    }
    return steps;
}

static struct rec_side side_of(const struct cy_ground *ground, const struct lv_use *use)
{
    const struct cy_place *place = cy_place_of(ground, &use->record);

    return (struct rec_side){ .thread = place->thread, .lock = lock_of(ground, &use->record), .run = place->run };
}

/* What was held when the first edge was made. */
static void put_held(const struct cy_ground *ground, const struct lv_finding *from, struct rec_finding *finding)
{
    const struct lv_witness *witness;
    struct rec_lock *held;

    if (from->kind == LV_FINDING_SIGNAL || from->edges[0].wanted.stack.v == 0)
        return;
    witness = lv_witnesses_get(&ground->witnesses, (lv_witness_id){ from->edges[0].thread.v });
    held = rec_pool_take(pool_of(ground), witness->held_count, sizeof(*held));
    for (uint32_t i = 0; i < witness->held_count; i++)
        held[i] = lock_of(ground, &witness->held[i]);
    finding->held = held;
    finding->held_count = witness->held_count;
}

size_t cy_count_runs(const struct cy_ground *ground, const struct lv_finding_edge *edges, size_t count)
{
    size_t runs = 0;

    for (size_t i = 0; i < count; i++) {
        const struct rec_run *run = cy_place_of(ground, &edges[i].wanted)->run;
        size_t j = 0;

        while (j < i && cy_place_of(ground, &edges[j].wanted)->run != run)
            j++;
        runs += j == i && run != NULL;
    }
    return runs;
}

struct rec_finding *cy_finding_of(const struct cy_ground *ground, struct rec_process *process,
                                  const struct lv_finding *from, const char *state, bool is_signal,
                                  enum rec_verdict verdict, const struct cy_reasons *reasons, const char *fingerprint)
{
    struct rec_pool *pool = pool_of(ground);
    struct rec_finding *finding = rec_pool_take(pool, 1, sizeof(*finding));

    finding->process = process;
    finding->kind = rec_pool_text(pool, lv_finding_kind_name(from->kind));
    finding->verdict = verdict;
    finding->verdict_name = rec_pool_text(pool, rec_verdict_name(verdict));
    finding->before = finding->detail = finding->usage_state = "";
    finding->predicted_kind = finding->predicted_verdict = finding->predicted_fingerprint = "";
    finding->against = "";
    finding->suppressed_by = finding->suppressed_from = finding->suppressed_reason = "";
    finding->reason_count = reasons->count;
    finding->reasons = rec_pool_take(pool, reasons->count, sizeof(char *));
    for (size_t i = 0; i < reasons->count; i++)
        finding->reasons[i] = reasons->text[i];
    finding->fingerprint = fingerprint;
    finding->edges = steps_of(ground, from->edges, from->edge_count);
    finding->edge_count = from->edge_count;
    finding->acquisitions = finding->edges;
    finding->acquisition_count = finding->edge_count;
    if (from->acquisition_count != 0) {
        finding->acquisitions = steps_of(ground, from->acquisitions, from->acquisition_count);
        finding->acquisition_count = from->acquisition_count;
    }
    finding->thread = finding->edges[0].thread;
    finding->stack = finding->edges[0].wanted.stack;
    put_held(ground, from, finding);
    if (state != NULL) {
        finding->usage_state = rec_pool_text(pool, state);
        finding->usage_inside = side_of(ground, &from->inside);
        finding->usage_open = side_of(ground, &from->open);
        finding->has_subject = true;
        finding->subject = finding->usage_open.lock;
    }
    finding->text = finding->report = cy_report(ground, from, is_signal, finding);
    return finding;
}
