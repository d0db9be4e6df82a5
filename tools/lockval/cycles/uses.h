/* SPDX-License-Identifier: MIT */
#ifndef CLI_CYCLES_USES_H
#define CLI_CYCLES_USES_H

/*
 * What contexts make unsafe over runs: one run took a lock in a handler, another one held it, or something that it leads to,
 * where the handler can come. By the library's rules (check/usage.h).
 *
 * A signal with another handler is another context. Handlers are told apart by their place; those of modules of which the
 * record has several builds cannot be, and count as one.
 */

#include "check/finding.h"
#include "cycles/ground.h"

struct cy_inversion {
    struct lv_finding finding; /* .inside, .open and .edges as the rule fills them in */
    const char *state;         /* the context's name */
    bool is_signal;
};

struct cy_inversions {
    size_t count;
    struct cy_inversion *list;
    size_t left_out; /* ends that were not looked at, as there are too many findings of one context */
};

/* At most @most of each context; 0: all. Returns false after a complaint: memory ran out. */
bool cy_uses_of(struct cy_ground *ground, size_t most, struct cy_inversions *ret);
void cy_uses_free(struct cy_inversions *inversions);

#endif
