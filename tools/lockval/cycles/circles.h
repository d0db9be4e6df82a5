/* SPDX-License-Identifier: MIT */
#ifndef CLI_CYCLES_CIRCLES_H
#define CLI_CYCLES_CIRCLES_H

/*
 * Circles of a lock order: each edge that closes strong paths gives one of its shortest circles, and a circle that several
 * edges give is one. So every strongly connected part is covered, and nothing that two edges close by themselves hides behind
 * a longer circle. Which of them are shown is for result.c to say.
 */

#include "check/finding.h"
#include "cycles/ground.h"

enum {
    CY_MOST = 1000 /* circles of one connected part, unless something else is asked for */
};

/* By the order of classes alone. */
struct cy_circle {
    struct lv_finding finding; /* kind, verdict and edges as the library's rule fills them in */
    uint64_t identity;         /* the same for the same classes in the same order, wherever it begins */
};

struct cy_circles {
    size_t count;
    struct cy_circle **list;  /* in the order of the edges that gave them */
    size_t left_out;          /* edges of parts with more circles than were wanted, that no circle of the list has */
    struct rec_index by_name; /* identity -> circle */
};

/* At most @most of each connected part; 0: all. Null after a complaint: memory ran out. */
struct cy_circles *cy_circles_of(struct cy_ground *ground, size_t most);
void cy_circles_free(struct cy_circles *circles);

/* The identity of a circle over @count classes, each of which leads to the next and the last to the first. */
uint64_t cy_identity(const lv_class_id *classes, size_t count, bool event);

#endif
