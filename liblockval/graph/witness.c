/* SPDX-License-Identifier: MIT */
/* Witnesses live in the arena and are reached through a vector of pointers, since they differ in size. A dropped one keeps
 * its memory and its number for the next of the same size; it is linked to others through .thread. */

#include "graph/witness.h"

#include <errno.h>
#include <string.h>

int lv_witnesses_init(struct lv_witnesses *witnesses, struct lv_arena *arena)
{
    uint32_t unused;

    *witnesses = (struct lv_witnesses){ .arena = arena };
    lv_vec_init(&witnesses->all, arena, sizeof(struct lv_witness *));
    return lv_vec_add(&witnesses->all, &unused) != NULL ? 0 : -ENOMEM;
}

static struct lv_witness *take_dropped(struct lv_witnesses *witnesses, uint32_t held_count, lv_witness_id *ret_id)
{
    struct lv_witness *witness;

    ret_id->v = witnesses->dropped[held_count];
    witness = *(struct lv_witness **)lv_vec_at(&witnesses->all, ret_id->v);
    witnesses->dropped[held_count] = witness->thread.v;
    memset(witness, 0, sizeof(*witness) + held_count * sizeof(witness->held[0]));
    witness->held_count = held_count;
    return witness;
}

void lv_witnesses_drop(struct lv_witnesses *witnesses, lv_witness_id id)
{
    struct lv_witness *witness = *(struct lv_witness **)lv_vec_at(&witnesses->all, id.v);

    if (witness->held_count > LV_WITNESS_HELD)
        return;
    witness->thread.v = witnesses->dropped[witness->held_count];
    witnesses->dropped[witness->held_count] = id.v;
}

struct lv_witness *lv_witnesses_add(struct lv_witnesses *witnesses, uint32_t held_count, lv_witness_id *ret_id)
{
    struct lv_witness *witness;
    struct lv_witness **place;

    if (held_count <= LV_WITNESS_HELD && witnesses->dropped[held_count] != 0)
        return take_dropped(witnesses, held_count, ret_id);
    witness = lv_arena_alloc(witnesses->arena, sizeof(*witness) + held_count * sizeof(witness->held[0]));
    place = witness != NULL ? lv_vec_add(&witnesses->all, &ret_id->v) : NULL;

    if (place == NULL)
        return NULL;
    witness->held_count = held_count;
    witnesses->bytes += sizeof(*witness) + held_count * sizeof(witness->held[0]);
    *place = witness;
    return witness;
}
