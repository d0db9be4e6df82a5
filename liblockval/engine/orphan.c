/* SPDX-License-Identifier: MIT */
/*
 * The list of orphans is written in the child before it has a second thread, and only read from then on. An orphan whose
 * lock was seen without its holder (initialised where no hook saw it) is over for good: the next holder is another.
 *
 * Only locks that can be asked are collected: of others it is not known whether the child has not put them right.
 */

#include "engine/orphan.h"

#include "engine/acquire.h"
#include "engine/publish.h"

/* One address may have several: readers. */
struct lv_orphan {
    struct lv_held_record record;
    lv_thread_id thread;
    int tid;       /* that the lock names; 0: not known */
    uint32_t next; /* at the same address; 0: none */
    bool over;     /* atomic: the lock was seen without that holder */
};

static struct lv_orphan *orphan_at(const struct lv_context *ctx, uint32_t number)
{
    return lv_vec_at(&ctx->orphans, number);
}

static bool can_be_asked(enum lv_kind kind)
{
    return kind == LV_KIND_MUTEX || kind == LV_KIND_RWLOCK || kind == LV_KIND_SPIN;
}

void lv_orphans_init(struct lv_context *ctx)
{
    lv_vec_init(&ctx->orphans, &ctx->arena, sizeof(struct lv_orphan));
    lv_table_init(&ctx->orphan_at, &ctx->arena);
}

static void collect(struct lv_context *ctx, const struct lv_thread *gone, const struct lv_held *h)
{
    uint32_t number = 0;
    struct lv_orphan *orphan = lv_vec_add(&ctx->orphans, &number);

    if (orphan != NULL && number == 0)
        orphan = lv_vec_add(&ctx->orphans, &number);
    if (orphan == NULL)
        return;
    *orphan = (struct lv_orphan){ .record = lv_held_record_of(h),
                                  .thread = gone->info,
                                  .tid = h->inherited ? 0 : gone->tid,
                                  .next = lv_table_find(&ctx->orphan_at, h->address) };
    if (lv_table_insert(&ctx->orphan_at, h->address, number) == 0)
        lv_classes_get(&ctx->classes, h->base)->orphans = true;
}

void lv_orphans_collect(struct lv_context *ctx, struct lv_thread *gone)
{
    for (uint32_t i = 0; i < gone->depth; i++) {
        const struct lv_held *h = &gone->held[i];

        if (!can_be_asked((enum lv_kind)h->kind))
            continue;
        gone->witnessed = true; /* keeps its name */
        collect(ctx, gone, h);
    }
}

/* Does the lock itself still name the thread, or somebody at least? */
static bool is_still_held(const struct lv_context *ctx, struct lv_orphan *orphan)
{
    if (__atomic_load_n(&orphan->over, __ATOMIC_RELAXED))
        return false;
    if (ctx->agrees == NULL || ctx->agrees(&orphan->record, orphan->tid))
        return true;
    __atomic_store_n(&orphan->over, true, __ATOMIC_RELAXED);
    return false;
}

/* An orphan there that a taker in @mode would wait for. In memory that other processes see, the holder may live. */
static const struct lv_orphan *find(struct lv_context *ctx, uintptr_t address, uint64_t uid, enum lv_mode mode)
{
    const struct lv_orphan *found = NULL;

    for (uint32_t i = lv_table_find(&ctx->orphan_at, address); i != 0; i = orphan_at(ctx, i)->next) {
        struct lv_orphan *orphan = orphan_at(ctx, i);

        if ((uid == 0 || orphan->record.uid == uid) && is_still_held(ctx, orphan) &&
            (mode == LV_WRITE || orphan->record.mode == LV_WRITE))
            found = orphan;
    }
    return found != NULL && lv_os_is_private(address) ? found : NULL;
}

bool lv_orphan_find(struct lv_context *ctx, uintptr_t address, uint64_t uid, struct lv_holder *ret)
{
    const struct lv_orphan *orphan = find(ctx, address, uid, LV_WRITE);

    if (orphan == NULL)
        return false;
    *ret = (struct lv_holder){ orphan->record, orphan->thread };
    return true;
}

/* A call that gives up after a time is only a note. */
static void publish(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                    const struct lv_orphan *orphan)
{
    bool timed = (a->flags & LV_TIMED) != 0;
    struct lv_finding finding = {
        .kind = LV_FINDING_FORK,
        .verdict = timed ? LV_VERDICT_GUARDED : LV_VERDICT_MISUSE,
        .subject = lv_acquisition_record(t, a),
        .detail = "is about to be taken in a forked child, but a thread of the parent held it at the fork",
        .holder = orphan->record,
        .holder_thread = orphan->thread,
    };

    finding.subject.stack.v = 0; /* it is not held here: the call is the backtrace */
    finding.identity = lv_hash_mix(lv_hash_mix((uint64_t)finding.kind, a->class.v), a->site + (uintptr_t)timed);
    lv_finding_add_reason(&finding, (struct lv_reason){ LV_REASON_ORPHAN, 0, 0 });
    if (timed)
        lv_finding_add_reason(&finding, (struct lv_reason){ LV_REASON_GIVES_UP, 0, 0 });
    lv_finding_publish(ctx, t, &finding, a->site);
}

bool lv_orphan_check(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    const struct lv_orphan *orphan = NULL;

    if (!lv_classes_get(&ctx->classes, a->base)->orphans)
        return true;
    t->guard++;
    orphan = find(ctx, a->address, a->uid, (enum lv_mode)a->mode);
    t->guard--;
    if (orphan != NULL && (a->flags & LV_TRY) == 0)
        publish(ctx, t, a, orphan);
    return false;
}
