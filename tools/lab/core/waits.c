/* SPDX-License-Identifier: MIT */
#include "core/waits.h"

#include "engine/publish.h"
#include "engine/waits.h"
#include "port/port.h"

/* ---- ends of threads ----------------------------------------------------------------------------------------------- */

void lab_life_begin(struct lv_context *ctx, struct lv_thread *t, unsigned number)
{
    uintptr_t start = lab_address_of_thread(number);
    struct lv_locked locked;
    struct lv_life *life;

    t->guard++;
    locked = lv_context_lock(ctx);
    life = lv_life_new(ctx, start, true);
    if (life != NULL)
        lv_life_begin_locked(ctx, t, life, start);
    lv_context_unlock(ctx, &locked);
    t->guard--;
}

void lab_life_end(struct lv_context *ctx, struct lv_thread *t)
{
    struct lv_locked locked = lv_context_lock(ctx);

    lv_life_end(ctx, t);
    lv_context_unlock(ctx, &locked);
}

void lab_join_begin(struct lv_context *ctx, struct lv_thread *t, unsigned number, uintptr_t site, struct lv_join *ret)
{
    (void)lv_join_begin(ctx, t, lab_address_of_thread(number), 0, site, ret);
}

void lab_join_end(struct lv_join *join)
{
    join->joined = true;
    lv_join_end(join);
}

/* ---- condition variables ------------------------------------------------------------------------------------------- */

void lab_cond_begin(struct lv_context *ctx, struct lv_thread *t, uintptr_t cond, uintptr_t mutex, uintptr_t site,
                    struct lab_cond_wait *ret)
{
    const struct lv_held *h = lv_held_find(t, mutex);
    struct lv_held_record held;

    *ret = (struct lab_cond_wait){ .on = h != NULL };
    if (h == NULL)
        return;
    ret->again = (struct lv_acquisition){ .address = h->address,
                                          .site = site,
                                          .base = h->base,
                                          .class = h->class,
                                          .uid = h->uid,
                                          .kind = h->kind,
                                          .mode = h->mode,
                                          .nested = h->nested };
    held = lv_held_record_of(h);
    lv_release(ctx, t, mutex, LV_KIND_MUTEX, site);
    lv_acquire(ctx, t, &ret->again);
    ret->published = lv_wait_begin(ctx, t, cond, &held, &ret->again);
}

void lab_cond_end(struct lv_context *ctx, struct lv_thread *t, struct lab_cond_wait *wait)
{
    if (!wait->on)
        return;
    if (wait->published)
        lv_wait_end(ctx, t);
    lv_acquired(ctx, t, &wait->again);
    lv_thread_note_wait(t, wait->again.stack);
    wait->on = wait->published = false;
}

void lab_cond_wake(struct lv_context *ctx, struct lv_thread *t, uintptr_t cond)
{
    lv_wait_signalled(ctx, cond);
    lv_life_tell(t);
}
