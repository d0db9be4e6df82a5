/* SPDX-License-Identifier: MIT */
/* Classes are added under the owner's lock. Those of a module survive its unloading in reports; a class goes only when the
 * program says that its key does, and its memory stays what it is (type-stable). */

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

/* A number for a new class: one that was another class's, or a new one. Its memory is zeroed, but for the room for a name that
 * it may have. Null without memory. */
static struct lv_class *class_new(struct lv_classes *classes, uint32_t *ret_number)
{
    struct lv_class *class;
    struct lv_class fresh = { .reused = true };

    if (classes->spare == 0)
        return lv_vec_add(&classes->all, ret_number); /* older locks cannot name it */
    *ret_number = classes->spare;
    class = lv_classes_get(classes, (lv_class_id){ classes->spare });
    classes->spare = class->next_zapped;
    fresh.name_room = class->name_room;
    fresh.key.name = class->key.name;
    *class = fresh;
    return class;
}

/* The class's own copy of its name, in the memory that a class of this number had before if that is large enough. */
static bool set_name(struct lv_classes *classes, struct lv_class *class, const char *text, char *room)
{
    size_t size = strlen(text) + 1;

    if (room == NULL || class->name_room < size) {
        room = lv_arena_alloc(classes->arena, size);
        class->name_room = (uint32_t)size;
    }
    if (room == NULL)
        return false;
    memcpy(room, text, size);
    class->key.name = room;
    return true;
}

/* Fill in a new class from its key; false without memory. */
static bool set_up(struct lv_classes *classes, struct lv_class *class, uint32_t number, const struct lv_class_key *key)
{
    char *room = (char *)(uintptr_t) class->key.name;

    class->first_uid = classes->uids != NULL ? __atomic_load_n(classes->uids, __ATOMIC_RELAXED) + 1 : 0;
    class->id.v = class->base.v = number;
    class->subclasses[0] = class->id;
    class->key = *key;
    class->explicit_key = key->origin == LV_CLASS_NAME;
    class->standing = key->kind == LV_KIND_SEM ? LV_CLASS_IS_CANDIDATE : LV_CLASS_IS_LOCK;
    class->version = 1;
    if (key->name == NULL) {
        class->name_room = 0; /* rare: what room there was is lost */
        return true;
    }
    if (!set_name(classes, class, key->name, room))
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
    struct lv_class *class = lv_vec_add(&classes->all, &number); /* its uids are not those of instances */

    return class != NULL && set_up(classes, class, number, key) ? class->id : (lv_class_id){ 0 };
}

lv_class_id lv_classes_find_or_add(struct lv_classes *classes, const struct lv_class_key *key)
{
    uint64_t hash;
    lv_class_id known = look_up(classes, key, &hash);
    struct lv_class *class;
    uint32_t number;

    if (known.v != 0)
        return known;
    class = class_new(classes, &number);
    if (class == NULL || !set_up(classes, class, number, key) || lv_table_insert(&classes->by_key, hash, number) < 0)
        return (lv_class_id){ 0 };
    return class->id;
}

void lv_class_set_standing(struct lv_classes *classes, lv_class_id base, enum lv_class_standing standing)
{
    __atomic_store_n(&lv_classes_get(classes, base)->standing, (uint8_t)standing, __ATOMIC_RELAXED);
}

/* The name's last version is given back, so that a key that comes and goes does not count up. */
static void forget_name(struct lv_classes *classes, const struct lv_class *class)
{
    uint64_t hash = lv_hash_text(0, class->key.name) | 1;

    if (lv_table_find(&classes->names, hash) != class->version)
        return;
    if (class->version == 1)
        lv_table_remove(&classes->names, hash);
    else
        (void)!lv_table_insert(&classes->names, hash, class->version - 1); /* the key is there: nothing can fail */
}

void lv_classes_zap(struct lv_classes *classes, lv_class_id id)
{
    struct lv_class *class = lv_classes_get(classes, id);
    uint64_t hash;

    if (class->zapped)
        return;
    if (class->subclass == 0) {
        if (look_up(classes, &class->key, &hash).v == id.v)
            lv_table_remove(&classes->by_key, hash);
        if (class->key.name != NULL)
            forget_name(classes, class);
    }
    __atomic_store_n(&class->zapped, true, __ATOMIC_RELAXED);
    __atomic_store_n(&class->order, NULL, __ATOMIC_RELAXED);
    __atomic_store_n(&classes->any_zapped, true, __ATOMIC_RELAXED);
    class->next_zapped = classes->zapped;
    classes->zapped = id.v;
    classes->zapped_count++;
}

void lv_classes_reuse(struct lv_classes *classes)
{
    while (classes->zapped != 0) {
        struct lv_class *class = lv_classes_get(classes, (lv_class_id){ classes->zapped });
        uint32_t number = classes->zapped;

        classes->zapped = class->next_zapped;
        class->next_zapped = 0;
        if (class->kept)
            continue;
        if (class->subclass != 0) {
            class->key.name = NULL; /* the base class's */
            class->name_room = 0;
        }
        class->next_zapped = classes->spare;
        classes->spare = number;
    }
    classes->zapped_count = 0;
}

lv_class_id lv_classes_subclass(struct lv_classes *classes, lv_class_id base, unsigned subclass)
{
    struct lv_class *parent = lv_classes_get(classes, base);
    struct lv_class *class;
    uint32_t number;
    bool reused;

    if (parent->subclasses[subclass].v != 0)
        return parent->subclasses[subclass];
    if (parent->zapped)
        return (lv_class_id){ 0 };
    class = class_new(classes, &number);
    if (class == NULL)
        return (lv_class_id){ 0 };
    reused = class->reused;
    *class = *parent;
    class->reused = reused; /* and the parent's locks are its own, so .first_uid is the parent's */
    class->kept = false;
    class->id.v = number;
    class->subclass = (uint8_t)subclass;
    class->usage = 0;
    class->uses = 0;
    class->ordinal = 0;
    class->expect = 0;
    class->record.number = 0;
    memset(class->subclasses, 0, sizeof(class->subclasses));
    __atomic_store_n(&parent->subclasses[subclass].v, number, __ATOMIC_RELEASE);
    return class->id;
}
