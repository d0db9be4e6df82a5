/* SPDX-License-Identifier: MIT */
/*
 * The circular rule in steps:
 *   1. search a shortest strong path from the wanted class back to the held one, without timed acquisitions unless the
 *      new dependency is itself timed; failing that, with them;
 *   2. for every edge of the cycle take one witness as the evidence that is shown;
 *   3. say the verdict and why.
 * The cycle starts with the new edge, as in lockdep's report: edges[0] leads from the held lock to the wanted one.
 */

#include "check/circular.h"

#include <errno.h>

#include "base/hash.h"

/* The dependency bit that a witness stands for. */
static uint8_t bit_of(const struct lv_check *check, struct lv_edge_witness at)
{
    const struct lv_witness *witness = lv_witnesses_get(check->witnesses, at.id);

    return lv_dep_bit((enum lv_mode)witness->held[at.held].mode, (enum lv_mode)witness->wanted.mode,
                      (witness->wanted.flags & LV_TIMED) != 0);
}

bool lv_check_is_news(const struct lv_check *check, const struct lv_edge *edge, lv_thread_id thread,
                      const struct lv_held_record *held, const struct lv_held_record *wanted)
{
    uint8_t bit = lv_dep_bit((enum lv_mode)held->mode, (enum lv_mode)wanted->mode, (wanted->flags & LV_TIMED) != 0);

    for (uint32_t i = 0; i < edge->witness_count; i++) {
        const struct lv_witness *known = lv_witnesses_get(check->witnesses, edge->witness[i].id);

        if (known->thread.v == thread.v && known->wanted.uid == wanted->uid &&
            known->held[edge->witness[i].held].uid == held->uid && bit_of(check, edge->witness[i]) == bit)
            return false;
    }
    return true;
}

void lv_check_keep_witness(const struct lv_check *check, struct lv_edge *edge, struct lv_edge_witness at, bool fresh)
{
    unsigned seen = 0;

    if (edge->witness_count < LV_EDGE_WITNESSES) {
        edge->witness[edge->witness_count++] = at;
        return;
    }
    edge->witness_lost = true;
    for (uint32_t i = 0; fresh && i < edge->witness_count; i++) {
        uint8_t bit = bit_of(check, edge->witness[i]);

        if ((seen & bit) != 0) {
            edge->witness[i] = at;
            return;
        }
        seen |= bit;
    }
}

/* A witness of the step that has one of the bits by which the path is strong there. */
static struct lv_edge_witness witness_for(const struct lv_check *check, struct lv_step step)
{
    const struct lv_edge *edge = lv_digraph_edge(check->graph, step.edge);

    for (uint32_t i = 0; i < edge->witness_count; i++)
        if ((bit_of(check, edge->witness[i]) & step.bits) != 0)
            return edge->witness[i];
    return (struct lv_edge_witness){ { 0 }, 0 };
}

static void fill_edge(const struct lv_check *check, struct lv_finding_edge *ret, struct lv_edge_witness at)
{
    const struct lv_witness *witness = lv_witnesses_get(check->witnesses, at.id);

    ret->thread = witness->thread;
    ret->held = witness->held[at.held];
    ret->wanted = witness->wanted;
    ret->kind = ret->held.kind == LV_KIND_EVENT     ? LV_REPORT_EDGE_COMPLETE
                : ret->wanted.kind == LV_KIND_EVENT ? LV_REPORT_EDGE_WAIT
                                                    : LV_REPORT_EDGE_LOCK;
}

static uint32_t count_threads(const struct lv_finding *finding)
{
    uint32_t distinct = 0;

    for (uint32_t i = 0; i < finding->edge_count; i++) {
        uint32_t j = 0;

        while (j < i && finding->edges[j].thread.v != finding->edges[i].thread.v)
            j++;
        distinct += j == i;
    }
    return distinct;
}

