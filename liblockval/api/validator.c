/* SPDX-License-Identifier: MIT */
/* The validator itself: off and on, the callback, counts, the version. */

#include <string.h>

#include "api/calls.h"

LOCKVAL_API void lockval_off(void)
{
    struct lv_thread *t = lv_self_any();

    if (t == NULL)
        return;
    t->off++;
    t->guard++;
    t->ever_off = true;
}

LOCKVAL_API void lockval_on(void)
{
    struct lv_thread *t = lv_self_any();

    if (t == NULL || t->off == 0)
        return;
    t->off--;
    t->guard--;
}

/* The library's report in the public shape. @fn is the program's, kept where callback_arg of the engine points. */
struct callback {
    lockval_report_fn fn;
    void *arg;
};

static void call_back(const struct lv_report *report, const char *text, void *arg)
{
    const struct callback *callback = arg;
    const struct lockval_report public = {
        .size = sizeof(public),
        .kind = lv_finding_kind_name(report->kind),
        .verdict = lv_verdict_name(report->verdict),
        .fingerprint = report->fingerprint,
        .text = text,
    };

    callback->fn(&public, callback->arg);
}

LOCKVAL_API lockval_report_fn lockval_set_report_callback(lockval_report_fn fn, void *arg)
{
    struct lv_context *ctx = &lv_process_context;
    struct lv_thread *t = lv_self_any(); /* a callback may end itself */
    struct callback *callback = NULL;
    lockval_report_fn old;
    struct lv_locked locked;

    if (t == NULL)
        return NULL;
    t->guard++;
    locked = lv_context_lock(ctx);
    old = ctx->callback_arg != NULL ? ((struct callback *)ctx->callback_arg)->fn : NULL;
    if (fn != NULL)
        callback = lv_arena_alloc(&ctx->arena, sizeof(*callback));
    if (callback != NULL)
        *callback = (struct callback){ fn, arg };
    /* A finding under way in another thread sees the old pair or the new one, never half of each. */
    ctx->callback = call_back;
    __atomic_store_n(&ctx->callback_arg, callback, __ATOMIC_RELEASE);
    lv_context_unlock(ctx, &locked);
    t->guard--;
    return old;
}

LOCKVAL_API unsigned lockval_count_findings(void)
{
    return __atomic_load_n(&lv_process_context.counted, __ATOMIC_RELAXED);
}

LOCKVAL_API const char *lockval_version(void)
{
    return LOCKVAL_VERSION_TEXT;
}
