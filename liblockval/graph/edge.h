/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_EDGE_H
#define LV_GRAPH_EDGE_H

#include "base/types.h"
#include "sys/arena.h"

/*
 * An edge of the dependency graph, and the acquisitions that are kept as its witnesses. Most edges have one, which lies in
 * the edge; more go to a block beside it, which is exchanged once for a larger one.
 * Protected by the owner's lock, all of it.
 */
enum {
    LV_EDGE_WITNESSES = 16 /* more than there are dependency bits, so that each bit can keep one */
};

/* One acquisition that made an edge: held lock number @held of witness @id. The rest is what it tells of the edge, all that
 * is compared when another acquisition comes (check/evidence.h), so that the witnesses themselves need not be read. */
struct lv_edge_witness {
    lv_witness_id id;
    lv_thread_id thread;
    uint32_t segment;
    uint32_t held_key;  /* of the witness, folded */
    uint32_t instances; /* which of both classes */
    uint16_t held;
    uint8_t bit;   /* the dependency bit */
    uint8_t modes; /* how the one was held and the other wanted */
};

struct lv_edge {
    uint32_t from, to;   /* node numbers; 0 and 0: the edge was removed */
    uint32_t next, prev; /* edges out of from, the latest first; 0: none. Of a removed edge: the next removed one */
    uint32_t next_in, prev_in; /* edges into to, likewise */
    uint8_t bits;
    uint8_t witness_count;
    bool witness_lost;            /* more acquisitions made it than are kept */
    uint8_t room;                 /* witnesses that .more has room for */
    struct lv_edge_witness first; /* witness number 0 */
    struct lv_edge_witness *more; /* those from number 1 on; null while there is no room */
};

/* Where the blocks of a graph's edges come from. */
struct lv_edge_blocks {
    struct lv_arena *arena;
    void *small, *large; /* blocks that are not used, each with a pointer to the next */
    size_t bytes;        /* what all of them take of the arena */
};

/* Witness number @i, which must be below .witness_count. */
static inline struct lv_edge_witness *lv_edge_witness(const struct lv_edge *edge, uint32_t i)
{
    return i == 0 ? (struct lv_edge_witness *)&edge->first : &edge->more[i - 1];
}

/* One more witness, if there are fewer than LV_EDGE_WITNESSES. Returns 0, or -ENOMEM: the edge is as before. */
int lv_edge_add_witness(struct lv_edge_blocks *blocks, struct lv_edge *edge, struct lv_edge_witness at) LV_MUST_CHECK;

/* The edge has no witness any more. */
void lv_edge_drop_witnesses(struct lv_edge_blocks *blocks, struct lv_edge *edge);

#endif
