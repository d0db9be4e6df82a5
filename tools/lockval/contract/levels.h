/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONTRACT_LEVELS_H
#define CLI_CONTRACT_LEVELS_H

/*
 * How deep each lock of an order lies. Locks are numbers from 0 on, an arc leads from what is held to what is taken then.
 *
 * Locks that reach each other form a *circle*: there is no order between them, so they lie on one level. All others lie at least
 * one level below each lock from which an arc leads to them: on level 1 is what is taken first, and every arc that is no part of
 * a circle leads to a higher number.
 */

#include <stddef.h>

struct contract_arc {
    size_t from, to;
};

struct contract_levels {
    size_t count;    /* of locks */
    unsigned *level; /* of each, from 1 on */
    size_t *circle;  /* of each: the number of its circle; a lock that reaches itself over no other is alone in one */
    size_t circle_count; /* arcs lead to no lower number of a circle */
    size_t *size;        /* of each circle: how many locks */
};

/*
 * The levels of @count locks with these arcs, an arc from a lock to itself says nothing. No lock lies above @floor[lock], where it
 * lay before (0: nowhere); null: none lay anywhere. Cost: linear; no recursion.
 */
struct contract_levels *contract_levels_of(size_t count, const struct contract_arc *arcs, size_t arc_count,
                                           const unsigned *floor);
void contract_levels_free(struct contract_levels *levels);

/* A shortest way round the circle with the number @circle, from its lowest lock back to that: locks, without the first one
 * again at the end. Memory to free; null: it is one lock only. */
size_t *contract_levels_round(const struct contract_levels *levels, size_t circle, const struct contract_arc *arcs,
                              size_t arc_count, size_t *ret_count);

#endif
