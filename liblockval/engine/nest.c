/* SPDX-License-Identifier: MIT */
/*
 * A comparison function is asked each time, not once for each chain as in lockdep: it speaks of instances, and what was
 * right for two of them says nothing of the next. It is cheap, as only locks of one class that are held at once come here.
 *
 * A merged entry keeps the address of its first lock, so that the usual case (it is released last) finds it. When that lock
 * is released before others, the entry has no address any more: it must not be taken for the lock, which may have another
 * holder.
 */

#include "engine/nest.h"

#include "check/nesting.h"
#include "engine/acquire.h"
#include "engine/here.h"
#include "engine/publish.h"

enum {
    NOTE_SIZE = 64
};

void lv_nest_set_order(struct lv_context *ctx, lv_class_id base, const struct lv_class_order *order)
{
    struct lv_class *class = lv_classes_get(&ctx->classes, base);

    for (unsigned i = 0; i < LV_SUBCLASSES; i++)
        if (class->subclasses[i].v != 0)
            __atomic_store_n(&lv_classes_get(&ctx->classes, class->subclasses[i])->order, order, __ATOMIC_RELEASE);
}

/* ---- nest locks ---------------------------------------------------------------------------------------------------- */

static void report_nest(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_finding finding = {
        .kind = LV_FINDING_ASSERT,
        .verdict = LV_VERDICT_MISUSE,
        .subject = lv_acquisition_record(t, a),
        .nest = a->nest,
    };

    lv_finding_add_reason(&finding, (struct lv_reason){ LV_REASON_MISUSE, 0, 0 });
    lv_finding_publish(ctx, t, &finding, a->site);
}

/* What is not in the books may be held all the same: after lockval_off(), without memory, in a merged entry. */
static bool is_under(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    if (lv_held_find(t, a->nest) != NULL)
        return true;
    if (lv_nest_find(t, (lv_class_id){ 0 }) != NULL)
        return true;
    if (!t->ever_off && __atomic_load_n(&ctx->state, __ATOMIC_RELAXED) == LV_STATE_ON)
        report_nest(ctx, t, a);
    return false;
}

bool lv_nest_merge(struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_held *h = t->depth != 0 ? &t->held[t->depth - 1] : NULL;

    if (h == NULL || a->nest == 0 || !a->nested || a->paired || h->class.v != a->class.v || h->kind != a->kind ||
        h->mode != a->mode || h->flags != a->flags || h->level != t->level || h->inherited)
        return false;
    h->again++;
    h->nested = LV_NESTED_MERGED;
    return true;
}

struct lv_held *lv_nest_find(const struct lv_thread *t, lv_class_id base)
{
    for (uint32_t i = t->depth; i-- > 0;)
        if (t->held[i].nested == LV_NESTED_MERGED && (base.v == 0 || t->held[i].base.v == base.v))
            return &t->held[i];
    return NULL;
}

void lv_nest_count_down(struct lv_held *h, uintptr_t address)
{
    h->again--;
    if (h->nested != LV_NESTED_MERGED)
        return;
    if (h->address == address) {
        __atomic_store_n(&h->address, 0, __ATOMIC_RELAXED);
        h->uid = 0; /* nor is it evidence of holding that lock */
    } else if (h->again == 0 && h->address != 0) {
        h->nested = LV_NESTED_UNDER; /* only the first is left */
    }
}

/* ---- comparison functions ------------------------------------------------------------------------------------------ */

static const char *note_of(const struct lv_class_order *order, uintptr_t lock, char buf[NOTE_SIZE])
{
    if (order->print == NULL || lock == 0)
        return NULL;
    buf[0] = '\0';
    order->print((const void *)lock, buf, NOTE_SIZE);
    buf[NOTE_SIZE - 1] = '\0';
    return buf[0] != '\0' ? buf : NULL;
}

static void report_order(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                         const struct lv_held *h, const struct lv_class_order *order, int result)
{
    struct lv_held_record held = lv_held_record_of(h), wanted = lv_acquisition_record(t, a);
    char note_held[NOTE_SIZE], note_wanted[NOTE_SIZE];
    struct lv_finding_edge edge;
    struct lv_finding finding;
    struct lv_findings findings;
    struct lv_locked locked;

    if (!lv_check_compared(&held, &wanted, t->info, result, &edge, &finding))
        return;
    finding.note_held = note_of(order, held.address, note_held);
    finding.note_wanted = note_of(order, wanted.address, note_wanted);
    lv_findings_init(&findings);
    locked = lv_context_lock(ctx);
    edge.wanted.stack = lv_stack_here(ctx, a->site);
    lv_findings_add(ctx, &findings, t, &finding);
    lv_context_unlock(ctx, &locked);
    lv_findings_publish(ctx, &findings);
}

static void compare(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                    const struct lv_class_order *order)
{
    t->guard++;
    for (uint32_t i = t->depth; i-- > 0;) {
        const struct lv_held *h = &t->held[i];
        int result;

        if (h->class.v != a->class.v || h->address == 0 || h->level != t->level)
            continue;
        result = order->compare((const void *)h->address, (const void *)a->address);
        if (result < 0)
            continue;
        report_order(ctx, t, a, h, order, result);
        break;
    }
    t->guard--;
}

bool lv_nest_judge(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    const struct lv_class_order *order = lv_nest_order(ctx, a->base);

    if (a->nest != 0 && is_under(ctx, t, a))
        return true;
    if (order == NULL)
        return false;
    if ((a->flags & (LV_TRY | LV_UNCHECKED)) == 0)
        compare(ctx, t, a, order);
    return true;
}
