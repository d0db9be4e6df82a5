/* SPDX-License-Identifier: MIT */
/*
 * Entries are added under the internal lock, since whoever waits for the thread in a join reads them, and the thread's own
 * joins add to them what those threads took. The thread itself looks without the lock whether an entry is there already.
 * That happens on the slow way only, and mostly ends at a small memory of hashes.
 *
 * The handle of a thread is known to its maker when the real call is back, and to the thread itself when it begins, so that
 * a join finds the life however early it comes. The thread binds it. Its maker only says it, by one atomic exchange that
 * fails when the life is another thread's by now: it would wait for the lock together with the thread, each time.
 */

#include "engine/life.h"

#include "engine/join.h"
#include "engine/unload.h"
#include "engine/usage.h"

#include <string.h>

static struct lv_life *get(const struct lv_context *ctx, uint32_t number)
{
    return lv_vec_at(&ctx->lives, number);
}

void lv_lives_init(struct lv_context *ctx)
{
    lv_vec_init(&ctx->lives, &ctx->arena, sizeof(struct lv_life));
    lv_table_init(&ctx->life_of, &ctx->arena);
    lv_table_init(&ctx->ends, &ctx->arena);
}

enum {
    SAID_BITS = 16 /* of .said: low bits of the uid. Above them are 48 for the handle */
};

static uint64_t said(uintptr_t handle, uint64_t uid)
{
    return (uint64_t)handle << SAID_BITS | (uid & ((1u << SAID_BITS) - 1));
}

static struct lv_life *find_bound(struct lv_context *ctx, uintptr_t handle)
{
    uint32_t number = handle != 0 ? lv_table_find(&ctx->life_of, handle) : 0;

    return number != 0 ? get(ctx, number) : NULL;
}

static void add_unborn(struct lv_context *ctx, struct lv_life *life)
{
    life->unborn_prev = NULL;
    life->unborn_next = ctx->unborn;
    if (ctx->unborn != NULL)
        ctx->unborn->unborn_prev = life;
    ctx->unborn = life;
}

static void remove_unborn(struct lv_context *ctx, struct lv_life *life)
{
    if (life->unborn_prev != NULL)
        life->unborn_prev->unborn_next = life->unborn_next;
    else if (ctx->unborn == life)
        ctx->unborn = life->unborn_next;
    if (life->unborn_next != NULL)
        life->unborn_next->unborn_prev = life->unborn_prev;
    life->unborn_prev = life->unborn_next = NULL;
}

struct lv_life *lv_life_new(struct lv_context *ctx, uintptr_t start, bool noting)
{
    uint32_t number = ctx->free_life;
    const struct lv_module *module;
    struct lv_life *life;

    if (number != 0) {
        life = get(ctx, number);
        ctx->free_life = life->next_free;
    } else {
        life = lv_vec_add(&ctx->lives, &number);
        if (life != NULL && number == 0) /* stands for none */
            life = lv_vec_add(&ctx->lives, &number);
        if (life == NULL)
            return NULL;
        life->number = number;
    }
    module = lv_module_of(ctx, start);
    life->module = module != NULL ? module->first : NULL;
    life->place = module != NULL ? start - module->bias : start;
    life->born = module != NULL ? module->born : LV_BORN_NONE;
    life->uid = ++ctx->lives_made;
    life->noting = noting;
    __atomic_store_n(&life->said, said(0, life->uid), __ATOMIC_RELAXED);
    add_unborn(ctx, life);
    return life;
}

void lv_life_unjoin(struct lv_life *life)
{
    __atomic_store_n(&life->join.joiner, NULL, __ATOMIC_RELAXED);
    __atomic_store_n(&life->join.filter, 0, __ATOMIC_RELAXED);
}

void lv_life_recycle(struct lv_context *ctx, struct lv_life *life)
{
    remove_unborn(ctx, life);
    if (find_bound(ctx, life->handle) == life)
        lv_table_remove(&ctx->life_of, life->handle);
    if (life->t != NULL)
        life->t->life = NULL;
    life->uid = 0;
    life->handle = 0;
    life->begun = life->detached = life->ended = false;
    __atomic_store_n(&life->cancelled, false, __ATOMIC_RELAXED);
    life->t = NULL;
    life->info.v = 0;
    lv_life_unjoin(life);
    memset(life->noted, 0, sizeof(life->noted));
    memset(life->told, 0, sizeof(life->told));
    __atomic_store_n(&life->count, 0, __ATOMIC_RELEASE);
    life->next_free = ctx->free_life;
    ctx->free_life = life->number;
}

