/* SPDX-License-Identifier: MIT */
#ifndef CLI_COVERAGE_COVER_H
#define CLI_COVERAGE_COVER_H

/*
 * How well tests exercise a lock order: which tests make which edges, which of them would be missed, what no test does. Nothing is printed here.
 *
 *     struct cover *cover = cover_of(process);
 *     ...
 *     cover_free(cover);
 *
 * Of a class or an edge, a merged record has the names of 16 tests. So whether there is none, or one only, is known exactly, and so is what each test
 * alone does; of what is done by more than 16, others may do it, too, and counts of these are lower bounds.
 */

#include <stdbool.h>
#include <stddef.h>

#include "record/model.h"
#include "record/pool.h"

/* A test; in a record without names of tests, a run. */
struct cover_test {
    const char *name;
    size_t class_count, edge_count; /* that it is known to meet, and to make */
    size_t own_classes, own_edges;  /* that nothing else does */
    size_t pick;                    /* which it is of the few that make all edges, from 1 on; 0: none */
    size_t gain;                    /* edges that it adds to those picked before it */
};

struct cover_tests {
    size_t count;
    struct cover_test **list; /* by name */
    bool more;                /* there are others, whose names are not known */
};

struct cover_edge {
    const struct rec_edge *edge;
    struct cover_tests by;
};

struct cover_class {
    size_t number; /* in the cover, from 0 */
    const struct rec_class *class;
    struct cover_tests by;
    size_t in_count, out_count; /* edges */
};

/* Two classes that were met in the same tests, and held together with the same others, and never with each other: no order between them is
 * known, so the first code that nests them makes it, whichever way round. */
struct cover_apart {
    const struct cover_class *one, *other;
    size_t shared;       /* classes that were taken under, or over, both */
    size_t shared_tests; /* tests that met both, as far as they are known */
};

struct cover {
    const struct rec_process *process;
    bool by_runs; /* no test has a name: tests are runs */
    size_t test_count, edge_count, class_count, apart_count;
    struct cover_test **tests;    /* those picked first, in their order; then by edges */
    struct cover_edge **edges;    /* by how few tests make them, then by name */
    struct cover_class **classes; /* by name */
    struct cover_apart *apart;    /* most shared first; COVER_APART at most */
    size_t apart_all;             /* how many there are */
    bool apart_cut;               /* there were too many classes to look at all of them */

    size_t untested_edges, single_edges; /* that no test makes; that one only does */
    size_t untested_classes, single_classes, lone_classes; /* lone: never held together with another */
    size_t picked_count, idle_count; /* tests that make all edges which any does; tests without which no edge is missed */

    struct rec_pool *pool;
    struct rec_index by_name, by_class;
};

enum {
    COVER_APART = 500
};

struct cover *cover_of(const struct rec_process *process);
void cover_free(struct cover *cover);

/* For the files of the cover: fill in .pick and .gain; .apart. */
void cover_pick(struct cover *cover);
void cover_find_apart(struct cover *cover);

struct cover_class *cover_class_of(const struct cover *cover, const struct rec_class *class);

static inline bool cover_is_untested(const struct cover_tests *by)
{
    return by->count == 0 && !by->more;
}

static inline bool cover_is_single(const struct cover_tests *by)
{
    return by->count == 1 && !by->more;
}

#endif
