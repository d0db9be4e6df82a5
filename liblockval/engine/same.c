/* SPDX-License-Identifier: MIT */
/* A lock that is taken by the very thread that holds it. Its rules need no graph: the finding is made at once, before the call
 * that would hang, or after the one that returned an error. */

#include "engine/acquire.h"
#include "engine/here.h"
#include "engine/publish.h"

/* A finding about two acquisitions of one lock by one thread. */
static void publish_same_lock(struct lv_context *ctx, struct lv_thread *t, struct lv_finding *finding, uintptr_t site)
{
    struct lv_findings findings;
    struct lv_locked locked;

    t->guard++;
    lv_findings_init(&findings);
    locked = lv_context_lock(ctx);
    finding->edges[0].wanted.stack = lv_stack_here(ctx, site);
    lv_findings_add(ctx, &findings, t, finding);
    lv_context_unlock(ctx, &locked);
    lv_findings_publish(ctx, &findings);
    t->guard--;
}

void lv_acquire_same(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                     const struct lv_held *h)
{
    struct lv_finding_edge edge;
    struct lv_finding finding;
    struct lv_held_record mine = lv_held_record_of(h), wanted;

    /* Of a semaphore, another thread may post what this one waits for. */
    if (a->reentrant || a->kind == LV_KIND_SEM || (a->flags & LV_UNCHECKED) != 0)
        return;
    wanted = lv_acquisition_record(t, a);
    if (lv_check_same_lock(&mine, &wanted, t->info, &edge, &finding))
        publish_same_lock(ctx, t, &finding, a->site);
}

/* The call returned EDEADLK: the same finding, afterwards, and nobody is stuck. */
void lv_acquire_refused(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    const struct lv_held *h = lv_held_find(t, a->address);
    struct lv_finding_edge edge;
    struct lv_finding finding;
    struct lv_held_record mine, wanted;

    if (h == NULL || h->uid != a->uid || (a->flags & LV_UNCHECKED) != 0)
        return;
    mine = lv_held_record_of(h);
    wanted = lv_acquisition_record(t, a);
    if (lv_check_refused(&mine, &wanted, t->info, &edge, &finding))
        publish_same_lock(ctx, t, &finding, a->site);
}
