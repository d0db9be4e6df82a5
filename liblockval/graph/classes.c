/* SPDX-License-Identifier: MIT */
/* Classes are added under the owner's lock and never removed: a module's classes survive its unloading in reports. */

#include "graph/classes.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"

int lv_classes_init(struct lv_classes *classes, struct lv_arena *arena)
{
    uint32_t unused;

    classes->arena = arena;
    lv_vec_init(&classes->all, arena, sizeof(struct lv_class));
    lv_table_init(&classes->by_key, arena);
    lv_table_init(&classes->names, arena);
    return lv_vec_add(&classes->all, &unused) != NULL ? 0 : -ENOMEM;
}

static bool same_key(const struct lv_class_key *a, const struct lv_class_key *b)
{
    if (a->origin != b->origin || a->module != b->module || a->place != b->place)
        return false;
    if (a->origin != LV_CLASS_NAME)
        return a->kind == b->kind;
    return a->place != 0 || strcmp(a->name, b->name) == 0;
}

static uint64_t hash_key(const struct lv_class_key *key)
{
    uint64_t h = lv_hash_mix(key->place, (uint64_t)(uintptr_t)key->module);

    if (key->origin == LV_CLASS_NAME)
        return key->place != 0 ? lv_hash_mix(h, LV_CLASS_NAME) : lv_hash_text(LV_CLASS_NAME, key->name);
    return lv_hash_mix(h, (uint64_t)key->origin << 8 | (uint64_t)key->kind);
}

static const char *copy_text(struct lv_classes *classes, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = lv_arena_alloc(classes->arena, size);

    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

/* Fill in a new class from its key; false without memory. */
static bool set_up(struct lv_classes *classes, struct lv_class *class, uint32_t number, const struct lv_class_key *key)
{
    class->id.v = class->base.v = number;
    class->subclasses[0] = class->id;
    class->key = *key;
    class->explicit_key = key->origin == LV_CLASS_NAME;
    class->standing = key->kind == LV_KIND_SEM ? LV_CLASS_IS_CANDIDATE : LV_CLASS_IS_LOCK;
    class->version = 1;
    if (key->name == NULL)
        return true;
    class->key.name = copy_text(classes, key->name);
    if (class->key.name == NULL)
        return false;
    {
        uint64_t hash = lv_hash_text(0, key->name) | 1;

        class->version = lv_table_find(&classes->names, hash) + 1;
        return lv_table_insert(&classes->names, hash, class->version) == 0;
    }
}

/* The class of @key; id 0: there is none, and @ret_hash is where it belongs in the table. */
static lv_class_id look_up(const struct lv_classes *classes, const struct lv_class_key *key, uint64_t *ret_hash)
{
    uint64_t hash = hash_key(key);

    for (;; hash++) {
        lv_class_id id = { hash != 0 ? lv_table_find(&classes->by_key, hash) : 0 };

        if (hash == 0)
            continue;
        *ret_hash = hash;
        if (id.v == 0 || same_key(&lv_classes_get(classes, id)->key, key))
            return id;
    }
}

lv_class_id lv_classes_find(const struct lv_classes *classes, const struct lv_class_key *key)
{
    uint64_t hash;

    return look_up(classes, key, &hash);
}

lv_class_id lv_classes_add(struct lv_classes *classes, const struct lv_class_key *key)
{
    uint32_t number;
    struct lv_class *class = lv_vec_add(&classes->all, &number);

    return class != NULL && set_up(classes, class, number, key) ? class->id : (lv_class_id){ 0 };
}

lv_class_id lv_classes_find_or_add(struct lv_classes *classes, const struct lv_class_key *key)
{
    uint64_t hash;
    lv_class_id class = look_up(classes, key, &hash);

    if (class.v != 0)
        return class;
    class = lv_classes_add(classes, key);
    if (class.v != 0 && lv_table_insert(&classes->by_key, hash, class.v) < 0)
        class.v = 0;
    return class;
}

void lv_class_set_standing(struct lv_classes *classes, lv_class_id base, enum lv_class_standing standing)
{
    __atomic_store_n(&lv_classes_get(classes, base)->standing, (uint8_t)standing, __ATOMIC_RELAXED);
}

lv_class_id lv_classes_subclass(struct lv_classes *classes, lv_class_id base, unsigned subclass)
{
    struct lv_class *parent = lv_classes_get(classes, base);
    struct lv_class *class;
    uint32_t number;

    if (parent->subclasses[subclass].v != 0)
        return parent->subclasses[subclass];
    class = lv_vec_add(&classes->all, &number);
    if (class == NULL)
        return (lv_class_id){ 0 };
    *class = *parent;
    class->id.v = number;
    class->subclass = (uint8_t)subclass;
    class->usage = 0;
    class->uses = 0;
    class->ordinal = 0;
    memset(class->subclasses, 0, sizeof(class->subclasses));
    __atomic_store_n(&parent->subclasses[subclass].v, number, __ATOMIC_RELEASE);
    return class->id;
}
