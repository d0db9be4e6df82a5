/* SPDX-License-Identifier: MIT */
/*
 * Records are type-stable and recycled: who wakes finds one without the lock, and compares the event's number after it
 * read the state. Identities of events are always in the table, as their objects have no room.
 */

#include "engine/wake.h"

#include "engine/site.h"

static struct lv_object object_of(uintptr_t address)
{
    return (struct lv_object){ address, LV_KIND_EVENT, NULL, NULL };
}

void lv_wakes_init(struct lv_context *ctx)
{
    lv_vec_init(&ctx->wakes, &ctx->arena, sizeof(struct lv_wake));
    lv_table_init(&ctx->wake_of, &ctx->arena);
}

static void recycle(struct lv_context *ctx, struct lv_wake *wake, uint32_t number)
{
    wake->users = 0;
    __atomic_store_n(&wake->uid, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&wake->state, 0, __ATOMIC_RELEASE);
    wake->next_free = ctx->free_wake;
    ctx->free_wake = number;
}

void lv_wakes_after_fork(struct lv_context *ctx)
{
    lv_table_clear(&ctx->wake_of);
    ctx->free_wake = 0;
    for (uint32_t i = 1; i < ctx->wakes.count; i++)
        recycle(ctx, lv_vec_at(&ctx->wakes, i), i);
}

void lv_wake_make(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, uintptr_t site)
{
    const struct lv_object object = object_of(address);

    lv_identity_init(ctx, t, &object, site);
}

void lv_wake_forget(struct lv_context *ctx, struct lv_thread *t, uintptr_t address)
{
    const struct lv_object object = object_of(address);

    if (lv_identity_peek_guarded(ctx, t, &object) != 0)
        lv_identity_forget(ctx, t, &object);
}

/* A free record, or a new one; null without memory. Context: lock held. */
static struct lv_wake *make(struct lv_context *ctx, uint32_t uid, uint32_t *ret_number)
{
    uint32_t number = ctx->free_wake;
    struct lv_wake *wake;

    if (number != 0) {
        wake = lv_vec_at(&ctx->wakes, number);
        ctx->free_wake = wake->next_free;
    } else {
        wake = lv_vec_add(&ctx->wakes, &number);
        if (wake != NULL && number == 0) /* stands for none */
            wake = lv_vec_add(&ctx->wakes, &number);
        if (wake == NULL)
            return NULL;
    }
    if (lv_table_insert(&ctx->wake_of, uid, number) < 0) {
        wake->next_free = ctx->free_wake;
        ctx->free_wake = number;
        return NULL;
    }
    __atomic_store_n(&wake->uid, uid, __ATOMIC_RELEASE);
    *ret_number = number;
    return wake;
}

/* The record of the event @uid, with one more user. */
static struct lv_wake *enter(struct lv_context *ctx, struct lv_thread *t, uint32_t uid, uint32_t *ret_number)
{
    struct lv_locked locked;
    struct lv_wake *wake;

    t->guard++;
    locked = lv_context_lock(ctx);
    *ret_number = lv_table_find(&ctx->wake_of, uid);
    wake = *ret_number != 0 ? lv_vec_at(&ctx->wakes, *ret_number) : make(ctx, uid, ret_number);
    if (wake != NULL)
        wake->users++;
    lv_context_unlock(ctx, &locked);
    t->guard--;
    if (wake == NULL)
        lv_context_degrade(ctx);
    return wake;
}

struct lv_wake_wait lv_wake_begin(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, unsigned flags,
                                  bool adopt, uintptr_t site)
{
    const struct lv_object object = object_of(address);
    struct lv_wake_wait wait = { .t = t };
    struct lv_acquisition a;
    uint64_t word = adopt ? lv_identity_find(ctx, t, &object, site) : lv_identity_peek_guarded(ctx, t, &object);

    if (!lv_acquisition_set(&a, &object, word, LV_WRITE, flags, site))
        return wait;
    wait.uid = a.uid;
    wait.wake = enter(ctx, t, a.uid, &wait.number);
    if (wait.wake != NULL)
        lv_event_begin_wait(ctx, t, &a, &wait.wake->state);
    return wait;
}

void lv_wake_end(struct lv_context *ctx, struct lv_wake_wait *wait)
{
    struct lv_locked locked;

    if (wait->wake == NULL)
        return;
    wait->t->guard++;
    locked = lv_context_lock(ctx);
    if (wait->wake->uid == wait->uid) {
        lv_event_end_wait(&wait->wake->state);
        if (--wait->wake->users == 0) {
            lv_table_remove(&ctx->wake_of, wait->uid);
            recycle(ctx, wait->wake, wait->number);
        }
    }
    lv_context_unlock(ctx, &locked);
    wait->t->guard--;
    wait->wake = NULL;
}

void lv_wake_up(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, uintptr_t site)
{
    const struct lv_object object = object_of(address);
    const struct lv_wake *wake;
    struct lv_acquisition a;
    lv_event_state state;
    uint32_t number;
    bool same;

    if (!lv_acquisition_set(&a, &object, lv_identity_peek_guarded(ctx, t, &object), LV_WRITE, 0, site))
        return;
    t->guard++;
    number = lv_table_find(&ctx->wake_of, a.uid);
    t->guard--;
    if (number == 0)
        return;
    wake = lv_vec_at(&ctx->wakes, number);
    state = __atomic_load_n(&wake->state, __ATOMIC_ACQUIRE);
    same = __atomic_load_n(&wake->uid, __ATOMIC_ACQUIRE) == a.uid;
    if (same)
        lv_event_complete(ctx, t, &a, &state);
}