/* Under the lock: the thread of @life is known as @handle. Who was known so before is gone. */
static void bind(struct lv_context *ctx, struct lv_life *life, uintptr_t handle)
{
    struct lv_life *old = find_bound(ctx, handle);

    if (life->handle != 0 || handle == 0)
        return;
    if (old != NULL) {
        /* Its join is back from the real call, and recycles it. */
        if (old->join.joiner != NULL)
            old->handle = 0;
        else
            lv_life_recycle(ctx, old);
    }
    if (lv_table_insert(&ctx->life_of, handle, life->number) == 0)
        life->handle = handle;
}

struct lv_life *lv_life_find(struct lv_context *ctx, uintptr_t handle)
{
    /* First those that have not begun: whoever is bound to the handle of one is gone. */
    for (struct lv_life *life = ctx->unborn; life != NULL && handle != 0; life = life->unborn_next) {
        if (__atomic_load_n(&life->said, __ATOMIC_RELAXED) != said(handle, life->uid))
            continue;
        bind(ctx, life, handle);
        return life;
    }
    return find_bound(ctx, handle);
}

void lv_life_begin_locked(struct lv_context *ctx, struct lv_thread *t, struct lv_life *life, uintptr_t handle)
{
    remove_unborn(ctx, life);
    bind(ctx, life, handle);
    __atomic_store_n(&life->begun, true, __ATOMIC_RELAXED);
    life->t = t;
    t->life = life;
}

void lv_life_begin(struct lv_context *ctx, struct lv_thread *t, struct lv_life *life, uintptr_t handle)
{
    struct lv_locked locked;

    t->guard++;
    locked = lv_context_lock(ctx);
    lv_life_begin_locked(ctx, t, life, handle);
    lv_context_unlock(ctx, &locked);
    t->guard--;
}

void lv_life_name(struct lv_life *life, uint64_t uid, uintptr_t handle)
{
    uint64_t nothing = said(0, uid);

    if ((uint64_t)handle >> (64 - SAID_BITS) == 0)
        (void)__atomic_compare_exchange_n(&life->said, &nothing, said(handle, uid), false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED);
}

void lv_life_detach(struct lv_context *ctx, struct lv_thread *t, uintptr_t handle)
{
    struct lv_locked locked;
    struct lv_life *life;

    t->guard++;
    locked = lv_context_lock(ctx);
    life = lv_life_find(ctx, handle);
    if (life != NULL) {
        life->detached = true;
        if (life->begun && life->t == NULL)
            lv_life_recycle(ctx, life);
    }
    lv_context_unlock(ctx, &locked);
    t->guard--;
}

void lv_life_cancel(struct lv_context *ctx, struct lv_thread *t, uintptr_t handle)
{
    struct lv_locked locked;
    struct lv_life *life;

    t->guard++;
    locked = lv_context_lock(ctx);
    life = lv_life_find(ctx, handle);
    __atomic_store_n(life != NULL ? &life->cancelled : &ctx->stranger_cancelled, true, __ATOMIC_RELAXED);
    lv_context_unlock(ctx, &locked);
    t->guard--;
}

/* A call for a mutex, a read-write lock or a spinlock, and for a barrier, is no cancellation point. */
bool lv_life_is_cancelled_in(const struct lv_context *ctx, const struct lv_thread *t, const struct lv_blocked *on)
{
    const struct lv_life *life = __atomic_load_n(&t->life, __ATOMIC_RELAXED);
    const bool *cancelled = life != NULL ? &life->cancelled : &ctx->stranger_cancelled;

    if (on->wait == LV_WAITS_BARRIER || (on->wait == LV_WAITS_LOCK && on->wanted.kind != LV_KIND_SEM))
        return false;
    return __atomic_load_n(cancelled, __ATOMIC_RELAXED);
}

void lv_life_end(struct lv_context *ctx, struct lv_thread *t)
{
    struct lv_life *life = t->life;

    t->life = NULL;
    if (life == NULL)
        return;
    life->t = NULL;
    life->last = t->segment;
    life->ended = true;
    /* The list of infos grows with evidence only: a million short threads need none. */
    life->about = *(const struct lv_thread_info *)lv_vec_at(&ctx->thread_infos, t->info.v);
    life->info.v = t->witnessed ? t->info.v : 0;
    if (life->detached)
        lv_life_recycle(ctx, life);
}

void lv_lives_after_fork(struct lv_context *ctx)
{
    for (struct lv_thread *t = ctx->threads; t != NULL; t = t->next)
        t->life = NULL;
    lv_table_clear(&ctx->life_of);
    ctx->unborn = NULL;
    for (uint32_t i = 1; i < ctx->lives.count; i++) {
        struct lv_life *life = get(ctx, i);

        life->t = NULL;
        life->handle = 0;
        life->unborn_prev = life->unborn_next = NULL;
        if (life->uid != 0)
            lv_life_recycle(ctx, life);
    }
}

