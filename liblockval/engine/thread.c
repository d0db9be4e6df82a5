/* SPDX-License-Identifier: MIT */
/* Thread states are handed out from a list and come back to it. Their arrays grow and stay with the state. */

#include "engine/thread.h"

#include "engine/life.h"
#include "engine/lockstat.h"
#include "engine/orphan.h"
#include "engine/stall.h"
#include "engine/steer.h"
#include "engine/waits.h"
#include "engine/wake.h"

#include <string.h>

#include "engine/unload.h"

static struct lv_thread_info *info_of(const struct lv_context *ctx, const struct lv_thread *t)
{
    return lv_vec_at(&ctx->thread_infos, t->info.v);
}

void lv_thread_note_name(struct lv_context *ctx, struct lv_thread *t)
{
    lv_os_thread_name(info_of(ctx, t)->name);
}

void lv_thread_set_name(struct lv_context *ctx, const struct lv_thread *t, const char name[16])
{
    memcpy(info_of(ctx, t)->name, name, sizeof(info_of(ctx, t)->name));
}

void lv_thread_set_start(struct lv_context *ctx, struct lv_thread *t, uintptr_t start, uint32_t born)
{
    struct lv_thread_info *info = info_of(ctx, t);

    info->start = start;
    info->start_born = born;
}

/* An array of @capacity held locks, with one entry before and one behind them that hold none. Null without memory. Context:
 * lock held. */
static struct lv_held *new_held(struct lv_context *ctx, uint32_t capacity)
{
    size_t size = (capacity + UINT64_C(2)) * sizeof(struct lv_held);
    char *p = lv_arena_alloc(&ctx->arena, size + sizeof(struct lv_held));

    if (p == NULL)
        return NULL;
    p += -(uintptr_t)p % sizeof(struct lv_held);
    return (struct lv_held *)(void *)p + 1;
}

static struct lv_thread *make(struct lv_context *ctx)
{
    struct lv_thread *t = lv_arena_alloc(&ctx->arena, sizeof(*t));

    if (t == NULL)
        return NULL;
    t->held = new_held(ctx, LV_HELD_FIRST);
    t->cache = lv_arena_alloc(&ctx->arena, LV_CACHE_FIRST * sizeof(*t->cache));
    t->known = lv_arena_alloc(&ctx->arena, LV_KNOWN_FIRST * sizeof(*t->known));
    if (t->held == NULL || t->cache == NULL || t->known == NULL)
        return NULL;
    t->capacity = LV_HELD_FIRST;
    t->cache_mask = LV_CACHE_FIRST - 1;
    t->known_mask = LV_KNOWN_FIRST - 1;
    t->secret = ctx->secret[0];
    t->lockstat = ctx->options.lock_stat ? lv_lockstat_new(ctx) : NULL;
    t->measured = t->lockstat != NULL;
    t->next = ctx->threads;
    __atomic_store_n(&ctx->threads, t, __ATOMIC_RELEASE);
    ctx->thread_count++;
    return t;
}

/* Nothing is held, nor being taken. */
static void forget_held(struct lv_thread *t)
{
    uint32_t depth = t->depth;

    __atomic_store_n(&t->depth, 0, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i <= depth; i++)
        __atomic_store_n(&t->held[i].address, 0, __ATOMIC_RELAXED);
}

/* Everything but the arrays back to the start. */
static void reset(struct lv_thread *t)
{
    t->guard = 0;
    forget_held(t);
    t->key = lv_context_first_key(0);
    t->filter = 0;
    t->context_key = 0;
    t->level = 0;
    t->next_set = false;
    t->cache_misses = t->known_misses = 0;
    t->off = 0;
    t->ever_off = false;
    t->handlers = NULL;
    memset(&t->pending, 0, sizeof(t->pending));
    t->in = t->open = (struct lv_states){ 0, 0 };
    t->blocked = 0;
    t->states_known = 0;
    t->nesting = 0;
    memset(t->disabled, 0, sizeof(t->disabled));
    __atomic_store_n(&t->waiting.cond, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&t->blocked_on.wait, LV_WAITS_NOT, __ATOMIC_RELEASE);
    t->idle = 0;
    t->history_head = t->history_cut = 0;
    memset(t->waited_at, 0, sizeof(t->waited_at));
    t->stack_start = t->stack_end = t->stack_lowest = 0;
    if (t->lockstat != NULL)
        lv_lockstat_reset(t->lockstat);
    lv_thread_empty_cache(t);
}

/* A recycled state keeps its record when no witness speaks of it, so that a million short threads need no memory. */
static struct lv_thread_info *info_for(struct lv_context *ctx, struct lv_thread *t)
{
    if (t->info.v != 0 && !t->witnessed)
        return lv_vec_at(&ctx->thread_infos, t->info.v);
    return lv_vec_add(&ctx->thread_infos, &t->info.v);
}

struct lv_thread *lv_thread_new_locked(struct lv_context *ctx)
{
    struct lv_thread *t = ctx->free_threads;
    struct lv_thread_info *info;

    if (t != NULL)
        ctx->free_threads = t->next_free;
    else
        t = make(ctx);
    info = t != NULL ? info_for(ctx, t) : NULL;
    if (info != NULL) {
        reset(t);
        t->used = true;
        t->witnessed = false;
        t->segment = (struct lv_segment){ 0 };
        t->tid = info->tid = lv_os_tid();
        info->start = 0;
        info->record = 0;
        lv_thread_note_name(ctx, t);
        __atomic_store_n(lv_thread_place(ctx, t->tid), t, __ATOMIC_RELEASE);
        __atomic_fetch_add(&ctx->threads_used, 1, __ATOMIC_RELAXED);
    } else if (t != NULL) {
        t->next_free = ctx->free_threads;
        ctx->free_threads = t;
    }
    return info != NULL ? t : NULL;
}

