/* SPDX-License-Identifier: MIT */
#ifndef CLI_DIFF_PAIRS_H
#define CLI_DIFF_PAIRS_H

/*
 * Which classes of two orders are the same: each gets a number, which those that are the same have in common.
 *
 *     diff_pairs_init(&pairs, old, new, both);
 *     if (diff_pairs_number(&pairs, a) == diff_pairs_number(&pairs, b)) ...
 *     diff_pairs_free(&pairs);
 */

#include <stddef.h>

#include "record/model.h"
#include "record/pool.h"

struct diff_pairs {
    size_t count; /* numbers are below */
    struct rec_pool *pool;
    struct rec_index by_class; /* the class -> its number and one */
    struct rec_index by_key;   /* the pool's text of an identity -> the same */
};

/*
 * @both: the order of both together, in which classes of different builds were matched; there, the class that has the keys of two is what
 * they both are. Null: only classes of equal identity are the same.
 */
void diff_pairs_init(struct diff_pairs *pairs, const struct rec_process *old, const struct rec_process *new,
                     const struct rec_process *both);
void diff_pairs_free(struct diff_pairs *pairs);

/* The number of @class of one of the two; SIZE_MAX: its line is lost, so nothing is known of it. */
size_t diff_pairs_number(const struct diff_pairs *pairs, const struct rec_class *class);

#endif
