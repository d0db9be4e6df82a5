/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_STACKS_H
#define LV_GRAPH_STACKS_H

#include "graph/table.h"
#include "graph/vec.h"

/*
 * The depot of call stacks: each distinct sequence of return addresses, in modules that are told apart by their numbers
 * (sys/modules.h), is kept once and known by an id. Programs take their locks from few places, so a few thousand stacks serve millions of acquisitions (idea: heaptrack's trace tree, and
 * the stack depots of the sanitizers). Stacks are never removed.
 */
struct lv_stack {
    uint32_t count;
    bool has_born;      /* numbers of the frames' modules lie behind the frames; else all are 0 */
    uintptr_t frames[]; /* constant after init; innermost first */
};

/* The number with which the module of frame @i was born (sys/modules.h). */
static inline uint32_t lv_stack_born(const struct lv_stack *stack, uint32_t i)
{
    return stack->has_born ? ((const uint32_t *)(const void *)&stack->frames[stack->count])[i] : 0;
}

struct lv_stacks {
    struct lv_arena *arena;
    struct lv_vec all; /* struct lv_stack *; number 0 is none */
    struct lv_table by_hash;
    size_t bytes; /* of the stacks themselves; owner's lock */
};

int lv_stacks_init(struct lv_stacks *stacks, struct lv_arena *arena) LV_MUST_CHECK;

/* The id of a stack, added if it is not there; @born has the number of each frame's module, null for all 0. 0 without
 * memory. Context: owner's lock held. */
lv_stack_id lv_stacks_add(struct lv_stacks *stacks, const uintptr_t *frames, const uint32_t *born, uint32_t count);

/* Null for id 0. Context: any thread. */
const struct lv_stack *lv_stacks_get(const struct lv_stacks *stacks, lv_stack_id id);

#endif
