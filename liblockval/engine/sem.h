/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_SEM_H
#define LV_ENGINE_SEM_H

#include "engine/identity.h"
#include "engine/usage.h"

/*
 * Semaphores. One that is made with the value 1 may be a lock, or a signal that one thread gives another; nothing but its
 * use tells. Each class of them has a standing (graph/classes.h):
 *
 *     candidate   as it begins. Acquisitions are followed like those of a lock, their edges are kept, but no path leads
 *                 through the class
 *     lock        a thread posted what it had itself waited for. What was kept is judged then, everything else as it comes
 *     event       for good: a thread posted what it does not hold, or posted it in another context than it waited in; or
 *                 waited again, and got it, before its own acquisition was posted: somebody posted where it is not seen;
 *                 or has LV_SEM_KEPT of them at once: they are used up, not given back
 *
 * A lock becomes an event when it is used so, never the other way. A semaphore has no identity unless it was made with
 * the value 1 in our sight; those without are not followed.
 *
 * A semaphore that a thread keeps when it releases a lock under which it waited for it may be the turn of a group: the
 * first of some readers waits for it, and whoever is the last posts it, both under a lock that counts them. That the same
 * thread is first and last says nothing then, and no edges are made from it to what is taken later.
 *
 * No unlock or lifetime finding is made of a semaphore, nor one of a thread that waits for what it has.
 *
 * Context of all calls: the calling thread's own state, guard not held. lv_sem_post() may be called in a signal handler.
 */

enum {
    LV_SEM_KEPT = 128
};

/* The identity word of @object if it is followed, else 0. Cost: a look-up in a table for one without room inside. */
uint64_t lv_sem_find(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object);

/* The thread got what it asked lv_acquire() for. */
void lv_sem_acquired(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);

/* The thread is about to post @object, from @site. Makes findings when this shows that the class is one of locks. */
void lv_sem_post(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, uintptr_t site);

/* A semaphore begins to live at @object, made at @site, @binary: with the value 1. What the thread still had at its place
 * is had no longer. */
void lv_sem_init(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, bool binary,
                 uintptr_t site);

/* The same for one with the value 1 that other threads may be opening too: what it is known as already, it stays. */
void lv_sem_open(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object, uintptr_t site);

/* The semaphore @object is gone. */
void lv_sem_forget(struct lv_context *ctx, struct lv_thread *t, const struct lv_object *object);

/* Is @h held in the context and by the signal handler that run now? One that interrupted it leaves it alone. */
bool lv_sem_is_here(const struct lv_thread *t, const struct lv_held *h);

/* The thread is about to release the lock @h, which is not the youngest that it holds. */
void lv_sem_outlives(struct lv_thread *t, const struct lv_held *h);

/* Has it come out that what the thread holds as @h was never a lock, and may it be dropped now? */
static inline bool lv_sem_is_event(const struct lv_context *ctx, const struct lv_thread *t, const struct lv_held *h)
{
    return h->kind == LV_KIND_SEM && lv_class_standing(&ctx->classes, h->base) == LV_CLASS_IS_EVENT &&
           lv_sem_is_here(t, h);
}

/* An edge from @held was added: no path leads through its class unless that is one of locks. A class without such edges is on
 * no path anyway. Context: lock held. */
static inline void lv_sem_mark(struct lv_context *ctx, const struct lv_held_record *held)
{
    lv_class_id base;

    if (LV_LIKELY(held->kind != LV_KIND_SEM))
        return;
    base = lv_classes_get(&ctx->classes, held->class)->base;
    lv_digraph_pass_by(&ctx->graph, held->class.v, lv_class_standing(&ctx->classes, base) != LV_CLASS_IS_LOCK);
}

#endif
