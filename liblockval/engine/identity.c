/* SPDX-License-Identifier: MIT */
/*
 * Two threads may meet a lock for the first time together. Inside the object the first one's draft decides (engine/mint.c);
 * for the table the internal lock is taken, and the second finds the first's identity under it.
 *
 * Table records are recycled but stay what they are (type-stable): a thread's cache compares the word, which changes with
 * every instance, so that a stale entry only misses.
 */

#include "engine/identity.h"

#include <string.h>

#include "engine/instances.h"
#include "engine/mint.h"
#include "engine/site.h"

static inline void store_inside(const struct lv_context *ctx, const struct lv_object *object, uint64_t word)
{
    __atomic_store_n(object->word, word, __ATOMIC_RELAXED);
    __atomic_store_n(object->seal, lv_identity_seal(ctx, object->address, word), __ATOMIC_RELEASE);
}

/* Give @object the identity @word, in the table. Context: lock held. */
static uint64_t store_in_table(struct lv_context *ctx, const struct lv_object *object, uint64_t word)
{
    uint32_t number;

    if (word == 0)
        return 0;
    number = lv_instances_find_or_add(ctx, object->address);
    if (number == 0)
        return 0;
    __atomic_store_n(&((struct lv_instance *)lv_vec_at(&ctx->instances, number))->word, word, __ATOMIC_RELEASE);
    return word;
}

/* The instance at @address, if any, is another one from now on: its pairs are no more. Context: guard held. */
static inline void forget_pairs(struct lv_context *ctx, uintptr_t address)
{
    struct lv_locked locked;

    if (LV_LIKELY(!lv_pairs_knows(&ctx->pairs, address)))
        return;
    locked = lv_context_lock(ctx);
    lv_pairs_retire(&ctx->pairs, address);
    lv_context_unlock(ctx, &locked);
}

/* Where locks of the kind have their words is the same in all of them. */
static inline void note_inside(struct lv_context *ctx, const struct lv_object *object)
{
    uintptr_t word = (uintptr_t)object->word - object->address, seal = (uintptr_t)object->seal - object->address;
    struct lv_inside *inside = &ctx->inside[object->kind];

    if (LV_LIKELY(__atomic_load_n(&inside->seal, __ATOMIC_RELAXED) != 0) || word > UINT16_MAX || seal > UINT16_MAX)
        return;
    __atomic_store_n(&inside->word, (uint16_t)word, __ATOMIC_RELAXED);
    __atomic_store_n(&inside->seal, (uint16_t)seal, __ATOMIC_RELEASE);
}

/*
 * @object gets an identity: mark its page, so that whoever gives the memory back looks for it. Data of a module and the
 * thread's own stack are never freed: the stack's locks in the table are retired when the thread ends. Context: guard held.
 */
static inline void mark_page(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object)
{
    unsigned mark = object->word != NULL ? LV_PAGE_INSIDE : LV_PAGE_TABLE;
    uintptr_t address = object->address;
    struct lv_class_key unused;

    if (object->word != NULL)
        note_inside(ctx, object);
    if (address - t->stack_start < t->stack_end - t->stack_start) {
        if (mark == LV_PAGE_TABLE && (t->stack_lowest == 0 || address < t->stack_lowest))
            t->stack_lowest = address;
        return;
    }
    if ((lv_pages_mark(&ctx->pages, address) & mark) == 0 && !lv_site_is_static(ctx, object, &unused))
        lv_pages_set(&ctx->pages, address, mark);
}

/* Is @word, of a record that may be recycled at this moment, the identity of a lock of @kind? */
static bool is_of_kind(const struct lv_context *ctx, uint64_t word, enum lv_kind kind)
{
    lv_class_id class = lv_identity_class(word);

    return class.v != 0 && class.v < __atomic_load_n(&ctx->classes.all.count, __ATOMIC_ACQUIRE) &&
           lv_classes_get(&ctx->classes, class)->key.kind == kind;
}

/* The identity inside @object, 0 if there is none. */
static inline uint64_t peek_inside(const struct lv_context *ctx, const struct lv_object *object)
{
    uint64_t word = lv_identity_load(ctx, object->word);

    return word != 0 && lv_identity_load(ctx, object->seal) == lv_identity_seal(ctx, object->address, word) ? word : 0;
}

