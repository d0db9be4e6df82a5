/* SPDX-License-Identifier: MIT */
#ifndef LAB_EXPLORE_H
#define LAB_EXPLORE_H

/*
 * Every way in which the threads of a program can take turns. Each choice brings a program nearer to its end, so there are finitely
 * many ways; states that several ways lead to are looked at once. It goes on in pieces, so that a page can do other things between.
 */

#include "core/machine.h"

enum {
    LAB_WAY = (LAB_THREADS * LAB_STEPS) * 2 /* choices of the longest way that is kept */
};

struct lab_found {
    bool done;
    uint32_t states;     /* distinct ones */
    double ways;         /* how many interleavings lead to an end, be it a hang */
    bool complete;       /* false: there was no memory to look at all */
    uint32_t hangs;      /* states in which threads wait for good */
    uint32_t way_length; /* a shortest way to one of them, */
    struct lab_choice way[LAB_WAY];
};

struct lab_search {
    const struct lab_program *program;
    char *nodes;
    size_t stride; /* bytes of a node, */
    size_t packed; /* and of these, of its state */
    uint32_t count, room;
    uint32_t next;   /* the node that is looked at next */
    uint32_t *table; /* numbers of nodes plus one */
    uint32_t mask;
    struct lab_found found;
};

/* Begin at the beginning of @p, in memory of @size bytes, aligned for anything. */
void lab_explore_begin(struct lab_search *s, const struct lab_program *p, void *memory, size_t size);

/* Look at @count states more. What was found so far is in .found. */
void lab_explore_go(struct lab_search *s, uint32_t count);

#endif
