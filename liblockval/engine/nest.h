/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_NEST_H
#define LV_ENGINE_NEST_H

/*
 * Locks of one class at once, where the program itself says that this is right: under a nest lock, or in the order of a
 * comparison function.
 *
 * Under a nest lock a program may take thousands of one class. Those that follow each other, of a class whose instances
 * need not be told apart (one with a key, or strict=1), are one entry of the held stack,
 * with a count (idea: lockdep's references). Such an entry is named by its first lock until that one is released; of the
 * others it is not known which they are: a question about one of them gets no answer, and what is released counts down
 * when it is of that class.
 */

#include "engine/thread.h"

/* Does the class have a comparison function? */
static inline const struct lv_class_order *lv_nest_order(const struct lv_context *ctx, lv_class_id base)
{
    return __atomic_load_n(&lv_classes_get(&ctx->classes, base)->order, __ATOMIC_ACQUIRE);
}

/*
 * @a has a nest lock, or its class a comparison function. Is the order within its class judged by that? A nest lock that is
 * not held is a finding (assert), and so is (recursive) what the function says is no order: the function is called for each
 * lock of the class that is held, without the internal lock, and what it locks is not watched.
 * Context: guard not held.
 */
bool lv_nest_judge(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);

/* @a is held now under its nest lock. True: the youngest entry stands for it, too. */
bool lv_nest_merge(struct lv_thread *t, const struct lv_acquisition *a);

/* The youngest entry that stands for several locks of the class @base (0: of whatever class), or null. */
struct lv_held *lv_nest_find(const struct lv_thread *t, lv_class_id base);

/* Of what @h stands for, the lock at @address is released, and others remain. */
void lv_nest_count_down(struct lv_held *h, uintptr_t address);

/* The locks of @base and its subclasses are ordered by @order; null: no more. Context: lock held. */
void lv_nest_set_order(struct lv_context *ctx, lv_class_id base, const struct lv_class_order *order);

#endif
