/* SPDX-License-Identifier: MIT */
/*
 * Types that the program stated are judged, and those that only follow from a kind or a level where the other side is
 * stated; strict=1 judges all locks. Why so: docs/adr/0022-wait-types.md.
 */

#include "engine/wait.h"

#include "engine/acquire.h"
#include "engine/usage.h"

static uint8_t type_of_context(const struct lv_context *ctx, uint32_t context, bool stated)
{
    if (ctx->context_wait[context] != LV_WAIT_UNCHECKED)
        return ctx->context_wait[context];
    if (!stated)
        return LV_WAIT_UNCHECKED;
    return ctx->context_level[context] == 0 ? LV_WAIT_SPIN : LV_WAIT_CONFIG;
}

static struct lv_wait_limit limit_of_contexts(const struct lv_context *ctx, const struct lv_thread *t, bool stated)
{
    struct lv_wait_limit limit = lv_wait_no_limit();

    for (uint32_t i = 0; i < ctx->context_count; i++)
        if (lv_context_is_entered(t, (int)i))
            lv_wait_lower(&limit, type_of_context(ctx, i, stated),
                          (struct lv_wait_limit){ .by = LV_WAIT_BY_CONTEXT, .number = i });
    return limit;
}

/* Of the locks that the thread took in the context that it is in: what it interrupted is not held by this code. */
static void lower_by_locks(const struct lv_context *ctx, const struct lv_thread *t, bool stated,
                           struct lv_wait_limit *limit)
{
    for (uint32_t i = 0; i < t->depth; i++) {
        const struct lv_wait_limit by = { .by = LV_WAIT_BY_LOCK, .number = i };
        struct lv_wait wait;

        if (t->held[i].level != t->level)
            continue;
        wait = lv_wait_of(lv_classes_get(&ctx->classes, t->held[i].class));
        if (wait.override)
            *limit = lv_wait_no_limit();
        if (wait.stated || stated || ctx->options.strict)
            lv_wait_lower(limit, wait.inner, by);
    }
}

static void say_by(const struct lv_context *ctx, const struct lv_wait_limit *limit, struct lv_text *out)
{
    const char *name = limit->by == LV_WAIT_BY_CONTEXT ? ctx->context_name[limit->number] : NULL;

    if (limit->by == LV_WAIT_BY_CONTEXT)
        lv_text_printf(out, "context '%s' is entered", name != NULL ? name : "?");
    else
        lv_text_printf(out, "lock #%u is held", limit->number);
}

static void report(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t,
                   const struct lv_acquisition *a, uint8_t wanted, const struct lv_wait_limit *limit, uint8_t context)
{
    struct lv_finding finding = {
        .kind = LV_FINDING_WAIT_CONTEXT,
        .verdict = LV_VERDICT_POTENTIAL,
        .subject = lv_acquisition_record(t, a),
        .at = a->stack,
        .wait_context = context,
    };
    char detail[160];
    struct lv_text text;

    if (limit->by == LV_WAIT_BY_LOCK)
        finding.limit = t->held[limit->number].class;
    lv_text_init(&text, detail, sizeof(detail));
    lv_text_printf(&text, "which waits by type %u (%s), where no more than %u (%s) is allowed: ", wanted,
                   lv_wait_word(wanted), limit->allowed, lv_wait_word(limit->allowed));
    say_by(ctx, limit, &text);
    finding.detail = detail;
    lv_finding_add_reason(&finding, (struct lv_reason){ LV_REASON_WAIT_TYPES, 0, 0 });
    finding.identity =
        lv_hash_mix(lv_hash_mix((uint64_t)finding.kind << 8 | limit->allowed, a->class.v),
                    (uint64_t)limit->by << 32 | (finding.limit.v != 0 ? finding.limit.v : limit->number));
    lv_findings_add(ctx, findings, t, &finding);
}

void lv_wait_judge(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t,
                   const struct lv_acquisition *a)
{
    struct lv_wait wanted = lv_wait_of(lv_classes_get(&ctx->classes, a->class));
    struct lv_wait_limit limit;
    uint8_t context;

    if (wanted.outer == LV_WAIT_UNCHECKED || (a->flags & (LV_TRY | LV_UNCHECKED)) != 0 ||
        lv_class_standing(&ctx->classes, a->base) != LV_CLASS_IS_LOCK)
        return;
    limit = limit_of_contexts(ctx, t, wanted.stated);
    context = limit.allowed;
    lower_by_locks(ctx, t, wanted.stated, &limit);
    if (wanted.outer > limit.allowed)
        report(ctx, findings, t, a, wanted.outer, &limit, context);
}

/* What was judged by other types is judged again. Context: lock held. */
static void forget_chains(struct lv_context *ctx)
{
    lv_chains_clear(&ctx->chains);
    lv_chains_clear(&ctx->pairs.chains);
    for (struct lv_thread *t = ctx->threads; t != NULL; t = t->next)
        lv_thread_empty_cache(t);
}

static bool set(struct lv_class *class, const struct lv_wait *wait)
{
    bool changed = class->wait_stated != wait->stated || class->wait_outer != wait->outer ||
                   class->wait_inner != wait->inner || class->wait_override != wait->override;

    class->wait_outer = wait->outer;
    class->wait_inner = wait->inner;
    class->wait_stated = wait->stated;
    class->wait_override = wait->override;
    return changed && class->usage != 0;
}

void lv_wait_set_class(struct lv_context *ctx, lv_class_id class, const struct lv_wait *wait)
{
    struct lv_locked locked = lv_context_lock(ctx);
    struct lv_class *base = lv_classes_get(&ctx->classes, lv_classes_get(&ctx->classes, class)->base);
    bool stale = false;

    for (unsigned i = 0; i < LV_SUBCLASSES; i++)
        if (base->subclasses[i].v != 0)
            stale |= set(lv_classes_get(&ctx->classes, base->subclasses[i]), wait);
    if (stale)
        forget_chains(ctx);
    lv_context_unlock(ctx, &locked);
}

void lv_wait_set_context(struct lv_context *ctx, int context, uint8_t allowed)
{
    struct lv_locked locked = lv_context_lock(ctx);

    if (context >= 0 && (uint32_t)context < ctx->context_count && ctx->context_wait[context] != allowed) {
        ctx->context_wait[context] = allowed;
        forget_chains(ctx);
    }
    lv_context_unlock(ctx, &locked);
}
