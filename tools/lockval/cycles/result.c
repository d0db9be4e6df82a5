/* SPDX-License-Identifier: MIT */
/*
 * A circle is judged twice by the library's judge: by the order of classes alone when it is found, and then as if all locks of
 * one class were one lock. If nothing is left then that nothing keeps from meeting, a class is held by all that could meet.
 * Whether that is one lock nobody can say over runs. But a run that saw the whole circle knew, and judged it.
 */

#include "cycles/result.h"

#include <stdlib.h>
#include <string.h>

#include "check/verdict.h"
#include "common/memory.h"
#include "common/sort.h"
#include "cycles/circles.h"
#include "cycles/finding.h"
#include "cycles/made.h"
#include "cycles/uses.h"
#include "record/reader.h"

struct look {
    struct cy_ground *ground;
    struct rec_process *process;
    struct cy_all_made *made;
    size_t count;
    struct rec_finding **list;
};

static void add_reason(struct look *look, struct cy_reasons *reasons, char *text)
{
    if (reasons->count < CY_REASONS)
        reasons->text[reasons->count++] = rec_pool_text(look->process->set->books->pool, text);
    free(text);
}

/* In the library's words. */
static void add_library_reason(struct look *look, struct cy_reasons *reasons, unsigned what, uint32_t a, uint32_t b)
{
    char buf[1024];
    struct lv_text text;

    lv_text_init(&text, buf, sizeof(buf));
    lv_reason_text(&(const struct lv_reason){ what, a, b }, NULL, NULL, &text);
    add_reason(look, reasons, cli_strdup(buf));
}

/* ---- circles ---- */

/* Does a class that all hold keep all choices of witnesses from meeting? */
static bool is_gated(struct look *look, struct cy_circle *circle)
{
    const struct lv_check check = cy_check(look->ground, false);

    (void)lv_verdict_judge(&check, &circle->finding, (struct lv_edge_witness){ 0 });
    return circle->finding.verdict == LV_VERDICT_GUARDED;
}

/* Did runs that judged the circle guarded do all of it that is known? */
static bool is_all_judged(struct look *look, const struct cy_circle *circle, const struct cy_made *made)
{
    for (uint32_t p = 0; p < circle->finding.edge_count; p++) {
        const struct lv_edge *edge = lv_digraph_edge(&look->ground->graph, circle->finding.edge_numbers[p]);

        if (edge->witness_lost)
            return false;
        for (uint32_t i = 0; i < edge->witness_count; i++) {
            const struct lv_witness *witness = lv_witnesses_get(&look->ground->witnesses, lv_edge_witness(edge, i)->id);

            if ((witness->wanted.flags & LV_TIMED) == 0 &&
                !cy_made_by(made, cy_place_of(look->ground, &witness->wanted)->run))
                return false;
        }
    }
    return true;
}

/* Which acquisitions close the circle: those that the judge chose, else its edges. */
static const struct lv_finding_edge *acquisitions_of(const struct lv_finding *finding, size_t *ret_count)
{
    *ret_count = finding->acquisition_count != 0 ? finding->acquisition_count : finding->edge_count;
    return finding->acquisition_count != 0 ? finding->acquisitions : finding->edges;
}

static void say_runs(struct look *look, const struct lv_finding *finding, bool judged, struct cy_reasons *reasons)
{
    size_t count, runs;
    const struct lv_finding_edge *acquisitions = acquisitions_of(finding, &count);

    runs = cy_count_runs(look->ground, acquisitions, count);
    if (runs > 1)
        add_reason(look, reasons,
                   cli_printf("different runs: %zu acquisitions in %zu runs%s", count, runs,
                              judged ? "" : ", and none of the runs saw the whole circle"));
    else if (runs == 1)
        add_reason(look, reasons,
                   cli_printf("one run made all %zu acquisitions, and did not judge them by itself", count));
    else
        add_reason(look, reasons, cli_strdup("different runs: which ones is not known"));
    if (judged)
        add_reason(look, reasons,
                   cli_strdup("a run that saw the whole circle judged it guarded, and another run did a part of it in "
                              "a way that this says nothing about"));
}

static void say_gates(struct look *look, const struct lv_finding *finding, struct cy_reasons *reasons)
{
    for (uint32_t i = 0; i < finding->reason_count; i++) {
        const struct rec_class *class;

        if (finding->reasons[i].what != LV_REASON_GATE)
            continue;
        class = look->ground->class_of[finding->reasons[i].a];
        add_reason(look, reasons,
                   cli_printf("gate lock of another run: acquisitions hold a lock of (%s), and whether it is the same "
                              "one is known within a run only",
                              class->name));
    }
}

