/* SPDX-License-Identifier: MIT */
/*
 * A cycle of order has a class for each lock on the way round, a circle of threads only those that somebody waits for: a
 * thread may hold others in between. So the circle's classes are looked for in the cycle as a part of it, in the same order.
 * Locks of one class are told apart by their instances, where the finding does that, too.
 */

#include "engine/predicted.h"

/* Of the end of a thread? */
static bool is_join(const struct lv_context *ctx, lv_class_id class)
{
    return class.v != 0 && lv_classes_get(&ctx->classes, class)->key.origin == LV_CLASS_JOIN;
}

/* The lock or event in whose order the wait of @stuck stands. Of a condition variable that is the mutex, taken again under what
 * is held. */
static const struct lv_held_record *awaited(const struct lv_stuck *stuck)
{
    return stuck->wait == LV_WAITS_COND && stuck->with.class.v != 0 ? &stuck->with : &stuck->wanted;
}

/* Is what @stuck waits for this one, of a cycle? A wait for the end of a thread need not have the class that the order of
 * joins gave it, since such a class is chosen by what the thread takes. */
static bool is_this(const struct lv_context *ctx, const struct lv_stuck *stuck, const struct lv_held_record *record,
                    bool by_instance)
{
    const struct lv_held_record *wanted = awaited(stuck);

    if (stuck->wait == LV_WAITS_JOIN)
        return is_join(ctx, record->class) && (wanted->class.v == 0 || wanted->class.v == record->class.v);
    return wanted->class.v != 0 && wanted->class.v == record->class.v && (!by_instance || wanted->uid == record->uid);
}

/* A reader that waits behind a writer waits for the same lock as that one: both are one step. */
static uint32_t step_from(const struct lv_finding *finding, uint32_t i)
{
    while (i < finding->circle_count && finding->stuck[i].blocker_queued)
        i++;
    return i;
}

/* Are the circle's steps on the way round the cycle, begun at its edge number @first? */
static bool goes_round(const struct lv_context *ctx, const struct lv_finding *finding, const struct lv_finding *cycle,
                       uint32_t first)
{
    bool by_instance = cycle->kind == LV_FINDING_RECURSIVE;
    uint32_t step = step_from(finding, 0);

    for (uint32_t i = 0; i < cycle->edge_count && step < finding->circle_count; i++) {
        uint32_t at = (first + i) % cycle->edge_count;

        if (is_this(ctx, &finding->stuck[step], &cycle->edges[at].wanted, by_instance))
            step = step_from(finding, step + 1);
    }
    return step == finding->circle_count;
}

/* Do all wait for locks of this class? */
static bool is_all_of(const struct lv_finding *finding, lv_class_id class)
{
    for (uint32_t i = 0; i < finding->circle_count; i++)
        if (finding->stuck[i].wait != LV_WAITS_LOCK || finding->stuck[i].wanted.class.v != class.v)
            return false;
    return true;
}

/* A finding with one edge is about one class: a lock that its own holder takes, or two locks whose order is open. A reader
 * that takes its lock once more is stuck by itself as a writer, else by a writer of another thread. */
static bool says_so_of_class(const struct lv_finding *finding, const struct lv_finding *made)
{
    const struct lv_finding_edge *edge = &made->edges[0];
    bool alone = finding->circle_count == 1;

    if (!is_all_of(finding, edge->wanted.class))
        return false;
    if (made->kind == LV_FINDING_SIGNAL)
        return alone;
    return edge->held.uid == edge->wanted.uid ? alone || edge->held.mode != LV_WRITE : !alone;
}

static bool says_so(const struct lv_context *ctx, const struct lv_finding *finding, const struct lv_finding *made)
{
    if (made->kind != LV_FINDING_CIRCULAR && made->kind != LV_FINDING_RECURSIVE && made->kind != LV_FINDING_EVENT &&
        made->kind != LV_FINDING_SIGNAL)
        return false;
    if (made->edge_count == 1)
        return says_so_of_class(finding, made);
    if (finding->circle_count == 1)
        return false;
    for (uint32_t first = 0; first < made->edge_count; first++)
        if (goes_round(ctx, finding, made, first))
            return true;
    return false;
}

const struct lv_made *lv_predicted(const struct lv_context *ctx, const struct lv_finding *finding)
{
    for (uint32_t i = 0; finding->circle_count != 0 && i < ctx->made.count; i++) {
        const struct lv_made *made = lv_vec_at(&ctx->made, i);

        if (says_so(ctx, finding, &made->finding))
            return made;
    }
    return NULL;
}
