/* SPDX-License-Identifier: MIT */
/*
 * Held entries are found by address, not by instance: what is held there is the lock whose life ends, whoever wrote over its
 * identity meanwhile.
 *
 * Other threads' held stacks are read while they change. Under the internal lock no state is recycled; an entry is copied,
 * and counts if it is still there with the same address afterwards, and if the lock itself names that thread then.
 */

#include "engine/lifetime.h"

#include "engine/acquire.h"
#include "engine/instances.h"
#include "engine/publish.h"
#include "sys/unwind.h"

/*
 * The life of the lock at @address ends; it may be held more than once, as instances that followed each other there. A
 * child of fork may make a lock anew that its parent held at the fork: handlers of fork do so in many allocators.
 */
static void end_life(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind, uintptr_t site,
                     const char *detail)
{
    for (struct lv_held *h; (h = lv_held_find(t, address)) != NULL;) {
        const struct lv_held_record record = lv_held_record_of(h);

        if (h->kind == kind && !h->inherited)
            lv_finding_about(ctx, t, LV_FINDING_LIFETIME, &record, site, detail);
        (void)lv_held_drop(t, address);
    }
}

void lv_lifetime_init(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind, uintptr_t site)
{
    end_life(ctx, t, address, kind, site, "is initialised anew while it is held");
}

void lv_lifetime_destroy(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, enum lv_kind kind,
                         uintptr_t site)
{
    end_life(ctx, t, address, kind, site, "is destroyed while it is held");
}

bool lv_lifetime_is_claimed(enum lv_kind kind)
{
    return kind == LV_KIND_MUTEX || kind == LV_KIND_RWLOCK || kind == LV_KIND_SPIN || kind == LV_KIND_MAP;
}

/* Only a mutex and a written rwlock name their holder. */
static bool is_named(const struct lv_held *h)
{
    return h->kind == LV_KIND_MUTEX || (h->kind == LV_KIND_RWLOCK && h->mode == LV_WRITE);
}

bool lv_lifetime_is_held(const struct lv_context *ctx, const struct lv_thread *t, const struct lv_held *h,
                         unsigned flags)
{
    if (h->inherited || h->address == 0 || !lv_lifetime_is_claimed((enum lv_kind)h->kind) || ctx->owner == NULL)
        return false;
    return ctx->owner(h->address, (enum lv_kind)h->kind, flags) == (is_named(h) ? t->tid : -1);
}

/* Entry @i of another thread's held stack. False: it is not there (any more). The depth is read first: a larger array is
 * published before a depth that needs it. */
static bool read_entry(const struct lv_thread *other, uint32_t i, struct lv_held *ret)
{
    const struct lv_held *held;

    if (i >= __atomic_load_n(&other->depth, __ATOMIC_ACQUIRE))
        return false;
    held = __atomic_load_n(&other->held, __ATOMIC_ACQUIRE);
    *ret = held[i];
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return i < __atomic_load_n(&other->depth, __ATOMIC_RELAXED) &&
           __atomic_load_n(&held[i].address, __ATOMIC_RELAXED) == ret->address;
}

bool lv_lifetime_find_holder(const struct lv_context *ctx, const struct lv_thread *t, uintptr_t start, uintptr_t end,
                             uint32_t uid, unsigned flags, struct lv_holder *ret)
{
    for (const struct lv_thread *other = ctx->threads; other != NULL; other = other->next) {
        struct lv_held h;

        for (uint32_t i = 0; other->used && other != t && read_entry(other, i, &h); i++) {
            if (h.address < start || h.address >= end || (uid != 0 && h.uid != uid) ||
                !lv_lifetime_is_held(ctx, other, &h, flags))
                continue;
            *ret = (struct lv_holder){ lv_held_record_of(&h), other->info };
            return true;
        }
    }
    return false;
}

