/* SPDX-License-Identifier: MIT */
/*
 * Releases that are not the youngest lock, once: out of order, one of several by the same holder, pinned, or of a lock
 * that is not held here. The last is misuse, but only when the thread was watched all its life and the lock itself does
 * not say otherwise: the caller asks the object before it comes here (engine/acquire.h).
 */

#include "engine/acquire.h"
#include "engine/lockstat.h"
#include "engine/nest.h"
#include "engine/publish.h"
#include "engine/sem.h"

static struct lv_held_record record_of(const struct lv_acquisition *what)
{
    return (struct lv_held_record){
        .address = what->address, .class = what->class, .uid = what->uid, .kind = (unsigned)what->kind & 15u
    };
}

void lv_release_unheld(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *what,
                       enum lv_unheld lock_says)
{
    const struct lv_held_record record = record_of(what);
    struct lv_holder holder;

    if (t->ever_off || __atomic_load_n(&ctx->state, __ATOMIC_RELAXED) != LV_STATE_ON)
        return;
    if (!lv_holder_find(ctx, t, what->address, what->uid, &holder) && lock_says == LV_UNHELD_TAKEN)
        return;
    lv_finding_about_held(ctx, t, LV_FINDING_UNLOCK, &record, &holder, what->site,
                          lock_says == LV_UNHELD_FREE ? "is being released, but nobody holds it"
                                                      : "is being released, but this thread does not hold it");
}

/* The entry that stands for the lock: its own, or one of several locks of its class. */
static struct lv_held *entry_of(const struct lv_thread *t, const struct lv_acquisition *what)
{
    struct lv_held *h = lv_held_find(t, what->address);

    return h == NULL && what->class.v != 0 ? lv_nest_find(t, what->class) : h;
}

void lv_release_slow(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *what)
{
    struct lv_held *h = entry_of(t, what);

    if (h == NULL) {
        lv_release_unheld(ctx, t, what, LV_UNHELD_BY_THREAD);
        return;
    }
    if (h->again != 0) {
        lv_nest_count_down(h, what->address);
        return;
    }
    if (h->pins != 0) {
        struct lv_held_record record = lv_held_record_of(h);

        lv_finding_about(ctx, t, LV_FINDING_ASSERT, &record, what->site, "is being released while it is pinned");
    }
    if (LV_UNLIKELY(t->lockstat != NULL))
        lv_lockstat_released(t, h->address);
    lv_sem_outlives(t, h);
    t->guard++;
    h = entry_of(t, what); /* a signal handler may have moved it */
    if (h != NULL)
        lv_held_remove(t, h);
    t->guard--;
}
