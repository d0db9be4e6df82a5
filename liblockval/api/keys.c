/* SPDX-License-Identifier: MIT */
/* Keys that come and go. The memory of a key is only an address here: it is never looked at. */

#include "api/calls.h"
#include "engine/publish.h"
#include "engine/zap.h"

static void fail(struct lv_thread *t, uintptr_t site, const void *key, const char *what)
{
    const struct lv_held_record none = { .address = 0 };
    char detail[160];
    struct lv_text text;

    lv_text_init(&text, detail, sizeof(detail));
    lv_text_printf(&text, "the key at %p %s", key, what);
    lv_finding_about(&lv_process_context, t, LV_FINDING_ASSERT, &none, site, detail);
}

LOCKVAL_API void lockval_register_key(struct lockval_key *key)
{
    struct lv_thread *t = lv_self_any(); /* off is for a while, the key for longer */
    int r;

    if (t == NULL)
        return;
    t->guard++;
    r = lv_key_register(&lv_process_context, (uintptr_t)key);
    t->guard--;
    if (r > 0 && t->guard == 0)
        fail(t, LV_CALL_SITE, key, "is being registered, but it is registered already");
}

LOCKVAL_API void lockval_unregister_key(struct lockval_key *key)
{
    struct lv_context *ctx = &lv_process_context;
    struct lv_thread *t = lv_self_any();
    struct lv_class_key class;
    bool was;

    if (t == NULL)
        return;
    class = lv_api_key(ctx, t, key, NULL, LV_KIND_MAP);
    t->guard++;
    was = lv_key_unregister(ctx, (uintptr_t)key);
    if (was)
        lv_zap_key(ctx, &class);
    t->guard--;
    if (!was && t->guard == 0)
        fail(t, LV_CALL_SITE, key, "is being unregistered, but it was not registered");
}

LOCKVAL_API void lockval_free_key_range(const void *start, unsigned long size)
{
    struct lv_thread *t = lv_self_any();

    if (t == NULL)
        return;
    t->guard++;
    lv_zap_range(&lv_process_context, (uintptr_t)start, (uintptr_t)start + size);
    t->guard--;
}
