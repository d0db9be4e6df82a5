/* SPDX-License-Identifier: MIT */
/* The table is keyed by the hash of the frames; two stacks with one hash go to neighbouring keys, so that a look-up
 * compares frames and steps on until it meets the stack or a free key. Protected by the owner's lock for adding. */

#include "graph/stacks.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"

int lv_stacks_init(struct lv_stacks *stacks, struct lv_arena *arena)
{
    uint32_t unused;

    stacks->arena = arena;
    lv_vec_init(&stacks->all, arena, sizeof(struct lv_stack *));
    lv_table_init(&stacks->by_hash, arena);
    return lv_vec_add(&stacks->all, &unused) != NULL ? 0 : -ENOMEM;
}

const struct lv_stack *lv_stacks_get(const struct lv_stacks *stacks, lv_stack_id id)
{
    return id.v != 0 ? *(struct lv_stack **)lv_vec_at(&stacks->all, id.v) : NULL;
}

/* The stack's id, or 0 with the key at which it belongs. */
static uint32_t look_up(const struct lv_stacks *stacks, const uintptr_t *frames, uint32_t count, uint64_t *ret_key)
{
    uint64_t key = count;

    for (uint32_t i = 0; i < count; i++)
        key = lv_hash_mix(key, frames[i]);
    for (;; key++) {
        uint32_t number = key != 0 ? lv_table_find(&stacks->by_hash, key) : 0;
        const struct lv_stack *stack;

        if (key == 0)
            continue;
        *ret_key = key;
        if (number == 0)
            return 0;
        stack = lv_stacks_get(stacks, (lv_stack_id){ number });
        if (stack->count == count && memcmp(stack->frames, frames, count * sizeof(*frames)) == 0)
            return number;
    }
}

lv_stack_id lv_stacks_add(struct lv_stacks *stacks, const uintptr_t *frames, uint32_t count)
{
    uint64_t key;
    uint32_t number = look_up(stacks, frames, count, &key);
    struct lv_stack *stack;
    struct lv_stack **place;

    if (number != 0)
        return (lv_stack_id){ number };
    stack = lv_arena_alloc(stacks->arena, sizeof(*stack) + count * sizeof(*frames));
    place = stack != NULL ? lv_vec_add(&stacks->all, &number) : NULL;
    if (place == NULL)
        return (lv_stack_id){ 0 };
    stack->count = count;
    memcpy(stack->frames, frames, count * sizeof(*frames));
    *place = stack;
    if (lv_table_insert(&stacks->by_hash, key, number) < 0)
        return (lv_stack_id){ 0 };
    return (lv_stack_id){ number };
}
