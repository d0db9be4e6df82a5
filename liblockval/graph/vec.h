/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_VEC_H
#define LV_GRAPH_VEC_H

#include "base/types.h"
#include "sys/arena.h"

/*
 * A growing array whose elements never move: chunks of 64, 64, 128, 256, ... elements. An element's address stays good
 * for ever, so readers need no lock once they have seen its index.
 * Protected by the owner's lock for adding; lv_vec_at() by nothing.
 */
#define LV_VEC_CHUNKS 26
#define LV_VEC_FIRST_BITS 6

struct lv_vec {
    struct lv_arena *arena;
    uint32_t elem_size;
    uint32_t count;             /* atomic, written under the owner's lock; elements are zeroed until filled in */
    uint32_t used;              /* owner's lock: elements that were ever handed out */
    void *chunk[LV_VEC_CHUNKS]; /* written once each under the owner's lock, release; read with acquire */
};

void lv_vec_init(struct lv_vec *vec, struct lv_arena *arena, uint32_t elem_size);

/* Forget all elements; their memory is used again. Nobody may look at them any more. */
static inline void lv_vec_clear(struct lv_vec *vec)
{
    vec->count = 0;
}

/* Add a zeroed element. Returns it and its index, or null without memory. Context: owner's lock held. */
void *lv_vec_add(struct lv_vec *vec, uint32_t *ret_index) LV_MUST_CHECK;

/* What it takes of the arena. Context: owner's lock held. */
size_t lv_vec_bytes(const struct lv_vec *vec);

/* The element at @index, which must be below a count that was seen. Context: any thread. */
static inline void *lv_vec_at(const struct lv_vec *vec, uint32_t index)
{
    uint32_t shifted = index + (1u << LV_VEC_FIRST_BITS);
    uint32_t bits = 31u - (uint32_t)__builtin_clz(shifted);
    char *chunk = __atomic_load_n(&vec->chunk[bits - LV_VEC_FIRST_BITS], __ATOMIC_ACQUIRE);

    return chunk + (size_t)(shifted - (1u << bits)) * vec->elem_size;
}

#endif
