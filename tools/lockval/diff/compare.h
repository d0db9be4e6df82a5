/* SPDX-License-Identifier: MIT */
#ifndef CLI_DIFF_COMPARE_H
#define CLI_DIFF_COMPARE_H

/*
 * What differs between two lock orders: classes, edges, findings. Nothing is printed here, and no file read.
 *
 *     struct diff *diff = diff_of(old, new, both);
 *
 *     if (!diff_is_empty(diff)) ...
 *     diff_free(diff);
 *
 * Swapping old and new swaps added and removed everywhere, and changes nothing else.
 */

#include <stdbool.h>
#include <stddef.h>

#include "diff/pairs.h"
#include "record/model.h"

enum diff_state {
    DIFF_SAME,
    DIFF_ADDED,
    DIFF_REMOVED,
    DIFF_CHANGED
};

/* What of a class is another. */
enum {
    DIFF_KIND = 1,
    DIFF_STANDING = 2,
    DIFF_USAGE = 4,
    DIFF_WAIT = 8
};

/* Of each pair of structs, the one that is not null says what was, or is, there. */
struct diff_class {
    size_t number; /* in the diff, from 0 */
    enum diff_state state;
    const struct rec_class *old, *new;
    const char *name; /* the new one if there is one */
    unsigned changed; /* flags */
    bool renamed;     /* both are there, and called differently: no difference of the order */
};

struct diff_edge {
    enum diff_state state;
    struct diff_class *from, *to;
    const struct rec_edge *old, *new;
    unsigned old_modes, new_modes;
    /* Added or removed: the other order leads from one to the other all the same, over other classes. What can deadlock is as before, but
     * for who takes part. */
    bool implied;
    unsigned finding_count; /* of a change: findings that are new with it, or gone, and have it in their circle */
};

struct diff_finding {
    enum diff_state state; /* changed: of another verdict */
    const struct rec_finding *old, *new;
};

struct diff_counts {
    size_t same, added, removed, changed;
};

struct diff {
    const struct rec_process *old, *new;
    size_t class_count, edge_count, finding_count;
    struct diff_class **classes;    /* all, by name */
    struct diff_edge **edges;       /* all, by their names */
    struct diff_finding **findings; /* all: what is worse with the new comes first, and the worst verdict within that */
    struct diff_counts classes_by, edges_by, findings_by;
    size_t renamed_count;
    size_t left_out; /* edges of classes of which nothing is known, since their lines are lost */

    struct diff_pairs pairs;
    struct rec_pool *pool;
    struct rec_index by_number; /* of the pair, and one -> struct diff_class */
    struct rec_index by_ends;   /* of both numbers -> struct diff_edge */
};

/* @both as in diff_pairs_init(). All three must live longer. Cost: linear, but for .implied a search for each edge that is added or removed. */
struct diff *diff_of(const struct rec_process *old, const struct rec_process *new, const struct rec_process *both);
void diff_free(struct diff *diff);

/* No difference? Names do not count. */
bool diff_is_empty(const struct diff *diff);

/* The class, or edge, of the diff that one of an order is; null: nothing is known of it. */
struct diff_class *diff_class_of(const struct diff *diff, const struct rec_class *class);
struct diff_edge *diff_edge_of(const struct diff *diff, const struct rec_class *from, const struct rec_class *to);

/* Of the new order if it is there, else of the old. */
static inline const struct rec_class *diff_class_shown(const struct diff_class *class)
{
    return class->new != NULL ? class->new : class->old;
}

static inline const struct rec_edge *diff_edge_shown(const struct diff_edge *edge)
{
    return edge->new != NULL ? edge->new : edge->old;
}

static inline const struct rec_finding *diff_finding_shown(const struct diff_finding *finding)
{
    return finding->new != NULL ? finding->new : finding->old;
}

/* For the files of the comparison: fill in .findings, .implied. */
void diff_compare_findings(struct diff *diff);
void diff_find_implied(struct diff *diff);

#endif