uint64_t lv_identity_peek(struct lv_context *ctx, const struct lv_object *object)
{
    uint64_t word;
    uint32_t number;

    if (object->word != NULL)
        return peek_inside(ctx, object);
    number = lv_table_find(&ctx->instance_of, object->address);
    if (number == 0)
        return 0;
    word = __atomic_load_n(&((struct lv_instance *)lv_vec_at(&ctx->instances, number))->word, __ATOMIC_ACQUIRE);
    /* A lock of another kind lay here before: nobody said that it is gone. */
    return is_of_kind(ctx, word, object->kind) ? word : 0;
}

/* The class of @key. The internal lock is taken only for a class that is new. Context: guard held. */
static lv_class_id class_of(struct lv_context *ctx, const struct lv_class_key *key)
{
    lv_class_id class = lv_classes_find(&ctx->classes, key);
    struct lv_locked locked;

    if (class.v != 0)
        return class;
    locked = lv_context_lock(ctx);
    class = lv_classes_find_or_add(&ctx->classes, key);
    lv_context_unlock(ctx, &locked);
    return class;
}

/* The class of a lock that is met for the first time and was not initialised by a call. */
static lv_class_id class_of_new(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                                uintptr_t site)
{
    struct lv_class_key key;

    if (object->address - t->stack_start >= t->stack_end - t->stack_start && lv_site_is_static(ctx, object, &key))
        return class_of(ctx, &key);
    return lv_site_class(ctx, t, LV_CLASS_LOCK, object->kind, site);
}

/* What lay at @object, which has no identity, may be known by its address: its pairs are no more. Context: guard held. */
static void forget_stale_pairs(struct lv_context *ctx, const struct lv_object *object)
{
    struct lv_locked locked;

    if (LV_LIKELY(!lv_pairs_knows(&ctx->pairs, object->address)))
        return;
    locked = lv_context_lock(ctx);
    /* Another thread may have met it meanwhile: then these are its pairs. */
    if (lv_identity_peek(ctx, object) == 0)
        lv_pairs_retire(&ctx->pairs, object->address);
    lv_context_unlock(ctx, &locked);
}

static uint64_t adopt_in_table(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                               lv_class_id class)
{
    struct lv_locked locked = lv_context_lock(ctx);
    uint64_t word = lv_identity_peek(ctx, object);

    if (word == 0) {
        lv_pairs_retire(&ctx->pairs, object->address);
        word = store_in_table(ctx, object, lv_mint_word(ctx, t, class, 0));
    }
    lv_context_unlock(ctx, &locked);
    return word;
}

/* Give @object an identity of @class, unless another thread did meanwhile. Context: guard held. */
static uint64_t adopt(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, lv_class_id class)
{
    uint64_t word;

    mark_page(ctx, t, object);
    if (object->word == NULL) {
        word = adopt_in_table(ctx, t, object, class);
    } else {
        uint64_t draft;

        forget_stale_pairs(ctx, object);
        draft = lv_mint_draft(ctx, t, class, 0);
        word = LV_LIKELY(draft != 0) ? lv_mint_settle(ctx, object, draft) : 0;
        if (LV_LIKELY(word != 0 && word == draft))
            lv_class_count_instance(lv_classes_get(&ctx->classes, class));
    }
    if (LV_UNLIKELY(word == 0)) {
        __atomic_fetch_add(&ctx->counters.dropped, 1, __ATOMIC_RELAXED);
        lv_context_degrade(ctx);
    }
    return word;
}

uint64_t lv_identity_adopt(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, uintptr_t site)
{
    lv_class_id class = { 0 };
    uint64_t word;

    if (lv_is_own(ctx, object, site))
        return 0;
    t->guard++;
    if (__atomic_load_n(&ctx->state, __ATOMIC_RELAXED) == LV_STATE_ON)
        class = class_of_new(ctx, t, object, site);
    word = adopt(ctx, t, object, class);
    t->guard--;
    return word;
}

uint64_t lv_identity_adopt_as(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                              const struct lv_class_key *key)
{
    uint64_t word;

    t->guard++;
    word = adopt(ctx, t, object, class_of(ctx, key));
    t->guard--;
    return word;
}

