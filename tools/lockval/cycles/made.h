/* SPDX-License-Identifier: MIT */
#ifndef CLI_CYCLES_MADE_H
#define CLI_CYCLES_MADE_H

/*
 * The findings that runs made by themselves. Many runs make the same one, with different verdicts, and, where stable keys have
 * a number that depends on the run, with different fingerprints: what is about the same classes is one here.
 */

#include "cycles/ground.h"

struct cy_made {
    struct rec_finding *best; /* the highest verdict, and of these the first */
    uint64_t identity;        /* of a circle: cy_identity(); 0: it is none, or not all of its classes are known */
    size_t count;
    struct rec_finding **all;
    bool shown; /* nothing says that it is worse than the runs say */
};

struct cy_all_made {
    size_t count;
    struct cy_made **list;
    struct rec_index by_name; /* cy_identity(), or a hash of kind and fingerprint -> struct cy_made */
};

struct cy_all_made *cy_made_of(const struct cy_ground *ground);
void cy_made_free(struct cy_all_made *made);

/* The one about the circle with this identity, or null. */
struct cy_made *cy_made_circle(const struct cy_all_made *made, uint64_t identity);

/* The one that says that @inside is taken in the context @state, and leads to @open, which is held where that can come. */
struct cy_made *cy_made_use(const struct cy_all_made *made, const char *state, lv_class_id inside, lv_class_id open);

/* Did the run make the finding, as far as is known? */
bool cy_made_by(const struct cy_made *made, const struct rec_run *run);

#endif
