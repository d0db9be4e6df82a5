/* SPDX-License-Identifier: MIT */
/*
 * Breadth first: all states after n choices, then all after n + 1. A state is reached by the same number of choices on every
 * way, since what a thread did is part of it; so the ways to it are all counted before it is looked at, and the first hang
 * that is met is a nearest one.
 */

#include "core/explore.h"

#include <string.h>

#include "base/hash.h"

struct node {
    struct lab_state state;
    double ways;
    uint32_t from; /* the node that it was reached from first, and how */
    struct lab_choice by;
};

struct search {
    struct node *nodes;
    uint32_t count, room;
    uint32_t *table; /* numbers of nodes plus one */
    uint32_t mask;
};

static uint64_t hash_of(const struct lab_state *state)
{
    const unsigned char *bytes = (const unsigned char *)state;
    uint64_t hash = 1, part;

    _Static_assert(sizeof(*state) % sizeof(part) == 0, "a state is whole words");
    for (size_t i = 0; i < sizeof(*state); i += sizeof(part)) {
        memcpy(&part, bytes + i, sizeof(part));
        hash = lv_hash_mix(hash, part);
    }
    return hash;
}

/* The node of @state, made if there is none; null: there is no room. */
static struct node *node_of(struct search *s, const struct lab_state *state, bool *ret_new)
{
    uint32_t at = (uint32_t)hash_of(state) & s->mask;

    for (; s->table[at] != 0; at = (at + 1) & s->mask) {
        struct node *node = &s->nodes[s->table[at] - 1];

        if (memcmp(&node->state, state, sizeof(*state)) == 0) {
            *ret_new = false;
            return node;
        }
    }
    if (s->count == s->room)
        return NULL;
    *ret_new = true;
    s->nodes[s->count] = (struct node){ .state = *state };
    s->table[at] = ++s->count;
    return &s->nodes[s->count - 1];
}

static void keep_way(const struct search *s, uint32_t number, struct lab_found *ret)
{
    uint32_t length = 0;

    for (uint32_t i = number; i != 0; i = s->nodes[i].from)
        length++;
    if (length > LAB_WAY)
        return;
    ret->way_length = length;
    for (uint32_t i = number; i != 0; i = s->nodes[i].from)
        ret->way[--length] = s->nodes[i].by;
}

/* Split the memory: a table of twice as many places as there is room for nodes. */
static void divide(struct search *s, void *memory, size_t size)
{
    uint32_t places = 1024;

    while ((size_t)places * 2 * sizeof(*s->table) + places * sizeof(*s->nodes) <= size && places < UINT32_C(1) << 28)
        places *= 2;
    s->mask = places - 1;
    s->table = memory;
    s->nodes = (struct node *)((char *)memory + places * sizeof(*s->table));
    s->room = (uint32_t)((size - places * sizeof(*s->table)) / sizeof(*s->nodes));
    if (s->room > places / 4 * 3)
        s->room = places / 4 * 3;
    memset(s->table, 0, places * sizeof(*s->table));
}

void lab_explore(const struct lab_program *p, void *memory, size_t size, struct lab_found *ret)
{
    struct lab_choice choices[LAB_CHOICES];
    struct search s = { 0 };
    struct lab_state state;
    bool is_new;

    memset(ret, 0, sizeof(*ret));
    divide(&s, memory, size);
    ret->complete = true;
    lab_begin(p, &state);
    node_of(&s, &state, &is_new)->ways = 1;
    for (uint32_t i = 0; i < s.count; i++) {
        unsigned count = lab_choices(p, &s.nodes[i].state, choices);

        if (count == 0) {
            ret->ways += s.nodes[i].ways;
            if (!lab_is_over(p, &s.nodes[i].state) && ret->hangs++ == 0)
                keep_way(&s, i, ret);
        }
        for (unsigned k = 0; k < count; k++) {
            struct node *node;

            state = s.nodes[i].state;
            (void)lab_do(p, &state, choices[k]);
            node = node_of(&s, &state, &is_new);
            if (node == NULL) {
                ret->complete = false;
                continue;
            }
            node->ways += s.nodes[i].ways;
            if (is_new) {
                node->from = i;
                node->by = choices[k];
            }
        }
    }
    ret->states = s.count;
}