static void judge(struct lv_finding *finding, bool timed)
{
    uint32_t n = finding->edge_count;
    uint32_t threads = count_threads(finding);
    uint32_t different = 0;
    bool event = false, semaphore = false;

    for (uint32_t i = 0; i < n; i++) {
        const struct lv_finding_edge *next = &finding->edges[(i + 1) % n];

        different += finding->edges[i].wanted.uid != next->held.uid;
        event |= finding->edges[i].kind == LV_REPORT_EDGE_WAIT;
        semaphore |= finding->edges[i].held.kind == LV_KIND_SEM;
    }
    finding->kind = event ? LV_FINDING_EVENT : LV_FINDING_CIRCULAR;
    finding->verdict = timed ? LV_VERDICT_GUARDED : LV_VERDICT_POTENTIAL;
    lv_finding_add_reason(finding, threads == 1 ? (struct lv_reason){ LV_REASON_ONE_THREAD, n, 0 }
                                                : (struct lv_reason){ LV_REASON_ACQUISITIONS, n, threads });
    lv_finding_add_reason(finding, different != 0 ? (struct lv_reason){ LV_REASON_DIFFERENT_INSTANCES, different, n }
                                                  : (struct lv_reason){ LV_REASON_SAME_INSTANCES, 0, 0 });
    if (event)
        lv_finding_add_reason(finding, (struct lv_reason){ LV_REASON_EVENT, 0, 0 });
    if (semaphore)
        lv_finding_add_reason(finding, (struct lv_reason){ LV_REASON_SEMAPHORE, 0, 0 });
    if (timed)
        lv_finding_add_reason(finding, (struct lv_reason){ LV_REASON_TIMED, 0, 0 });
}

/* The same for every rotation of the cycle: the sum of a hash of each pair of neighbours. */
static uint64_t cycle_identity(const struct lv_finding *finding)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < finding->edge_count; i++)
        sum += lv_hash_mix(finding->edges[i].held.class.v, finding->edges[i].wanted.class.v);
    return lv_hash_mix(sum, (uint64_t)finding->kind << 8 | (finding->verdict == LV_VERDICT_GUARDED));
}

int lv_check_circular(const struct lv_check *check, uint32_t edge, uint8_t bit, struct lv_edge_witness at,
                      struct lv_finding *ret)
{
    const struct lv_edge *new_edge = lv_digraph_edge(check->graph, edge);
    bool timed = (bit & LV_DEP_UNTIMED) == 0;
    int length = 0;

    if (!timed)
        length = lv_digraph_close(check->graph, new_edge->from, new_edge->to, bit, LV_DEP_UNTIMED);
    if (length == 0) {
        length = lv_digraph_close(check->graph, new_edge->from, new_edge->to, bit, LV_DEP_ALL);
        timed = true;
    }
    if (length <= 0)
        return length;
    *ret = (struct lv_finding){ .edge_count = (uint32_t)length + 1 };
    ret->edges = lv_arena_alloc(check->arena, ret->edge_count * sizeof(*ret->edges));
    if (ret->edges == NULL)
        return -ENOMEM;
    fill_edge(check, &ret->edges[0], at);
    for (int i = 0; i < length; i++) {
        struct lv_edge_witness found = witness_for(check, check->graph->path[i]);

        /* An edge loses its witness only when memory ran out between the two. */
        if (found.id.v == 0)
            return -ENOMEM;
        fill_edge(check, &ret->edges[i + 1], found);
    }
    judge(ret, timed);
    ret->identity = cycle_identity(ret);
    return 1;
}

int lv_check_kept_edge(const struct lv_check *check, uint32_t edge, struct lv_finding *ret)
{
    const struct lv_edge *kept = lv_digraph_edge(check->graph, edge);
    bool found = false;

    for (unsigned bit = 1; bit <= LV_DEP_ALL; bit <<= 1) {
        struct lv_edge_witness at = witness_for(check, (struct lv_step){ edge, (uint8_t)bit });
        struct lv_finding finding;
        int r;

        if ((kept->bits & bit) == 0 || at.id.v == 0)
            continue;
        r = lv_check_circular(check, edge, (uint8_t)bit, at, &finding);
        if (r < 0)
            return r;
        if (r == 0 || (found && finding.verdict == LV_VERDICT_GUARDED))
            continue;
        if (!found || ret->verdict == LV_VERDICT_GUARDED)
            *ret = finding;
        found = true;
    }
    if (found)
        ret->late = true;
    return found;
}
