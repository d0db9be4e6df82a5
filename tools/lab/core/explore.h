/* SPDX-License-Identifier: MIT */
#ifndef LAB_EXPLORE_H
#define LAB_EXPLORE_H

/*
 * Every way in which the threads of a program can take turns. Each choice brings a program nearer to its end, so there are finitely
 * many ways; states that several ways lead to are looked at once.
 */

#include "core/machine.h"

enum {
    LAB_WAY = (LAB_THREADS * LAB_STEPS) * 2 /* choices of the longest way that is kept */
};

struct lab_found {
    uint32_t states;     /* distinct ones */
    double ways;         /* how many interleavings lead to an end, be it a hang */
    bool complete;       /* false: there was no memory to look at all */
    uint32_t hangs;      /* states in which threads wait for good */
    uint32_t way_length; /* a shortest way to one of them, */
    struct lab_choice way[LAB_WAY];
};

/* Look at all of them, from the beginning of @p on, in memory of @size bytes. */
void lab_explore(const struct lab_program *p, void *memory, size_t size, struct lab_found *ret);

#endif
