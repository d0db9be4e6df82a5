/* SPDX-License-Identifier: MIT */
/*
 * The held stack is taken off down to the lock, and put on again entry for entry, each judged as if it were taken now. That
 * happens in place: what lies above the depth is not touched meanwhile, since the guard keeps signal handlers from pushing,
 * and what is written never overtakes what is read. Other threads that look may miss a lock for that time, never see one
 * that is not held.
 */

#include "engine/rekey.h"

#include "engine/acquire.h"

/* What the entry looked like when it was wanted. */
static struct lv_acquisition wanted_as(const struct lv_held *h, uintptr_t site)
{
    return (struct lv_acquisition){
        .address = h->address,
        .site = site,
        .base = h->base,
        .class = h->class,
        .uid = h->uid,
        .kind = h->kind,
        .mode = h->mode,
        .flags = h->flags,
        .nested = h->nested != LV_NESTED_NO,
        .reentrant = true,
        .stack = h->stack,
    };
}

/* All locks from @at on were taken in the context that the thread is in. */
static bool are_of_now(const struct lv_thread *t, uint32_t at)
{
    for (uint32_t i = at; i < t->depth; i++)
        if (t->held[i].level != t->level)
            return false;
    return true;
}

static void change(struct lv_held *h, const struct lv_rekey *to)
{
    h->base = to->base;
    h->class = to->class;
    if (to->uid != 0)
        h->uid = to->uid;
    if (to->unchecked)
        h->flags |= LV_UNCHECKED;
}

static void build_anew(struct lv_context *ctx, struct lv_thread *t, uint32_t at, const struct lv_rekey *to,
                       uintptr_t site)
{
    uint32_t end = t->depth;

    t->key = t->held[at].key_before;
    t->filter = t->held[at].filter_before;
    __atomic_store_n(&t->depth, at, __ATOMIC_RELEASE);
    for (uint32_t i = at; i < end; i++) {
        struct lv_held entry = t->held[i];
        struct lv_acquisition a;

        if (i == at)
            change(&entry, to);
        a = wanted_as(&entry, site);
        lv_acquire(ctx, t, &a);
        lv_held_push(t, &entry);
    }
}

bool lv_rekey_held(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, const struct lv_rekey *to,
                   uintptr_t site)
{
    struct lv_held *h;
    bool next_set;

    t->guard++;
    next_set = t->next_set; /* is for another acquisition */
    t->next_set = false;
    h = lv_held_find(t, address);
    if (h != NULL && to->class.v != 0) {
        uint32_t at = (uint32_t)(h - t->held);

        if (are_of_now(t, at)) {
            build_anew(ctx, t, at, to, site);
        } else {
            change(h, to);
            lv_held_remix(t, h);
        }
    }
    t->next_set = next_set;
    t->guard--;
    return h != NULL;
}

lv_class_id lv_rekey_subclass(struct lv_context *ctx, struct lv_thread *t, lv_class_id class, unsigned subclass)
{
    lv_class_id base = lv_classes_get(&ctx->classes, class)->base;
    struct lv_acquisition a = { .base = base, .class = base };

    lv_acquisition_subclass(ctx, t, &a, subclass);
    return subclass != 0 && a.class.v == base.v ? (lv_class_id){ 0 } : a.class;
}