const struct lv_held_record *lv_life_entry(const struct lv_life *life, uint32_t i)
{
    const struct lv_life_chunk *chunk = life->chunks;

    for (; i >= LV_LIFE_CHUNK; i -= LV_LIFE_CHUNK)
        chunk = chunk->next;
    return &chunk->record[i];
}

enum lv_life_known lv_life_knows(const struct lv_life *life, const struct lv_held_record *record)
{
    uint32_t count = __atomic_load_n(&life->count, __ATOMIC_ACQUIRE), same = 0;
    const struct lv_life_chunk *chunk = life->chunks;

    for (uint32_t i = 0, at = 0; i < count; i++, at++) {
        const struct lv_held_record *known;

        if (at == LV_LIFE_CHUNK) {
            chunk = chunk->next;
            at = 0;
        }
        known = &chunk->record[at];
        if (known->class.v != record->class.v || known->mode != record->mode || known->flags != record->flags)
            continue;
        if (known->uid == record->uid)
            return LV_LIFE_IS_THERE;
        same++;
    }
    return same < LV_LIFE_SAME ? LV_LIFE_IS_NEW : LV_LIFE_HAS_ENOUGH;
}

/* Where the next entry goes; null without memory. */
static struct lv_held_record *room(struct lv_context *ctx, struct lv_life *life)
{
    struct lv_life_chunk **chunk = &life->chunks;
    uint32_t i = life->count;

    for (;; i -= LV_LIFE_CHUNK, chunk = &(*chunk)->next) {
        if (*chunk == NULL) {
            struct lv_life_chunk *new = lv_arena_alloc(&ctx->arena, sizeof(*new));

            if (new == NULL)
                return NULL;
            ctx->life_chunks++;
            *chunk = new;
        }
        if (i < LV_LIFE_CHUNK)
            return &(*chunk)->record[i];
    }
}

bool lv_life_add(struct lv_context *ctx, struct lv_life *life, const struct lv_held_record *record)
{
    enum lv_life_known known = lv_life_knows(life, record);
    struct lv_held_record *at;

    if (known == LV_LIFE_IS_NEW) {
        at = room(ctx, life);
        if (at == NULL)
            return false;
        *at = *record;
        __atomic_store_n(&life->count, life->count + 1, __ATOMIC_RELEASE);
    }
    return known != LV_LIFE_IS_THERE;
}

lv_thread_id lv_life_thread(struct lv_context *ctx, struct lv_life *life)
{
    struct lv_thread_info *info;

    if (life->t != NULL) {
        life->t->witnessed = true;
        return life->t->info;
    }
    if (life->info.v == 0) {
        info = lv_vec_add(&ctx->thread_infos, &life->info.v);
        if (info == NULL)
            life->info.v = 0;
        else
            *info = life->about;
    }
    return life->info;
}

void lv_life_note_slow(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_life *life = t->life;
    struct lv_held_record record;
    uint32_t hash, *slot;
    bool awaited;

    if ((a->flags & (LV_TRY | LV_UNCHECKED)) != 0 || a->stack.v == 0 || a->kind == LV_KIND_SEM)
        return;
    record = lv_acquisition_record(t, a);
    if (record.level != 0)
        return;
    hash =
        (uint32_t)lv_hash_mix((uint64_t)record.class.v << 32 | record.uid, (uint64_t)record.flags << 8 | record.mode);
    slot = &life->noted[hash % LV_LIFE_NOTED];
    if (*slot == (hash | 1) && !lv_life_is_watched(t, a))
        return;
    awaited = __atomic_load_n(&life->join.joiner, __ATOMIC_RELAXED) != NULL;
    if (awaited || lv_life_knows(life, &record) == LV_LIFE_IS_NEW)
        lv_join_taken(ctx, t, &record);
    if (lv_life_knows(life, &record) == LV_LIFE_IS_THERE)
        *slot = hash | 1;
}

/* The entry above the youngest held lock is what was released last. */
void lv_life_tell_slow(struct lv_thread *t)
{
    uint32_t end = t->depth < t->capacity ? t->depth + 1 : t->depth;

    for (uint32_t i = end > LV_LIFE_TOLD ? end - LV_LIFE_TOLD : 0; i < end; i++) {
        uint32_t uid = t->held[i].uid, *slot = &t->life->told[uid % LV_LIFE_TOLD];

        if (uid != 0 && *slot != uid)
            __atomic_store_n(slot, uid, __ATOMIC_RELAXED);
    }
}
