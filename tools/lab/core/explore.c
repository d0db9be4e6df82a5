/* SPDX-License-Identifier: MIT */
/*
 * Breadth first: all states after n choices, then all after n + 1. A state is reached by the same number of choices on every
 * way, since what a thread did is part of it; so the ways to it are all counted before it is looked at, and the first hang
 * that is met is a nearest one.
 *
 * Of a state only the threads and locks are kept that the program has.
 */

#include "core/explore.h"

#include <string.h>

struct node {
    double ways;
    uint32_t from; /* the node that it was reached from first, and how */
    struct lab_choice by;
    uint64_t state[]; /* packed */
};

static struct node *node_at(const struct lab_search *s, uint32_t number)
{
    return (struct node *)(void *)(s->nodes + number * s->stride);
}

static void pack(const struct lab_program *p, const struct lab_state *state, void *to)
{
    size_t threads = p->thread_count * sizeof(state->threads[0]);

    memcpy(to, state->threads, threads);
    memcpy((char *)to + threads, state->locks, p->lock_count * sizeof(state->locks[0]));
}

static void unpack(const struct lab_program *p, const void *from, struct lab_state *ret)
{
    size_t threads = p->thread_count * sizeof(ret->threads[0]);

    memset(ret, 0, sizeof(*ret));
    memcpy(ret->threads, from, threads);
    memcpy(ret->locks, (const char *)from + threads, p->lock_count * sizeof(ret->locks[0]));
}

/* With products of 64 bits: WebAssembly has no larger ones. */
static uint64_t hash_of(const uint64_t *packed, size_t size)
{
    uint64_t hash = 1;

    for (size_t i = 0; i < size / sizeof(*packed); i++) {
        hash = (hash ^ packed[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

/* The number of @state, which is made if it is new; UINT32_MAX: there is no room. */
static uint32_t number_of(struct lab_search *s, const struct lab_state *state, bool *ret_new)
{
    uint64_t packed[sizeof(*state) / sizeof(uint64_t) + 2] = { 0 };
    struct node *node;
    uint32_t at;

    pack(s->program, state, packed);
    at = (uint32_t)hash_of(packed, s->packed) & s->mask;
    for (; s->table[at] != 0; at = (at + 1) & s->mask) {
        *ret_new = false;
        if (memcmp(node_at(s, s->table[at] - 1)->state, packed, s->packed) == 0)
            return s->table[at] - 1;
    }
    if (s->count == s->room)
        return UINT32_MAX;
    *ret_new = true;
    node = node_at(s, s->count);
    *node = (struct node){ .ways = 0 };
    memcpy(node->state, packed, s->packed);
    s->table[at] = ++s->count;
    return s->count - 1;
}

static void keep_way(struct lab_search *s, uint32_t number)
{
    uint32_t length = 0;

    for (uint32_t i = number; i != 0; i = node_at(s, i)->from)
        length++;
    if (length > LAB_WAY)
        return;
    s->found.way_length = length;
    for (uint32_t i = number; i != 0; i = node_at(s, i)->from)
        s->found.way[--length] = node_at(s, i)->by;
}

/* Split the memory: a table of twice as many places as there is room for nodes, or more. */
static void divide(struct lab_search *s, char *memory, size_t size)
{
    uint32_t places = 1024;

    while ((size_t)places * 2 * sizeof(*s->table) + places * s->stride <= size && places < UINT32_C(1) << 28)
        places *= 2;
    s->mask = places - 1;
    s->table = (uint32_t *)(void *)memory;
    s->nodes = memory + places * sizeof(*s->table);
    s->room = (uint32_t)((size - places * sizeof(*s->table)) / s->stride);
    if (s->room > places / 4 * 3)
        s->room = places / 4 * 3;
    memset(s->table, 0, places * sizeof(*s->table));
}

void lab_explore_begin(struct lab_search *s, const struct lab_program *p, void *memory, size_t size)
{
    struct lab_state state;
    bool is_new;

    memset(s, 0, sizeof(*s));
    s->program = p;
    s->packed = p->thread_count * sizeof(state.threads[0]) + p->lock_count * sizeof(state.locks[0]);
    s->packed = (s->packed + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t);
    s->stride = sizeof(struct node) + s->packed;
    divide(s, memory, size);
    s->found.complete = true;
    lab_begin(p, &state);
    node_at(s, number_of(s, &state, &is_new))->ways = 1;
}

/* Where @choice leads from node @i, whose state is @state. */
static void follow(struct lab_search *s, uint32_t i, struct lab_state state, struct lab_choice choice)
{
    struct node *node;
    uint32_t number;
    bool is_new;

    (void)lab_do(s->program, &state, choice);
    number = number_of(s, &state, &is_new);
    if (number == UINT32_MAX) {
        s->found.complete = false;
        return;
    }
    node = node_at(s, number);
    node->ways += node_at(s, i)->ways;
    if (is_new) {
        node->from = i;
        node->by = choice;
    }
}

void lab_explore_go(struct lab_search *s, uint32_t count)
{
    struct lab_choice choices[LAB_CHOICES];
    struct lab_state state;

    for (; count != 0 && s->next < s->count; count--) {
        uint32_t i = s->next++;
        unsigned ahead;

        unpack(s->program, node_at(s, i)->state, &state);
        ahead = lab_choices(s->program, &state, choices);
        if (ahead == 0) {
            s->found.ways += node_at(s, i)->ways;
            if (!lab_is_over(s->program, &state) && s->found.hangs++ == 0)
                keep_way(s, i);
        }
        for (unsigned k = 0; k < ahead; k++)
            follow(s, i, state, choices[k]);
    }
    s->found.states = s->count;
    s->found.done = s->next == s->count;
}
