/* SPDX-License-Identifier: MIT */
/* Witnesses differ in size, and lie one after another in blocks, as small as they are; none goes over the end of a block. A
 * dropped one keeps its memory and its number for the next of the same size; it is linked to others through .thread. */

#include "graph/witness.h"

#include <string.h>

enum {
    BLOCK_UNITS = 1 << LV_WITNESS_BITS,
    FIRST_UNIT = 1 /* of the first block: number 0 is none */
};

void lv_witnesses_init(struct lv_witnesses *witnesses, struct lv_arena *arena)
{
    *witnesses = (struct lv_witnesses){ .arena = arena };
    lv_vec_init(&witnesses->blocks, arena, sizeof(struct lv_witness_block));
}

static size_t size_of(uint32_t held_count)
{
    return sizeof(struct lv_witness) + held_count * sizeof(struct lv_held_record);
}

static uint32_t units_of(uint32_t held_count)
{
    return (uint32_t)((size_of(held_count) + LV_WITNESS_UNIT - 1) / LV_WITNESS_UNIT);
}

static struct lv_witness *take_dropped(struct lv_witnesses *witnesses, uint32_t held_count, lv_witness_id *ret_id)
{
    struct lv_witness *witness;

    ret_id->v = witnesses->dropped[held_count];
    witness = lv_witnesses_at(witnesses, *ret_id);
    witnesses->dropped[held_count] = witness->thread.v;
    memset(witness, 0, size_of(held_count));
    witness->held_count = (uint16_t)held_count;
    return witness;
}

void lv_witnesses_drop(struct lv_witnesses *witnesses, lv_witness_id id)
{
    struct lv_witness *witness = lv_witnesses_at(witnesses, id);

    witness->thread.v = witnesses->dropped[witness->held_count];
    witnesses->dropped[witness->held_count] = id.v;
}

/* A block with room for @units, the last one or a new one, and its number; null without memory. */
static struct lv_witness_block *block_for(struct lv_witnesses *witnesses, uint32_t units, uint32_t *ret_number)
{
    struct lv_witness_block *block;
    char *memory;

    if (witnesses->blocks.count != 0) {
        *ret_number = witnesses->blocks.count - 1;
        block = lv_vec_at(&witnesses->blocks, *ret_number);
        if (block->used + units <= BLOCK_UNITS)
            return block;
    }
    memory = lv_arena_alloc(witnesses->arena, (size_t)BLOCK_UNITS * LV_WITNESS_UNIT);
    block = memory != NULL ? lv_vec_add(&witnesses->blocks, ret_number) : NULL;
    if (block == NULL)
        return NULL;
    *block = (struct lv_witness_block){ memory, *ret_number == 0 ? FIRST_UNIT : 0 };
    return block;
}

struct lv_witness *lv_witnesses_add(struct lv_witnesses *witnesses, uint32_t held_count, lv_witness_id *ret_id)
{
    struct lv_witness_block *block;
    struct lv_witness *witness;
    uint32_t number, units = units_of(held_count);

    if (witnesses->dropped[held_count] != 0)
        return take_dropped(witnesses, held_count, ret_id);
    block = block_for(witnesses, units, &number);
    if (block == NULL)
        return NULL;
    ret_id->v = number << LV_WITNESS_BITS | block->used;
    block->used += units;
    witnesses->count++;
    witness = lv_witnesses_at(witnesses, *ret_id);
    witness->held_count = (uint16_t)held_count;
    return witness;
}

size_t lv_witnesses_bytes(const struct lv_witnesses *witnesses)
{
    return lv_vec_bytes(&witnesses->blocks) + witnesses->blocks.count * (size_t)BLOCK_UNITS * LV_WITNESS_UNIT;
}

lv_witness_id lv_witnesses_next(const struct lv_witnesses *witnesses, lv_witness_id id)
{
    uint32_t number = id.v >> LV_WITNESS_BITS, unit = FIRST_UNIT;

    if (id.v != 0)
        unit = (id.v & (BLOCK_UNITS - 1)) + units_of(lv_witnesses_at(witnesses, id)->held_count);
    for (; number < witnesses->blocks.count; number++, unit = 0)
        if (unit < ((const struct lv_witness_block *)lv_vec_at(&witnesses->blocks, number))->used)
            return (lv_witness_id){ number << LV_WITNESS_BITS | unit };
    return (lv_witness_id){ 0 };
}
