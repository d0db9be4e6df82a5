/* SPDX-License-Identifier: MIT */
/* Symbols that are read before the lock is taken, by one thread for all. */

#include "engine.h"
#include "engine/resolve.h"
#include "engine/symbols.h"

#include <pthread.h>

enum {
    THREADS = 4
};

/* The program's module; its symbols are not read yet. */
static const struct lv_module *this_module(void)
{
    struct lv_locked locked = lv_context_lock(&s->ctx);
    const struct lv_module *module = lv_modules_find(&s->ctx.modules, (uintptr_t)this_module);

    lv_context_unlock(&s->ctx, &locked);
    ck_assert_ptr_nonnull(module);
    ck_assert(!lv_modules_is_named(module));
    return module;
}

static void expect_name(void)
{
    struct lv_locked locked = lv_context_lock(&s->ctx);
    struct lv_symbol symbol;

    lv_modules_name(&s->ctx.modules, (uintptr_t)expect_name + 1, &symbol);
    lv_context_unlock(&s->ctx, &locked);
    ck_assert_str_eq(symbol.symbol, "expect_name");
    ck_assert_uint_eq(symbol.offset, 1);
    ck_assert_uint_gt(symbol.size, 1);
}

START_TEST(read_ahead)
{
    const struct lv_module *module = this_module();

    lv_symbols_prepare(&s->ctx, NULL);
    lv_symbols_prepare(&s->ctx, module);
    ck_assert(lv_modules_is_named(module));
    ck_assert(!lv_modules_read_ahead(module));
    lv_symbols_prepare(&s->ctx, module);
    expect_name();
}
END_TEST

static void *prepare(void *module)
{
    (void)scenario_thread(s, 1);
    lv_symbols_prepare(&s->ctx, module);
    ck_assert(lv_modules_is_named(module));
    return NULL;
}

START_TEST(read_ahead_by_several)
{
    const struct lv_module *module = this_module();
    pthread_t thread[THREADS];

    (void)scenario_thread(s, 1);
    for (unsigned i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, prepare, (void *)(uintptr_t)module), 0);
    for (unsigned i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    expect_name();
}
END_TEST

/* The thread that reads them never hands them over: the others wait for a while only, and names are there all the same. */
START_TEST(read_by_a_thread_that_is_gone)
{
    const struct lv_module *module = this_module();

    ck_assert(lv_modules_read_ahead(module));
    lv_symbols_prepare(&s->ctx, module);
    ck_assert(!lv_modules_is_named(module));
    expect_name();
    ck_assert(lv_modules_is_named(module));
}
END_TEST

/* They were read under the lock meanwhile: what was read ahead is given back. */
START_TEST(handed_over_too_late)
{
    const struct lv_module *module = this_module();
    struct lv_locked locked;

    ck_assert(lv_modules_read_ahead(module));
    expect_name();
    locked = lv_context_lock(&s->ctx);
    lv_modules_hand_over(module);
    lv_context_unlock(&s->ctx, &locked);
    expect_name();
}
END_TEST

/* A finding's report finds the names read: with the lock held nothing is left to be read. */
START_TEST(prepared_for_a_finding)
{
    const struct lv_module *module = this_module();
    const struct lv_class_key key = { LV_CLASS_STATIC, LV_KIND_MUTEX, module->first, 16, NULL };
    struct lv_finding finding = { .kind = LV_FINDING_UNLOCK };

    lv_resolve_prepare(&s->ctx, scenario_thread(s, 1), &finding);
    ck_assert(!lv_modules_is_named(module));
    finding.subject.class = lv_identity_class_of(&s->ctx, scenario_thread(s, 1), &key);
    lv_resolve_prepare(&s->ctx, scenario_thread(s, 1), &finding);
    ck_assert(lv_modules_is_named(module));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        read_ahead, read_ahead_by_several, read_by_a_thread_that_is_gone, handed_over_too_late, prepared_for_a_finding,
    };

    return engine_run("symbols", tests, LV_ARRAY_SIZE(tests));
}
