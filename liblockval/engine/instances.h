/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_INSTANCES_H
#define LV_ENGINE_INSTANCES_H

#include "engine/context.h"

/*
 * The locks whose identity is in the table: found by address, and by the page that they lie on, for memory that goes away.
 * A lock leaves the table when it is destroyed, or when its memory is given back. Memory that may only be moved, or be kept
 * after all, is parked: nobody finds its locks meanwhile, and afterwards they come back or are retired.
 * Context of all calls but the first: internal lock held.
 */

/* May the table have a lock in [@start, @end)? False is certain for memory that the caller may give back, as nobody makes a
 * lock there meanwhile; true also where the lists change at this moment, or are long. Context: any thread, guard held. */
bool lv_instances_may_be_in(struct lv_context *ctx, uintptr_t start, uintptr_t end);

/* The number of the record for the lock at @address, made if need be, .word 0; 0 without memory. */
uint32_t lv_instances_find_or_add(struct lv_context *ctx, uintptr_t address);

/* The lock at @address, if it is known, is one no longer. */
void lv_instances_forget(struct lv_context *ctx, uintptr_t address);

/*
 * Take all locks in [@start, @end) out of the table. Returns the first, linked through lv_instance.next; 0: none.
 * Cost: a look-up for each page, or the number of all instances if that is less.
 */
uint32_t lv_instances_park(struct lv_context *ctx, uintptr_t start, uintptr_t end);

/* The identity word that a parked lock had. */
uint64_t lv_instances_parked_word(const struct lv_instance *record);

/* The parked locks from @first on: those in [@start, @end) are gone, the others are what they were. */
void lv_instances_unpark(struct lv_context *ctx, uint32_t first, uintptr_t start, uintptr_t end);

/* All locks in [@start, @end) are gone. */
static inline void lv_instances_retire(struct lv_context *ctx, uintptr_t start, uintptr_t end)
{
    lv_instances_unpark(ctx, lv_instances_park(ctx, start, end), start, end);
}

#endif
