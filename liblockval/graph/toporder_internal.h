/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_TOPORDER_INTERNAL_H
#define LV_GRAPH_TOPORDER_INTERNAL_H

/* Between the files of the order: walks over the steps of components, and their merging. */

#include "graph/digraph.h"

/* A look at all steps out of a component, or into it. */
struct lv_steps {
    uint32_t first, member; /* halves of the component: the one that stands for it, and the one that is looked at */
    uint32_t edge;          /* the next edge of that; 0: none is left */
    uint32_t other;         /* node at the other end of the edge before, */
    unsigned ways;          /* and its halves that are left to tell: 1 half 0, 2 half 1 */
    uint32_t looks;         /* edges so far */
};

LV_ALWAYS_INLINE void lv_steps_look_at(const struct lv_digraph *g, struct lv_steps *s, uint32_t member, bool back)
{
    const struct lv_node *node = lv_digraph_node(g, member >> 1);
    unsigned here = member & 1;
    unsigned bits = back ? (here != 0 ? LV_DEP_ER | LV_DEP_SR : LV_DEP_EN | LV_DEP_SN)
                         : (here != 0 ? LV_DEP_ER | LV_DEP_EN : LV_DEP_SR | LV_DEP_SN);

    s->member = member;
    s->other = member >> 1;
    s->ways = back ? (here != 0 ? 1 : 0) : (here != 0 ? 0 : 2);
    if (back)
        s->edge = (node->ways_in & bits) != 0 ? node->in : 0;
    else
        s->edge = (node->ways_out & bits) != 0 ? node->out : 0;
}

LV_ALWAYS_INLINE struct lv_steps lv_steps_of(const struct lv_digraph *g, uint32_t component, bool back)
{
    struct lv_steps s = { .first = component };

    lv_steps_look_at(g, &s, component, back);
    return s;
}

/* The halves at the other end of an edge with @bits that can be reached from half number @here of this one. */
LV_ALWAYS_INLINE unsigned lv_steps_ways(unsigned bits, unsigned here, bool back)
{
    bits |= bits >> 4;
    if (back) {
        bits &= here != 0 ? LV_DEP_ER | LV_DEP_SR : LV_DEP_EN | LV_DEP_SN;
        return ((bits & (LV_DEP_SR | LV_DEP_SN)) != 0 ? 1u : 0u) | ((bits & (LV_DEP_ER | LV_DEP_EN)) != 0 ? 2u : 0u);
    }
    bits &= here != 0 ? LV_DEP_ER | LV_DEP_EN : LV_DEP_SR | LV_DEP_SN;
    return ((bits & (LV_DEP_EN | LV_DEP_SN)) != 0 ? 1u : 0u) | ((bits & (LV_DEP_ER | LV_DEP_SR)) != 0 ? 2u : 0u);
}

/* The next half that a step leads to, which may be of the component itself; false: that was all. */
LV_ALWAYS_INLINE bool lv_steps_next(const struct lv_digraph *g, struct lv_steps *s, bool back, uint32_t *ret)
{
    for (;;) {
        if (s->ways != 0) {
            unsigned way = s->ways & 1 ? 0 : 1;

            s->ways &= s->ways - 1;
            *ret = s->other << 1 | way;
            return true;
        }
        if (s->edge != 0) {
            const struct lv_edge *edge = lv_digraph_edge(g, s->edge);

            s->looks++;
            s->other = back ? edge->from : edge->to;
            s->ways = lv_steps_ways(edge->bits, s->member & 1, back);
            s->edge = back ? edge->next_in : edge->next;
        } else {
            uint32_t next = lv_digraph_half(g, s->member)->next;

            if (next == s->first)
                return false;
            lv_steps_look_at(g, s, next, back);
        }
    }
}

#define LV_NO_WALK UINT32_MAX

/*
 * Raise the component @y to @level, and what it leads to, as far as that is lower. All these become the first of the level.
 * Returns whether one of them leads to what the walk @walk marked on its way back. Cost: their edges.
 */
bool lv_toporder_raise(struct lv_digraph *g, uint32_t y, uint32_t level, uint32_t walk);

/*
 * What lies on a way from the component @y to the component @x, all on one level, becomes one component with them. Takes
 * two numbers for walks. Returns the component, which has no place yet. Cost: about twice what the cheaper of two searches
 * looks at on that level, from @y and to @x.
 */
uint32_t lv_toporder_merge(struct lv_digraph *g, uint32_t x, uint32_t y);

#endif