static bool has_kind(const struct lv_finding *finding, enum lv_kind kind)
{
    for (uint32_t i = 0; i < finding->edge_count; i++)
        if (finding->edges[i].held.kind == kind)
            return true;
    return false;
}

static bool has_join(struct look *look, const struct lv_finding *finding)
{
    for (uint32_t i = 0; i < finding->edge_count; i++)
        if (finding->edges[i].held.kind == LV_KIND_EVENT &&
            lv_classes_get(&look->ground->classes, finding->edges[i].held.class)->key.origin != LV_CLASS_JOIN)
            return false;
    return true;
}

/* The youngest edge comes first: it closed the circle. */
static void rotate(struct look *look, struct lv_finding *finding)
{
    uint32_t n = finding->edge_count, first = 0;
    struct lv_finding_edge *edges = cli_alloc(n, sizeof(*edges));
    uint32_t *numbers = cli_alloc(n, sizeof(*numbers));
    const struct rec_edge *youngest = NULL;

    for (uint32_t i = 0; i < n; i++) {
        const struct rec_edge *edge = rec_edge(look->process, look->ground->class_of[finding->edges[i].held.class.v],
                                               look->ground->class_of[finding->edges[i].wanted.class.v]);
        int order = youngest == NULL || edge == NULL ? 1 : strcmp(edge->from->key, youngest->from->key);

        if (edge != NULL && (youngest == NULL || edge->seen.first_ms > youngest->seen.first_ms ||
                             (edge->seen.first_ms == youngest->seen.first_ms && order < 0))) {
            youngest = edge;
            first = i;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        edges[i] = finding->edges[(first + i) % n];
        numbers[i] = finding->edge_numbers[(first + i) % n];
    }
    memcpy(finding->edges, edges, n * sizeof(*edges));
    memcpy(finding->edge_numbers, numbers, n * sizeof(*numbers));
    free(edges);
    free(numbers);
}

static void add_finding(struct look *look, struct rec_finding *finding)
{
    rec_append(&look->list, &look->count, finding);
}

static void put_circle(struct look *look, struct cy_circle *circle, struct cy_made *made, bool gated)
{
    struct lv_finding *finding = &circle->finding;
    struct cy_reasons reasons = { 0 };
    const char *fingerprint = made != NULL ? made->best->fingerprint : cy_fingerprint(look->ground, finding, NULL);

    say_runs(look, finding, made != NULL, &reasons);
    if (gated && !finding->timed)
        say_gates(look, finding, &reasons);
    if (finding->timed)
        add_library_reason(look, &reasons, LV_REASON_TIMED, 0, 0);
    if (finding->kind == LV_FINDING_EVENT)
        add_library_reason(look, &reasons, has_join(look, finding) ? LV_REASON_JOIN : LV_REASON_EVENT, 0, 0);
    if (has_kind(finding, LV_KIND_SEM))
        add_library_reason(look, &reasons, LV_REASON_SEMAPHORE, 0, 0);
    add_finding(look, cy_finding_of(look->ground, look->process, finding, NULL, false,
                                    finding->timed ? REC_GUARDED : REC_POTENTIAL, &reasons, fingerprint));
}

/* A circle that may be shown, and how it stands. */
struct candidate {
    struct cy_circle *circle; /* null: one that only runs found, since there are shorter ones */
    struct cy_made *made;     /* null: no run found it */
    bool shown;               /* it is among what runs found, and stands as they said */
    bool gated, harmless;     /* harmless: guarded */
    size_t length, order;
    size_t edge_count; /* its edges, by their numbers in the graph; 0: one is not known */
    uint32_t *edges;
};

static void judge(struct look *look, struct candidate *candidate)
{
    struct cy_circle *circle = candidate->circle;
    struct cy_made *made = candidate->made;

    candidate->harmless = circle->finding.timed;
    candidate->shown = made != NULL && (made->best->verdict > REC_GUARDED || circle->finding.timed);
    if (candidate->shown) {
        candidate->harmless = made->best->verdict <= REC_GUARDED;
        return;
    }
    rotate(look, &circle->finding);
    candidate->gated = is_gated(look, circle);
    if (made == NULL)
        return;
    candidate->shown = candidate->harmless = candidate->gated || is_all_judged(look, circle, made);
    made->shown = candidate->shown;
}

/* The edges of a circle that a run found, in the graph of all. */
static void find_edges(struct look *look, struct candidate *candidate)
{
    const struct rec_finding *finding = candidate->made->best;

    candidate->edges = cli_alloc(finding->edge_count + 1, sizeof(*candidate->edges));
    for (size_t i = 0; i < finding->edge_count; i++) {
        uint32_t number = lv_digraph_find(&look->ground->graph, cy_class(look->ground, finding->edges[i].held.class).v,
                                          cy_class(look->ground, finding->edges[i].wanted.class).v);

        if (number == 0) {
            candidate->edge_count = 0;
            return;
        }
        candidate->edges[candidate->edge_count++] = number;
    }
}

static int by_length(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    if (x->shown != y->shown)
        return x->shown ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* Are there edges of it that no circle has which is shown already, and is as bad? They are shown then. */
static bool covers_more(struct candidate *candidate, bool *covered)
{
    bool more = false;

    for (size_t i = 0; i < candidate->edge_count; i++) {
        more |= !covered[candidate->edges[i]];
        covered[candidate->edges[i]] = true;
    }
    return more;
}

static size_t candidates_of(struct look *look, const struct cy_circles *circles, struct candidate *list)
{
    size_t count = 0;

    for (size_t i = 0; i < circles->count; i++) {
        struct cy_circle *circle = circles->list[i];
        struct candidate *candidate = &list[count];

        *candidate = (struct candidate){ .circle = circle,
                                         .made = cy_made_circle(look->made, circle->identity),
                                         .length = circle->finding.edge_count,
                                         .order = count++,
                                         .edge_count = circle->finding.edge_count };
        judge(look, candidate);
        candidate->edges = cli_alloc(candidate->edge_count, sizeof(*candidate->edges));
        memcpy(candidate->edges, circle->finding.edge_numbers, candidate->edge_count * sizeof(*candidate->edges));
    }
    for (size_t i = 0; i < look->made->count; i++) {
        struct cy_made *made = look->made->list[i];
        struct candidate *candidate = &list[count];

        if (made->identity == 0 || rec_index_find(&circles->by_name, made->identity) != NULL)
            continue;
        *candidate = (struct candidate){ .made = made,
                                         .shown = true,
                                         .harmless = made->best->verdict <= REC_GUARDED,
                                         .length = made->best->edge_count,
                                         .order = count++ };
        find_edges(look, candidate);
    }
    return count;
}

/* The run that made all of it; null: there is none, or more than one. */
static const struct rec_run *only_run(struct look *look, const struct lv_finding *finding)
{
    size_t count;
    const struct lv_finding_edge *acquisitions = acquisitions_of(finding, &count);

    return cy_count_runs(look->ground, acquisitions, count) == 1
               ? cy_place_of(look->ground, &acquisitions[0].wanted)->run
               : NULL;
}

static bool share_an_edge(const struct candidate *a, const struct candidate *b)
{
    for (size_t i = 0; i < a->edge_count; i++)
        for (size_t j = 0; j < b->edge_count; j++)
            if (a->edges[i] == b->edges[j])
                return true;
    return false;
}

/* Did one run make all of it, and say so by another circle through one of its edges? It says one for the edge that closes several. */
static bool is_said(struct look *look, const struct candidate *candidate, const struct candidate *list, size_t count)
{
    const struct rec_run *run = candidate->made == NULL ? only_run(look, &candidate->circle->finding) : NULL;

    for (size_t i = 0; run != NULL && i < count; i++)
        if (list[i].shown && cy_made_by(list[i].made, run) && share_an_edge(candidate, &list[i]))
            return true;
    return false;
}

/*
 * Of a part in which everything reaches everything each edge has its own shortest circle, and most of these say the same in other
 * words. A circle is shown if it has an edge that no circle has which is as short, and as bad.
 */
static void look_at_circles(struct look *look, const struct cy_circles *circles)
{
    struct candidate *list = cli_alloc(circles->count + look->made->count + 1, sizeof(*list));
    size_t count = candidates_of(look, circles, list), edges = look->ground->graph.edges.count + 1;
    bool *bad = cli_alloc(edges, sizeof(*bad)), *any = cli_alloc(edges, sizeof(*any));

    cli_sort(list, count, sizeof(*list), by_length);
    for (size_t i = 0; i < count; i++) {
        bool more;

        if (!list[i].shown && is_said(look, &list[i], list, count))
            continue;
        more = covers_more(&list[i], any);

        if (!list[i].harmless)
            more = covers_more(&list[i], bad);
        if (!list[i].shown && (more || list[i].made != NULL))
            put_circle(look, list[i].circle, list[i].made, list[i].gated);
    }
    for (size_t i = 0; i < count; i++)
        free(list[i].edges);
    free(bad);
    free(any);
    free(list);
}

/* ---- contexts ---- */

static void look_at_inversion(struct look *look, const struct cy_inversion *inversion)
{
    const struct lv_finding *finding = &inversion->finding;
    const struct rec_run *inside, *open;
    struct cy_reasons reasons = { 0 };

    if (cy_made_use(look->made, inversion->state, finding->inside.record.class, finding->open.record.class) != NULL)
        return;
    inside = cy_place_of(look->ground, &finding->inside.record)->run;
    open = cy_place_of(look->ground, &finding->open.record)->run;
    add_reason(look, &reasons,
               inside == open && inside != NULL
                   ? cli_printf("different runs: one run did both, and another one took the locks in this order")
                   : cli_printf("different runs: one ran the context, another could be interrupted by it while it "
                                "held a lock"));
    add_finding(look, cy_finding_of(look->ground, look->process, finding, inversion->state, inversion->is_signal,
                                    REC_POTENTIAL, &reasons, cy_fingerprint(look->ground, finding, inversion->state)));
}

/* ---- all of it ---- */

/* The findings of the runs, each once. */
static void add_made(struct look *look)
{
    struct rec_pool *pool = look->process->set->books->pool;

    for (size_t i = 0; i < look->made->count; i++) {
        struct cy_made *made = look->made->list[i];
        struct rec_finding *best = made->best;

        for (size_t j = 0; j < made->count; j++) {
            if (made->all[j] == best || !made->shown)
                continue;
            if (best->also == NULL)
                best->also = rec_pool_take(pool, made->count, sizeof(struct rec_run *));
            if (made->all[j]->run != NULL)
                best->also[best->also_count++] = made->all[j]->run;
        }
        if (made->shown)
            add_finding(look, best);
    }
}

static int by_fingerprint(const void *a, const void *b)
{
    const struct rec_finding *x = *(struct rec_finding *const *)a, *y = *(struct rec_finding *const *)b;
    int order = strcmp(x->fingerprint, y->fingerprint);

    if (order == 0)
        order = (x->verdict < y->verdict) - (x->verdict > y->verdict);
    if (order == 0)
        order = strcmp(x->text, y->text);
    return order;
}

/* The process's findings are those of the list from now on. */
static void replace(struct look *look, const struct cy_options *options, struct cy_result *ret)
{
    struct rec_process *process = look->process;

    for (size_t i = 0; i < look->count; i++)
        look->list[i]->number = 0;
    cli_sort(look->list, look->count, sizeof(struct rec_finding *), by_fingerprint);
    for (size_t i = 0; i < look->count; i++) {
        struct rec_finding *finding = look->list[i];

        finding->number = (unsigned)i + 1;
        finding->counts = !options->never && finding->verdict >= options->fail_on && finding->suppressed_by[0] == '\0';
        json_incref(finding->line);
    }
    for (size_t i = 0; i < process->finding_count; i++)
        json_decref(process->findings[i]->line);
    free(process->findings);
    process->findings = look->list;
    process->finding_count = look->count;
    ret->count = look->count;
    ret->findings = look->list;
}

bool cy_look(struct rec_process *process, const struct cy_options *options, struct cy_result *ret)
{
    struct look look = { .ground = cy_ground_of(process), .process = process };
    struct cy_circles *circles;
    struct cy_inversions inversions = { 0 };
    bool done;

    *ret = (struct cy_result){ 0 };
    if (look.ground == NULL)
        return false;
    circles = cy_circles_of(look.ground, options->most);
    done = circles != NULL && cy_uses_of(look.ground, options->most, &inversions);
    if (done) {
        look.made = cy_made_of(look.ground);
        look_at_circles(&look, circles);
        for (size_t i = 0; i < inversions.count; i++)
            look_at_inversion(&look, &inversions.list[i]);
        ret->made = look.count;
        add_made(&look);
        ret->made = look.count - ret->made;
        ret->left_out = circles->left_out + inversions.left_out;
        replace(&look, options, ret);
        cy_made_free(look.made);
    }
    cy_uses_free(&inversions);
    cy_circles_free(circles);
    cy_ground_free(look.ground);
    return done;
}