uint64_t lv_identity_of_unmet(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object)
{
    struct lv_class_key key;
    uint64_t word;

    t->guard++;
    word = lv_identity_peek(ctx, object);
    if (word == 0 && __atomic_load_n(&ctx->state, __ATOMIC_RELAXED) == LV_STATE_ON &&
        lv_site_is_static(ctx, object, &key))
        word = adopt(ctx, t, object, class_of(ctx, &key));
    t->guard--;
    return word;
}

uint64_t lv_identity_from_table(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                                uintptr_t site)
{
    uint64_t key = lv_known_key(object->address, object->kind);
    uint32_t number;
    uint64_t word;

    if (lv_known_find(t, key, &word))
        return word;
    if (lv_is_own(ctx, object, site))
        return 0;
    t->guard++;
    word = lv_identity_peek(ctx, object);
    t->guard--;
    if (word == 0)
        word = lv_identity_adopt(ctx, t, object, site);
    t->guard++;
    number = word != 0 ? lv_table_find(&ctx->instance_of, object->address) : 0;
    if (number != 0)
        lv_thread_know(
            ctx, t,
            &(struct lv_known_instance){ .key = key, .word = word, .record = lv_vec_at(&ctx->instances, number) });
    t->guard--;
    return word;
}

/*
 * @object is a new lock with the identity @word. Nobody else may use an object that is being initialised or named, so words
 * inside it need no lock. Without memory it must not go on with the identity of the lock before it at its place.
 */
static void renew(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, uint64_t word)
{
    mark_page(ctx, t, object);
    forget_pairs(ctx, object->address);
    if (LV_LIKELY(object->word != NULL && word != 0)) {
        store_inside(ctx, object, word);
        return;
    }
    if (object->word == NULL) {
        struct lv_locked locked = lv_context_lock(ctx);

        word = store_in_table(ctx, object, word);
        lv_context_unlock(ctx, &locked);
    }
    if (word != 0)
        return;
    lv_identity_forget(ctx, t, object);
    lv_context_degrade(ctx);
}

void lv_identity_init(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, uintptr_t site)
{
    if (lv_is_own(ctx, object, site))
        return;
    t->guard++;
    renew(ctx, t, object, lv_mint_word(ctx, t, lv_site_class(ctx, t, LV_CLASS_INIT, object->kind, site), 0));
    t->guard--;
}

void lv_identity_set(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                     const struct lv_class_key *key, unsigned flags)
{
    t->guard++;
    renew(ctx, t, object, lv_mint_word(ctx, t, class_of(ctx, key), flags));
    t->guard--;
}

lv_class_id lv_identity_class_of(struct lv_context *ctx, struct lv_thread *t, const struct lv_class_key *key)
{
    lv_class_id class;

    t->guard++;
    class = class_of(ctx, key);
    t->guard--;
    return class;
}

uint64_t lv_identity_rekey(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                           lv_class_id class, unsigned flags)
{
    uint64_t word;

    t->guard++;
    word = lv_identity_peek(ctx, object);
    if (word == 0 || class.v == 0 || class.v >> LV_IDENTITY_CLASS_BITS != 0 ||
        lv_class_is_gone(&ctx->classes, class, lv_identity_uid(word))) {
        word = lv_mint_word(ctx, t, class, flags);
    } else {
        lv_class_count_instance(lv_classes_get(&ctx->classes, class));
        word = (uint64_t)lv_identity_uid(word) << 32 | (uint64_t)flags << LV_IDENTITY_CLASS_BITS | class.v;
    }
    renew(ctx, t, object, word);
    t->guard--;
    return word;
}

void lv_identity_forget(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object)
{
    struct lv_locked locked;

    if (object->word != NULL) {
        /* Only what is ours: the words of an object that we never sealed are not touched. */
        if (peek_inside(ctx, object) != 0) {
            __atomic_store_n(object->seal, 0, __ATOMIC_RELAXED);
            __atomic_store_n(object->word, 0, __ATOMIC_RELAXED);
            t->guard++;
            forget_pairs(ctx, object->address);
            t->guard--;
        }
        return;
    }
    t->guard++;
    locked = lv_context_lock(ctx);
    lv_instances_forget(ctx, object->address);
    lv_context_unlock(ctx, &locked);
    t->guard--;
}
