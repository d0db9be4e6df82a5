/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_STEER_ROLE_H
#define LV_ENGINE_STEER_ROLE_H

/*
 * Who plays which role of the plan, as far as one thread alone can tell. Sets of roles have a bit for each.
 * Context: lock held, guard held, for all functions here.
 */

#include "engine/life.h"
#include "engine/steer.h"

/* .steered of a class: a bit for each role that wants it, another one for each that holds it. */
enum {
    LV_STEER_HELD_SHIFT = LV_PLAN_ROLES,
    LV_STEER_ASKED = 1 << 30
};

_Static_assert(2 * LV_STEER_HELD_SHIFT < 30, "the bits of a class");

/* Which roles of the plan name the class. */
uint32_t lv_steer_bits(struct lv_context *ctx, lv_class_id class);

static inline bool lv_steer_is_held_class(struct lv_context *ctx, lv_class_id class, uint32_t role)
{
    return (lv_steer_bits(ctx, class) & 1u << (LV_STEER_HELD_SHIFT + role)) != 0;
}

/* The roles that @t plays with @a. */
uint32_t lv_steer_roles(struct lv_context *ctx, const struct lv_thread *t, const struct lv_acquisition *a);

/* The same when it joins the thread of @life by a call at @site, */
uint32_t lv_steer_join_roles(struct lv_context *ctx, const struct lv_thread *t, const struct lv_life *life,
                             uintptr_t site);

/* and as it waits for @wanted. Where it was called from is not asked. */
uint32_t lv_steer_waiting_roles(struct lv_context *ctx, const struct lv_thread *t, const struct lv_held_record *wanted);

/* The roles before whose held lock @a is, which its thread would be held before. */
uint32_t lv_steer_early_roles(struct lv_context *ctx, const struct lv_acquisition *a);

static inline uint32_t lv_steer_first(uint32_t roles)
{
    return (uint32_t)__builtin_ctz(roles);
}

#endif
