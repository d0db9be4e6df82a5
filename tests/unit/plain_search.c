/* SPDX-License-Identifier: MIT */
#include "plain_search.h"

#include <stdlib.h>
#include <string.h>

struct plain_search *plain_new(uint32_t nodes)
{
    struct plain_search *plain = calloc(1, sizeof(*plain));
    size_t count = (size_t)nodes + 1;

    if (plain == NULL)
        return NULL;
    plain->seen = calloc(count, sizeof(*plain->seen));
    plain->parent = calloc(count, sizeof(*plain->parent));
    plain->parent_r = calloc(count, sizeof(*plain->parent_r));
    plain->queue = calloc(count * 2, sizeof(*plain->queue));
    plain->path = calloc(count * 2, sizeof(*plain->path));
    if (plain->seen == NULL || plain->parent == NULL || plain->parent_r == NULL || plain->queue == NULL ||
        plain->path == NULL) {
        plain_free(plain);
        return NULL;
    }
    return plain;
}

void plain_free(struct plain_search *plain)
{
    free(plain->seen);
    free(plain->parent);
    free(plain->parent_r);
    free(plain->queue);
    free(plain->path);
    free(plain);
}

unsigned plain_hop_bits(unsigned bits, unsigned last_r, unsigned next_r)
{
    unsigned arrives = next_r != 0 ? LV_DEP_ER | LV_DEP_SR : LV_DEP_EN | LV_DEP_SN;
    unsigned leaves = last_r != 0 ? LV_DEP_ER | LV_DEP_EN : LV_DEP_UNTIMED;

    return bits & ((arrives & leaves) | (arrives & leaves) << 4);
}

static int write_path(struct plain_search *plain, const struct lv_digraph *g, uint32_t first, uint32_t last,
                      uint8_t mask)
{
    int length = 0;

    for (uint32_t state = last; state != first; length++) {
        uint32_t edge = plain->parent[state >> 1][state & 1];
        unsigned before = plain->parent_r[state >> 1][state & 1];
        unsigned bits = plain_hop_bits(lv_digraph_edge(g, edge)->bits & mask, before, state & 1);

        plain->path[length] = (struct lv_step){ edge, (uint8_t)bits };
        state = lv_digraph_edge(g, edge)->from << 1 | before;
    }
    for (int i = 0; i < length / 2; i++) {
        struct lv_step swap = plain->path[i];

        plain->path[i] = plain->path[length - 1 - i];
        plain->path[length - 1 - i] = swap;
    }
    return length;
}

static bool reach(struct plain_search *plain, const struct lv_digraph *g, uint32_t node, unsigned r, uint32_t edge,
                  unsigned from_r)
{
    if (plain->seen[node][r] == plain->search || lv_digraph_node(g, node)->passed_by)
        return false;
    plain->seen[node][r] = plain->search;
    plain->parent[node][r] = edge;
    plain->parent_r[node][r] = (uint8_t)from_r;
    return true;
}

int plain_close(struct plain_search *plain, const struct lv_digraph *g, uint32_t from, uint32_t to, uint8_t bit,
                uint8_t mask)
{
    unsigned untimed = (bit | bit >> 4) & LV_DEP_UNTIMED, first_r = (untimed & (LV_DEP_ER | LV_DEP_SR)) != 0;
    bool shared = (untimed & (LV_DEP_SR | LV_DEP_SN)) != 0;
    uint32_t head = 0, tail = 0;

    if (from >= g->nodes.count || to >= g->nodes.count)
        return 0;
    plain->search++;
    if (!reach(plain, g, to, first_r, 0, 0))
        return 0;
    plain->queue[tail++] = to << 1 | first_r;
    while (head < tail) {
        uint32_t state = plain->queue[head++];

        for (uint32_t number = lv_digraph_node(g, state >> 1)->out; number != 0;
             number = lv_digraph_edge(g, number)->next) {
            const struct lv_edge *edge = lv_digraph_edge(g, number);

            for (unsigned r = 0; r < 2; r++) {
                if (plain_hop_bits(edge->bits & mask, state & 1, r) == 0 ||
                    !reach(plain, g, edge->to, r, number, state & 1))
                    continue;
                if (edge->to == from && !(r != 0 && shared))
                    return write_path(plain, g, to << 1 | first_r, from << 1 | r, mask);
                plain->queue[tail++] = edge->to << 1 | r;
            }
        }
    }
    return 0;
}
