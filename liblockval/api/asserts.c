/* SPDX-License-Identifier: MIT */
/* Claims about the thread, not about one lock: what it holds at all, in which contexts it is, which could interrupt it. And
 * what it holds, shown. */

#include "api/calls.h"
#include "engine/publish.h"
#include "engine/show.h"
#include "engine/usage.h"

static void fail(struct lv_thread *t, uintptr_t site, const char *detail)
{
    const struct lv_held_record none = { .address = 0 };

    lv_finding_about(&lv_process_context, t, LV_FINDING_ASSERT, &none, site, detail);
}

LOCKVAL_API void lockval_assert(int is_true, const char *claim)
{
    struct lv_thread *t = lv_self();
    char detail[256];
    struct lv_text text;

    if (t == NULL || is_true)
        return;
    lv_text_init(&text, detail, sizeof(detail));
    lv_text_printf(&text, "it is not true that: %s", claim != NULL ? claim : "?");
    fail(t, LV_CALL_SITE, detail);
}

LOCKVAL_API void lockval_assert_none_held(void)
{
    struct lv_thread *t = lv_self();

    if (t != NULL && t->depth != 0)
        fail(t, LV_CALL_SITE, "holds locks, though the program asserts that it holds none");
}

/* ---- contexts ------------------------------------------------------------------------------------------------------ */

/* Memory of the caller for a name and a sentence. */
struct sentence {
    char buf[192];
};

static bool is_declared(int context)
{
    return context >= 0 && (uint32_t)context < __atomic_load_n(&lv_process_context.context_count, __ATOMIC_ACQUIRE);
}

static const char *say(struct sentence *sentence, int context, const char *what)
{
    const char *name = lv_process_context.context_name[context];
    struct lv_text text;

    lv_text_init(&text, sentence->buf, sizeof(sentence->buf));
    lv_text_printf(&text, "context '%s' %s", name != NULL ? name : "?", what);
    return sentence->buf;
}

static void claim_entered(int context, bool entered, uintptr_t site)
{
    struct lv_thread *t = lv_self();
    struct sentence sentence;

    if (t == NULL || !is_declared(context) || lv_context_is_entered(t, context) == entered)
        return;
    fail(t, site,
         say(&sentence, context,
             entered ? "is not entered, though the program asserts it"
                     : "is entered, though the program asserts that it is not"));
}

static void claim_open(int context, bool open, uintptr_t site)
{
    struct lv_thread *t = lv_self();
    struct sentence sentence;

    if (t == NULL || !is_declared(context) || lv_context_is_open(&lv_process_context, t, context) == open)
        return;
    fail(t, site,
         say(&sentence, context,
             open ? "cannot interrupt here, though the program asserts that it can"
                  : "can interrupt here, though the program asserts that it cannot"));
}

LOCKVAL_API void lockval_assert_in_context(int context)
{
    claim_entered(context, true, LV_CALL_SITE);
}

LOCKVAL_API void lockval_assert_not_in_context(int context)
{
    claim_entered(context, false, LV_CALL_SITE);
}

LOCKVAL_API void lockval_assert_context_enabled(int context)
{
    claim_open(context, true, LV_CALL_SITE);
}

LOCKVAL_API void lockval_assert_context_disabled(int context)
{
    claim_open(context, false, LV_CALL_SITE);
}

/* ---- what is held -------------------------------------------------------------------------------------------------- */

LOCKVAL_API int lockval_depth(void)
{
    const struct lv_thread *t = lv_self();

    if (t == NULL || __atomic_load_n(&lv_process_context.state, __ATOMIC_RELAXED) != LV_STATE_ON)
        return -1;
    return (int)t->depth;
}

LOCKVAL_API void lockval_show_held(void)
{
    struct lv_thread *t = lv_self();

    if (t == NULL)
        return;
    t->guard++;
    lv_show_held(&lv_process_context, t);
    t->guard--;
}

LOCKVAL_API void lockval_show_all_held(void)
{
    struct lv_thread *t = lv_self();

    if (t == NULL)
        return;
    t->guard++;
    lv_show_all_held(&lv_process_context);
    t->guard--;
}
