/* SPDX-License-Identifier: MIT */
/* From what an annotation gives to identities and classes. */

#include "api/calls.h"
#include "engine/site.h"

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
