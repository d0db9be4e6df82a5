/* SPDX-License-Identifier: MIT */
/* Classes are known by their keys, which are compared once for each class; calls by module and offset. */

#include "engine/steer_role.h"

#include <string.h>

#include "engine/resolve.h"
#include "engine/unload.h"

static struct lv_class *class_at(const struct lv_context *ctx, lv_class_id class)
{
    return lv_classes_get(&ctx->classes, class);
}

/* Which roles of the plan name a class with this key. */
static uint32_t roles_with(const struct lv_plan *plan, const struct lv_text *key)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < plan->role_count && !key->cut; i++) {
        if (strcmp(plan->roles[i].wanted, key->buf) == 0)
            bits |= 1u << i;
        if (plan->roles[i].held != NULL && strcmp(plan->roles[i].held, key->buf) == 0)
            bits |= 1u << (LV_STEER_HELD_SHIFT + i);
    }
    return bits;
}

/* The same of the class @id. One that the program named may be known by either of its keys. */
static uint32_t ask(struct lv_context *ctx, lv_class_id id)
{
    const struct lv_plan *plan = &ctx->steer->plan;
    struct lv_class *class = class_at(ctx, id);
    uint32_t bits = LV_STEER_ASKED;
    struct lv_text key;
    char buf[512];

    lv_text_init(&key, buf, sizeof(buf));
    lv_class_run_key(class, &key);
    bits |= roles_with(plan, &key);
    if (class->key.origin == LV_CLASS_NAME) {
        lv_text_init(&key, buf, sizeof(buf));
        lv_class_stable_key(ctx, class, &key);
        bits |= roles_with(plan, &key);
    }
    __atomic_store_n(&class->steered, bits, __ATOMIC_RELAXED);
    return bits;
}

/* Context: lock held. */
uint32_t lv_steer_bits(struct lv_context *ctx, lv_class_id class)
{
    uint32_t bits =
        class.v != 0 ? __atomic_load_n(&class_at(ctx, class)->steered, __ATOMIC_RELAXED) : (uint32_t)LV_STEER_ASKED;

    return (bits & LV_STEER_ASKED) != 0 ? bits : ask(ctx, class);
}

bool lv_steer_has_class(struct lv_context *ctx, lv_class_id class)
{
    uint32_t bits = __atomic_load_n(&class_at(ctx, class)->steered, __ATOMIC_RELAXED);
    struct lv_locked locked;

    if ((bits & LV_STEER_ASKED) == 0) {
        locked = lv_context_lock(ctx);
        bits = ask(ctx, class);
        lv_context_unlock(ctx, &locked);
    }
    return bits != LV_STEER_ASKED;
}

/* Is the call at @site the one that the plan calls @wanted? */
static bool is_site(struct lv_context *ctx, uintptr_t site, const char *wanted)
{
    const struct lv_module *module;
    struct lv_text text;
    char buf[512];

    if (wanted == NULL)
        return true;
    module = lv_module_of(ctx, site);
    if (module == NULL)
        return false;
    lv_text_init(&text, buf, sizeof(buf));
    for (unsigned i = 0; i < module->build_id_size; i++)
        lv_text_printf(&text, "%02x", (unsigned)module->build_id[i]);
    lv_text_printf(&text, "+0x%lx", (unsigned long)(site - module->bias));
    if (strcmp(buf, wanted) == 0)
        return true;
    lv_text_init(&text, buf, sizeof(buf));
    lv_text_printf(&text, "%s+0x%lx", module->name, (unsigned long)(site - module->bias));
    return strcmp(buf, wanted) == 0;
}

static bool is_taken_at(struct lv_context *ctx, const struct lv_held *h, const char *wanted)
{
    const struct lv_stack *stack = wanted != NULL ? lv_stacks_get(&ctx->stacks, h->stack) : NULL;

    return wanted == NULL || (stack != NULL && stack->count != 0 && is_site(ctx, stack->frames[0], wanted));
}

/* Does @t hold what the role number @role holds, in an entry that no other process or thread took? Where there is no other role,
 * that is the wanted lock itself. */
static bool holds(struct lv_context *ctx, const struct lv_thread *t, uintptr_t wanted, uint32_t role)
{
    const struct lv_plan_role *plan = &ctx->steer->plan.roles[role];

    if (plan->held == NULL)
        return true;
    for (uint32_t i = 0; i < t->depth; i++) {
        const struct lv_held *h = &t->held[i];

        if (h->address == 0 || (h->address == wanted) != (ctx->steer->plan.role_count == 1) || h->inherited ||
            (h->flags & LV_UNCHECKED) != 0)
            continue;
        if ((lv_steer_bits(ctx, h->class) & 1u << (LV_STEER_HELD_SHIFT + role)) != 0 &&
            is_taken_at(ctx, h, plan->held_at))
            return true;
    }
    return false;
}

/* The roles that @t plays with @a. */
uint32_t lv_steer_roles(struct lv_context *ctx, const struct lv_thread *t, const struct lv_acquisition *a)
{
    const struct lv_plan *plan = &ctx->steer->plan;
    uint32_t bits = lv_steer_bits(ctx, a->class), roles = 0;

    for (uint32_t i = 0; i < plan->role_count; i++)
        if ((bits & 1u << i) != 0 && holds(ctx, t, a->address, i) && is_site(ctx, a->site, plan->roles[i].wanted_at))
            roles |= 1u << i;
    return roles;
}

/* The same when it joins the thread of @life by a call at @site. */
uint32_t lv_steer_join_roles(struct lv_context *ctx, const struct lv_thread *t, const struct lv_life *life,
                             uintptr_t site)
{
    const struct lv_plan *plan = &ctx->steer->plan;
    const struct lv_class end = { .key = { .origin = LV_CLASS_JOIN, .module = life->module, .place = life->place } };
    uint32_t roles = 0;
    struct lv_text key;
    char buf[512];

    lv_text_init(&key, buf, sizeof(buf));
    lv_class_run_key(&end, &key);
    for (uint32_t i = 0; i < plan->role_count && !key.cut; i++)
        if (strcmp(plan->roles[i].wanted, buf) == 0 && holds(ctx, t, 0, i) &&
            is_site(ctx, site, plan->roles[i].wanted_at))
            roles |= 1u << i;
    return roles;
}

/* The roles before whose held lock @t is, which it would be held before. */
uint32_t lv_steer_early_roles(struct lv_context *ctx, const struct lv_acquisition *a)
{
    const struct lv_plan *plan = &ctx->steer->plan;
    uint32_t bits = lv_steer_bits(ctx, a->class), roles = 0;

    for (uint32_t i = 0; i < plan->role_count; i++)
        if (plan->roles[i].early && (bits & 1u << (LV_STEER_HELD_SHIFT + i)) != 0 &&
            is_site(ctx, a->site, plan->roles[i].held_at))
            roles |= 1u << i;
    return roles;
}

/* The roles that @t plays, as it waits for @wanted. Where it was called from is not asked. */
uint32_t lv_steer_waiting_roles(struct lv_context *ctx, const struct lv_thread *t, const struct lv_held_record *wanted)
{
    const struct lv_plan *plan = &ctx->steer->plan;
    uint32_t bits = lv_steer_bits(ctx, wanted->class), roles = 0;

    for (uint32_t i = 0; i < plan->role_count; i++)
        if ((bits & 1u << i) != 0 && holds(ctx, t, wanted->address, i))
            roles |= 1u << i;
    return roles;
}
