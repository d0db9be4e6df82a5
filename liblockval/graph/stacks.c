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

/* All 0 is what programs have that never unload a module: it is not stored. */
static bool any_born(const uint32_t *born, uint32_t count)
{
    for (uint32_t i = 0; born != NULL && i < count; i++)
        if (born[i] != 0)
            return true;
    return false;
}

static bool is_stack(const struct lv_stack *stack, const uintptr_t *frames, const uint32_t *born, uint32_t count)
{
    if (stack->count != count || stack->has_born != (born != NULL) ||
        memcmp(stack->frames, frames, count * sizeof(*frames)) != 0)
        return false;
    return born == NULL || memcmp(&stack->frames[count], born, count * sizeof(*born)) == 0;
}

/* The stack's id, or 0 with the key at which it belongs. */
static uint32_t look_up(const struct lv_stacks *stacks, const uintptr_t *frames, const uint32_t *born, uint32_t count,
                        uint64_t *ret_key)
{
    uint64_t key = count;

    for (uint32_t i = 0; i < count; i++)
        key = lv_hash_mix(key + (born != NULL ? born[i] : 0), frames[i]);
    for (;; key++) {
        uint32_t number = key != 0 ? lv_table_get(&stacks->by_hash, key) : 0;

        if (key == 0)
            continue;
        *ret_key = key;
        if (number == 0 || is_stack(lv_stacks_get(stacks, (lv_stack_id){ number }), frames, born, count))
            return number;
    }
}

lv_stack_id lv_stacks_add(struct lv_stacks *stacks, const uintptr_t *frames, const uint32_t *born, uint32_t count)
{
    size_t frames_size = count * sizeof(*frames), born_size;
    struct lv_stack *stack;
    struct lv_stack **place;
    uint32_t number;
    uint64_t key;

    if (!any_born(born, count))
        born = NULL;
    number = look_up(stacks, frames, born, count, &key);
    if (number != 0)
        return (lv_stack_id){ number };
    born_size = born != NULL ? count * sizeof(*born) : 0;
    stack = lv_arena_alloc(stacks->arena, sizeof(*stack) + frames_size + born_size);
    place = stack != NULL ? lv_vec_add(&stacks->all, &number) : NULL;
    if (place == NULL)
        return (lv_stack_id){ 0 };
    stack->count = count;
    stack->has_born = born != NULL;
    memcpy(stack->frames, frames, frames_size);
    if (born != NULL)
        memcpy(&stack->frames[count], born, born_size);
    *place = stack;
    stacks->bytes += sizeof(*stack) + frames_size + born_size;
    if (lv_table_insert(&stacks->by_hash, key, number) < 0)
        return (lv_stack_id){ 0 };
    return (lv_stack_id){ number };
}