/* Is exit() under way in this thread? What its handlers and destructors give up, nobody uses again. */
static bool is_ending(struct lv_context *ctx, uintptr_t site)
{
    uintptr_t frames[LV_LIFETIME_FRAMES];
    struct lv_locked locked = lv_context_lock(ctx);
    uint32_t count = lv_unwind(frames, LV_LIFETIME_FRAMES, site);

    lv_context_unlock(ctx, &locked);
    for (uint32_t i = 0; i < count; i++)
        for (size_t k = 0; k < LV_ARRAY_SIZE(ctx->ending); k++)
            if (frames[i] - 1 - ctx->ending[k].start < ctx->ending[k].end - ctx->ending[k].start)
                return true;
    return false;
}

void lv_lifetime_report(struct lv_context *ctx, struct lv_thread *t, const struct lv_holder *holder, uintptr_t site,
                        const char *what)
{
    bool own = holder->thread.v == t->info.v;
    struct lv_held_record record = holder->record;
    char detail[128];
    struct lv_text text;
    bool ending;

    t->guard++;
    ending = is_ending(ctx, site);
    t->guard--;
    if (ending)
        return;
    lv_text_init(&text, detail, sizeof(detail));
    lv_text_printf(&text, own ? "%s while it is held" : "%s while another thread holds it", what);
    if (own) {
        lv_finding_about(ctx, t, LV_FINDING_LIFETIME, &record, site, detail);
        return;
    }
    record.stack.v = 0; /* where it was taken is the holder's side */
    lv_finding_about_held(ctx, t, LV_FINDING_LIFETIME, &record, holder, site, detail);
}

void lv_lifetime_check_others(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object,
                              uintptr_t site, const char *what)
{
    uint64_t word = lv_identity_peek_guarded(ctx, t, object);
    struct lv_holder holder;
    struct lv_locked locked;
    bool found;
    int owner;

    /* What a watched thread holds has an identity. */
    if (word == 0 || ctx->owner == NULL)
        return;
    owner = ctx->owner(object->address, object->kind, LV_OWNER_MAPPED);
    if (owner == 0 || owner == t->tid)
        return;
    t->guard++;
    locked = lv_context_lock(ctx);
    found = lv_lifetime_find_holder(ctx, t, object->address, object->address + 1, lv_identity_uid(word), 0, &holder);
    lv_context_unlock(ctx, &locked);
    t->guard--;
    if (found)
        lv_lifetime_report(ctx, t, &holder, site, what);
}

/* The locks of the table that lie on the thread's stack. Those that other threads met first are marked in the filter. */
static void retire_stack(struct lv_context *ctx, struct lv_thread *t)
{
    uintptr_t start = t->stack_lowest;
    struct lv_locked locked;

    if (__atomic_load_n(&ctx->instance_of.live, __ATOMIC_RELAXED) == 0)
        return;
    if ((lv_pages_marks(&ctx->pages, t->stack_start, t->stack_end - t->stack_start) & LV_PAGE_TABLE) != 0)
        start = t->stack_start;
    if (start == 0)
        return;
    t->guard++;
    if (lv_instances_may_be_in(ctx, start, t->stack_end)) {
        locked = lv_context_lock(ctx);
        lv_instances_retire(ctx, start, t->stack_end);
        lv_context_unlock(ctx, &locked);
    }
    t->guard--;
}

void lv_lifetime_thread_end(struct lv_context *ctx, struct lv_thread *t, uintptr_t site)
{
    while (t->depth != 0) {
        struct lv_held *h = &t->held[t->depth - 1];
        const struct lv_held_record record = lv_held_record_of(h);

        __atomic_store_n(&ctx->ended_holding, true, __ATOMIC_RELAXED);
        if (t->off == 0 && lv_lifetime_is_held(ctx, t, h, LV_OWNER_NOT_ROBUST | LV_OWNER_NOT_SHARED))
            lv_finding_about(ctx, t, LV_FINDING_LIFETIME, &record, site, "is held while its thread ends");
        (void)lv_held_drop(t, record.address);
    }
    retire_stack(ctx, t);
}
