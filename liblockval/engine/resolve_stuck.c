/* SPDX-License-Identifier: MIT */
/* What is waited for is resolved of all threads first, and then what they hold: if the memory is too small, the circle is
 * there, and so are the classes that it goes through. */

#include "engine/resolve_stuck.h"

#include <string.h>

#include "base/hash.h"
#include "engine/predicted.h"
#include "engine/resolve.h"

enum {
    SIZE_THREAD = 1024, /* names of two threads, and the lines about one */
    SIZE_LOCK = 1024,   /* name and origin of a class, and its lines */
    SIZE_FRAME = 128
};

static void resolve_wait(struct lv_pool *p, const struct lv_stuck *stuck, uint32_t count, struct lv_report_stuck *ret)
{
    *ret = (struct lv_report_stuck){
        .thread = lv_pool_thread(p, stuck->thread),
        .wait = stuck->wait,
        .foreign = stuck->foreign,
        .timed = stuck->timed,
        .last = stuck->last,
        .waited_ms = stuck->waited_ms,
        .blocker = stuck->blocker < count ? stuck->blocker : LV_STUCK_NOBODY,
        .blocker_mode = stuck->blocker_mode,
        .blocker_queued = stuck->blocker_queued,
        .left_out = stuck->held_count + stuck->left_out,
    };
    if (stuck->wait == LV_WAITS_NOT)
        return;
    lv_pool_lock(p, &stuck->wanted, &ret->wanted);
    if ((stuck->wait == LV_WAITS_COND || stuck->wait == LV_WAITS_EVENT) && stuck->with.class.v != 0)
        lv_pool_lock(p, &stuck->with, &ret->with);
    if (stuck->wait == LV_WAITS_JOIN && stuck->joined.v != 0)
        ret->joined = lv_pool_thread(p, stuck->joined);
}

static void resolve_held(struct lv_pool *p, const struct lv_stuck *stuck, struct lv_report_stuck *ret)
{
    struct lv_report_lock *held = lv_pool_take(p, stuck->held_count * sizeof(*held));

    if (held == NULL)
        return;
    for (uint32_t i = 0; i < stuck->held_count; i++)
        lv_pool_lock(p, &stuck->held[i], &held[i]);
    ret->held = held;
    ret->held_count = stuck->held_count;
    ret->left_out = stuck->left_out;
}

static struct lv_report_stuck *resolve_waits(struct lv_pool *p, const struct lv_stuck *stuck, uint32_t count)
{
    struct lv_report_stuck *ret = lv_pool_take(p, count * sizeof(*ret));

    for (uint32_t i = 0; ret != NULL && i < count; i++)
        resolve_wait(p, &stuck[i], count, &ret[i]);
    return ret;
}

struct lv_report_stuck *lv_resolve_threads(struct lv_pool *p, const struct lv_stuck *stuck, uint32_t count)
{
    struct lv_report_stuck *ret = resolve_waits(p, stuck, count);

    for (uint32_t i = 0; ret != NULL && i < count; i++)
        resolve_held(p, &stuck[i], &ret[i]);
    return ret;
}

static struct lv_report_prediction resolve_prediction(struct lv_pool *p, const struct lv_finding *finding)
{
    const struct lv_made *made = lv_predicted(p->ctx, finding);
    struct lv_text text;

    if (made == NULL)
        return (struct lv_report_prediction){ .fingerprint = NULL };
    /* A copy: those that were made move when there are more of them. */
    text = lv_pool_text(p);
    lv_text_puts(&text, made->fingerprint);
    return (struct lv_report_prediction){ lv_pool_end_text(p, &text), made->finding.kind, made->finding.verdict };
}

void lv_resolve_stuck(struct lv_pool *p, const struct lv_finding *finding, struct lv_report *ret,
                      uint32_t *ret_cycle_classes)
{
    struct lv_report_stuck *stuck;

    *ret_cycle_classes = p->class_count;
    if (finding->stuck_count == 0)
        return;
    ret->prediction = resolve_prediction(p, finding);
    stuck = resolve_waits(p, finding->stuck, finding->stuck_count);
    if (stuck == NULL)
        return;
    *ret_cycle_classes = p->class_count;
    for (uint32_t i = 0; i < finding->stuck_count; i++)
        resolve_held(p, &finding->stuck[i], &stuck[i]);
    ret->stuck = stuck;
    ret->stuck_count = finding->stuck_count;
    ret->circle_count = finding->circle_count;
    ret->stuck_more = finding->stuck_more;
}

uint32_t lv_resolve_stuck_classes(const struct lv_finding *finding)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < finding->stuck_count; i++)
        count += 2 + finding->stuck[i].held_count;
    return count;
}

static size_t lock_size(const struct lv_context *ctx, const struct lv_held_record *record)
{
    const struct lv_stack *stack = lv_stacks_get(&ctx->stacks, record->stack);

    return SIZE_LOCK + (stack != NULL ? (size_t)stack->count * SIZE_FRAME : 0);
}

size_t lv_resolve_stuck_size(const struct lv_context *ctx, const struct lv_stuck *stuck, uint32_t count)
{
    size_t size = 0;

    for (uint32_t i = 0; i < count; i++) {
        size += SIZE_THREAD + lock_size(ctx, &stuck[i].wanted) + lock_size(ctx, &stuck[i].with);
        for (uint32_t j = 0; j < stuck[i].held_count; j++)
            size += lock_size(ctx, &stuck[i].held[j]);
    }
    return size;
}

/* What has no class is known by the function that waits. */
static uint64_t hash_of_wait(struct lv_pool *p, const struct lv_stuck *stuck)
{
    const struct lv_stack *stack = lv_stacks_get(&p->ctx->stacks, stuck->wanted.stack);
    uint64_t hash = (uint64_t)stuck->wait;
    char name[256];
    struct lv_text text;

    if (stuck->wanted.class.v != 0)
        return lv_hash_mix(hash, lv_pool_stable_hash(p, stuck->wanted.class));
    if (stack == NULL || stack->count == 0)
        return hash;
    lv_text_init(&text, name, sizeof(name));
    lv_frame_name(p->ctx, stack->frames[0], lv_stack_born(stack, 0), &text);
    name[strcspn(name, "+")] = '\0';
    return lv_hash_text(hash, name);
}

static uint64_t number_of(const void *arg, uint32_t i)
{
    return ((const uint64_t *)arg)[i];
}

uint64_t lv_resolve_stuck_hash(struct lv_pool *p, const struct lv_finding *finding)
{
    uint64_t *hash = lv_pool_take(p, finding->stuck_count * sizeof(*hash));

    if (hash == NULL)
        return 0;
    for (uint32_t i = 0; i < finding->stuck_count; i++)
        hash[i] = hash_of_wait(p, &finding->stuck[i]);
    return lv_stuck_hash(number_of, hash, finding->stuck_count, finding->circle_count);
}