struct lv_thread *lv_thread_new(struct lv_context *ctx)
{
    struct lv_locked locked = lv_context_lock(ctx);
    struct lv_thread *t = lv_thread_new_locked(ctx);

    lv_context_unlock(ctx, &locked);
    return t;
}

/* May a finding name the thread when it is gone? Then it is called as it was called last. */
static bool leaves_traces(const struct lv_thread *t)
{
    return t->witnessed || (t->life != NULL && t->life->count != 0);
}

void lv_thread_free(struct lv_context *ctx, struct lv_thread *t)
{
    struct lv_locked locked = lv_context_lock(ctx);

    if (leaves_traces(t))
        lv_thread_note_name(ctx, t);
    forget_held(t);
    lv_life_end(ctx, t);
    lv_steer_forget(ctx, t);
    if (t->waiting.cond != 0)
        lv_wait_end(ctx, t); /* a signal handler ended the thread */
    lv_idle_drop(ctx, t);
    __atomic_fetch_sub(&ctx->threads_used, 1, __ATOMIC_RELAXED);
    t->used = false;
    t->next_free = ctx->free_threads;
    ctx->free_threads = t;
    lv_context_unlock(ctx, &locked);
}

static void become_child(struct lv_context *ctx, struct lv_thread *t)
{
    struct lv_thread_info *info = lv_vec_add(&ctx->thread_infos, &t->info.v);

    if (info != NULL) {
        t->tid = info->tid = lv_os_tid();
        lv_thread_note_name(ctx, t);
        __atomic_store_n(lv_thread_place(ctx, t->tid), t, __ATOMIC_RELEASE);
    }
    lv_order_fork(&ctx->order, &t->segment);
    for (uint32_t i = 0; i < t->depth; i++)
        t->held[i].inherited = true;
    lv_thread_empty_cache(t);
}

void lv_thread_after_fork(struct lv_context *ctx, struct lv_thread *t)
{
    struct lv_locked locked = lv_context_lock(ctx);

    ctx->free_threads = NULL;
    for (struct lv_thread *other = ctx->threads; other != NULL; other = other->next) {
        if (other == t)
            continue;
        if (other->used && t != NULL)
            lv_orphans_collect(ctx, other);
        forget_held(other);
        other->blocked_on.wait = LV_WAITS_NOT;
        other->used = false;
        other->next_free = ctx->free_threads;
        ctx->free_threads = other;
    }
    lv_waits_after_fork(ctx, t);
    lv_lives_after_fork(ctx);
    lv_wakes_after_fork(ctx);
    lv_steer_after_fork(ctx);
    lv_lockstat_after_fork(ctx);
    memset(ctx->thread_at, 0, sizeof(ctx->thread_at));
    ctx->looker = NULL;
    ctx->idle = t != NULL ? t->idle : 0;
    ctx->threads_used = t != NULL;
    ctx->births = 0;
    ctx->ended_holding = false;
    ctx->stuck_for_good = false;
    ctx->unpublished = 0;
    if (t != NULL)
        become_child(ctx, t);
    lv_context_unlock(ctx, &locked);
}

bool lv_thread_grow_held(struct lv_context *ctx, struct lv_thread *t)
{
    struct lv_locked locked = lv_context_lock(ctx);
    struct lv_held *held = new_held(ctx, t->capacity * 2);

    if (held != NULL) {
        memcpy(held, t->held, t->depth * sizeof(*held));
        __atomic_store_n(&t->held, held, __ATOMIC_RELEASE);
        t->capacity *= 2;
    }
    lv_context_unlock(ctx, &locked);
    if (held == NULL)
        lv_context_degrade(ctx);
    return held != NULL;
}

static void grow_known(struct lv_context *ctx, struct lv_thread *t)
{
    uint64_t size = t->known_mask + 1;
    struct lv_locked locked = lv_context_lock(ctx);
    struct lv_known_instance *known = lv_arena_alloc(&ctx->arena, size * 2 * sizeof(*known));

    lv_context_unlock(ctx, &locked);
    t->known_misses = 0;
    if (known == NULL)
        return;
    for (uint64_t i = 0; i < size; i++)
        if (t->known[i].key != 0)
            known[lv_known_hash(t->known[i].key) & (size * 2 - 1)] = t->known[i];
    t->known = known;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->known_mask = size * 2 - 1;
}

void lv_thread_know(struct lv_context *ctx, struct lv_thread *t, const struct lv_known_instance *entry)
{
    struct lv_known_instance *known = lv_known_at(t, entry->key);

    /* A lock whose life ended leaves an entry that is of no use. */
    t->known_misses += known->key != 0 && known->key != entry->key &&
                       __atomic_load_n(&known->record->word, __ATOMIC_RELAXED) == known->word;
    if (t->known_misses > t->known_mask && t->known_mask < LV_KNOWN_LAST - 1) {
        grow_known(ctx, t);
        known = lv_known_at(t, entry->key);
    }
    *known = *entry;
}

void lv_thread_empty_cache(struct lv_thread *t)
{
    __atomic_fetch_add(&t->epoch, UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED);
}
