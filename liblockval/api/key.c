/* SPDX-License-Identifier: MIT */
/* From what an annotation gives to identities and classes. */

#include "api/calls.h"
#include "engine/site.h"
#include "engine/zap.h"

/* A key in memory that may be used again for something else: the program is told, once. It is no finding, as the order of the
 * locks may be right all the same. */
static void notice_unregistered(struct lv_context *ctx, struct lv_thread *t, const struct lockval_key *key,
                                const char *name)
{
    char buf[256];
    struct lv_text text;

    if (__atomic_load_n(&ctx->key_noticed, __ATOMIC_RELAXED))
        return;
    t->guard++;
    if (!lv_key_is_registered(ctx, (uintptr_t)key) && !__atomic_exchange_n(&ctx->key_noticed, true, __ATOMIC_RELAXED)) {
        lv_text_init(&text, buf, sizeof(buf));
        lv_text_printf(
            &text,
            "lockval: the key of '%s' at %p is neither static nor registered (lockval_register_key): when its "
            "memory is used again, its class is another's, too\n",
            name != NULL ? name : "?", (const void *)key);
        lv_context_say(ctx, buf, text.len);
    }
    t->guard--;
}

struct lv_class_key lv_api_key(struct lv_context *ctx, struct lv_thread *t, const struct lockval_key *key,
                               const char *name, enum lv_kind kind)
{
    struct lv_class_key ret = { .origin = LV_CLASS_NAME, .kind = kind, .name = name };

    if (key == NULL) {
        if (name == NULL)
            ret.name = "?";
        return ret;
    }
    t->guard++;
    ret.module = lv_site_module(ctx, (uintptr_t)key);
    t->guard--;
    ret.place = (uintptr_t)key - (ret.module != NULL ? ret.module->bias : 0);
    if (ret.module != NULL)
        ret.module = ret.module->first;
    else
        notice_unregistered(ctx, t, key, name);
    return ret;
}

bool lv_key_is(const struct lv_class_key *a, const struct lv_class_key *b)
{
    return a->origin == LV_CLASS_NAME && b->origin == LV_CLASS_NAME && a->module == b->module && a->place == b->place &&
           a->place != 0;
}

uint64_t lv_map_identity(struct lv_thread *t, struct lockval_map *map, enum lv_kind kind)
{
    struct lv_object object = lv_map_object(map, kind);
    uint64_t word = lv_identity_peek_guarded(&lv_process_context, t, &object);

    if (LV_UNLIKELY(word == 0)) {
        struct lv_class_key key = lv_api_key(&lv_process_context, t, map->lockval_key, map->lockval_name, kind);

        word = lv_identity_adopt_as(&lv_process_context, t, &object, &key);
    }
    return word;
}

struct lv_object lv_pthread_object(void *lock, enum lockval_kind kind)
{
    switch (kind) {
    case LOCKVAL_MUTEX:
        return lv_mutex_object(&lv_process_context, lock);
    case LOCKVAL_RWLOCK:
        return lv_rwlock_object(&lv_process_context, lock);
    default:
        return lv_spin_object(lock);
    }
}
