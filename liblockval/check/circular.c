/* SPDX-License-Identifier: MIT */
/*
 * The circular rule in steps:
 *   1. search a shortest strong path from the wanted class back to the held one, without timed acquisitions unless the
 *      new dependency is itself timed; failing that, with them;
 *   2. for every edge of the cycle take one witness as the evidence that is shown;
 *   3. judge: check/verdict.h.
 * The cycle starts with the new edge, as in lockdep's report: edges[0] leads from the held lock to the wanted one.
 */

#include "check/circular.h"

#include <errno.h>

#include "base/hash.h"
#include "check/evidence.h"
#include "check/verdict.h"

/* A witness of the step that has one of the bits by which the path is strong there. */
static struct lv_edge_witness witness_for(const struct lv_check *check, struct lv_step step)
{
    const struct lv_edge *edge = lv_digraph_edge(check->graph, step.edge);

    for (uint32_t i = 0; i < edge->witness_count; i++)
        if ((lv_edge_witness(edge, i)->bit & step.bits) != 0)
            return *lv_edge_witness(edge, i);
    return (struct lv_edge_witness){ 0 };
}

/* The same for every rotation of the cycle: the sum of a hash of each pair of neighbours. */
static uint64_t cycle_identity(const struct lv_finding *finding)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < finding->edge_count; i++)
        sum += lv_hash_mix(finding->edges[i].held.class.v, finding->edges[i].wanted.class.v);
    return lv_hash_mix(sum, (uint64_t)finding->kind << 8 | finding->timed);
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
    *ret = (struct lv_finding){ .kind = LV_FINDING_CIRCULAR, .timed = timed };
    if (lv_verdict_room(check, ret, (uint32_t)length + 1) < 0)
        return -ENOMEM;
    lv_verdict_show(check, at, &ret->edges[0]);
    ret->edge_numbers[0] = edge;
    for (int i = 0; i < length; i++) {
        struct lv_edge_witness found = witness_for(check, check->graph->path[i]);

        /* An edge loses its witness only when memory ran out between the two. */
        if (found.id.v == 0)
            return -ENOMEM;
        lv_verdict_show(check, found, &ret->edges[i + 1]);
        ret->edge_numbers[i + 1] = check->graph->path[i].edge;
    }
    for (uint32_t i = 0; i < ret->edge_count; i++)
        if (ret->edges[i].kind == LV_REPORT_EDGE_WAIT)
            ret->kind = LV_FINDING_EVENT;
    ret->identity = cycle_identity(ret);
    (void)lv_verdict_judge(check, ret, at);
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
        if (r == 0 || (found && finding.verdict <= ret->verdict))
            continue;
        *ret = finding;
        found = true;
    }
    if (found)
        ret->late = true;
    return found;
}
