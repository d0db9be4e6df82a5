/* SPDX-License-Identifier: MIT */
/* Witnesses live in the arena and are reached through a vector of pointers, since they differ in size. */

#include "graph/witness.h"

#include <errno.h>

int lv_witnesses_init(struct lv_witnesses *witnesses, struct lv_arena *arena)
{
    uint32_t unused;

    witnesses->arena = arena;
    lv_vec_init(&witnesses->all, arena, sizeof(struct lv_witness *));
    return lv_vec_add(&witnesses->all, &unused) != NULL ? 0 : -ENOMEM;
}

struct lv_witness *lv_witnesses_add(struct lv_witnesses *witnesses, uint32_t held_count, lv_witness_id *ret_id)
{
    struct lv_witness *witness =
        lv_arena_alloc(witnesses->arena, sizeof(*witness) + held_count * sizeof(witness->held[0]));
    struct lv_witness **place = witness != NULL ? lv_vec_add(&witnesses->all, &ret_id->v) : NULL;

    if (place == NULL)
        return NULL;
    witness->held_count = held_count;
    witnesses->bytes += sizeof(*witness) + held_count * sizeof(witness->held[0]);
    *place = witness;
    return witness;
}
