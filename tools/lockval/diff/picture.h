/* SPDX-License-Identifier: MIT */
#ifndef CLI_DIFF_PICTURE_H
#define CLI_DIFF_PICTURE_H

/*
 * What is drawn of a difference: all that came, went or changed, and of what stayed the edges between the same classes, without which a new edge says
 * little.
 */

#include "diff/compare.h"

struct picture {
    size_t class_count, edge_count;
    const struct diff_class **classes; /* in the order of the diff */
    const struct diff_edge **edges;
};

struct picture picture_of(const struct diff *diff);
void picture_free(struct picture *picture);

/* "+ EN", "- EN,SN", "~ +SN", "EN"; with ", circle" if it came or went with a finding. Memory to free. */
char *picture_label(const struct diff_edge *edge);

#endif
