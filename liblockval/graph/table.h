/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_TABLE_H
#define LV_GRAPH_TABLE_H

#include "base/types.h"
#include "sys/arena.h"

/*
 * A hash table from a 64-bit key (not 0) to a 32-bit value (not 0), read without a lock while one writer changes it. No
 * array is ever given back, so a reader announces itself to nobody.
 *
 * Why not liburcu's cds_lfht: it calls malloc, and a resize makes threads, neither of which may happen inside a hook.
 *
 *              find    insert  remove
 *     find     -       -       -
 *     insert   -       X       X        X: the owner's lock keeps them apart
 *     remove   -       X       X
 */
struct lv_slots;

struct lv_table {
    struct lv_arena *arena;
    struct lv_slots *slots; /* atomic; replaced under the owner's lock */
    struct lv_slots *spare; /* owner's lock: the array before .slots if it has the same size, to be used again */
    uint32_t live;          /* owner's lock */
    uint32_t used;          /* owner's lock: live slots and removed ones */
    size_t bytes;           /* owner's lock: what it takes of the arena, old arrays too */
};

void lv_table_init(struct lv_table *table, struct lv_arena *arena);

/* The value of @key, or 0. Context: any thread. Cost: O(1). */
uint32_t lv_table_find(const struct lv_table *table, uint64_t key);

/* The same for who may change the table, a fifth of the instructions. Context: owner's lock held. */
uint32_t lv_table_get(const struct lv_table *table, uint64_t key);

/* Add @key or change its value. Returns 0 or -ENOMEM. Context: owner's lock held. */
int lv_table_insert(struct lv_table *table, uint64_t key, uint32_t value) LV_MUST_CHECK;

/* Forget every key. A reader at work only misses. Context: owner's lock held. */
void lv_table_clear(struct lv_table *table);

/* Forget @key, if it is there. Context: owner's lock held. */
void lv_table_remove(struct lv_table *table, uint64_t key);

#endif
