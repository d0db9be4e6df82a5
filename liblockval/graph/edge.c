/* SPDX-License-Identifier: MIT */
/*
 * Blocks have two sizes, for 3 and for 15 witnesses: a graph of mutexes has hardly an edge that tells more than four
 * different things, and one that does soon tells sixteen. What an edge gives back is kept for the next of its size.
 */

#include "graph/edge.h"

#include <errno.h>
#include <string.h>

enum {
    SMALL = 3,
    LARGE = LV_EDGE_WITNESSES - 1
};

static void **free_list(struct lv_edge_blocks *blocks, unsigned room)
{
    return room == SMALL ? &blocks->small : &blocks->large;
}

static struct lv_edge_witness *take(struct lv_edge_blocks *blocks, unsigned room)
{
    void **list = free_list(blocks, room), *block = *list;

    if (block != NULL) {
        memcpy(list, block, sizeof(*list));
        return block;
    }
    block = lv_arena_alloc(blocks->arena, room * sizeof(struct lv_edge_witness));
    blocks->bytes += block != NULL ? room * sizeof(struct lv_edge_witness) : 0;
    return block;
}

static void give_back(struct lv_edge_blocks *blocks, struct lv_edge *edge)
{
    void **list;

    if (edge->more == NULL)
        return;
    list = free_list(blocks, edge->room);
    memcpy(edge->more, list, sizeof(*list));
    *list = edge->more;
    edge->more = NULL;
    edge->room = 0;
}

static int make_room(struct lv_edge_blocks *blocks, struct lv_edge *edge)
{
    uint8_t room = edge->room == 0 ? SMALL : LARGE;
    struct lv_edge_witness *more = take(blocks, room);

    if (more == NULL)
        return -ENOMEM;
    if (edge->room != 0)
        memcpy(more, edge->more, edge->room * sizeof(*more));
    give_back(blocks, edge);
    edge->more = more;
    edge->room = room;
    return 0;
}

int lv_edge_add_witness(struct lv_edge_blocks *blocks, struct lv_edge *edge, struct lv_edge_witness at)
{
    if (edge->witness_count > edge->room) {
        int r = make_room(blocks, edge);

        if (r < 0)
            return r;
    }
    edge->witness_count++;
    *lv_edge_witness(edge, edge->witness_count - 1u) = at;
    return 0;
}

void lv_edge_drop_witnesses(struct lv_edge_blocks *blocks, struct lv_edge *edge)
{
    give_back(blocks, edge);
    edge->witness_count = 0;
}
