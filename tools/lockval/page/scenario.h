/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_SCENARIO_H
#define CLI_PAGE_SCENARIO_H

/*
 * How the threads of a finding come to wait for each other: a column for each acquisition, or for each thread that is stuck, and
 * steps, one a column at a time. Column i waits for what column i + 1 has, the last for the first.
 */

#include <stdbool.h>
#include <stddef.h>

#include "record/model.h"

enum scenario_does {
    SCENARIO_TAKES, /* and has it from here on */
    SCENARIO_WAITS, /* and does not get it */
    SCENARIO_NEVER  /* what it does not come to, and another waits for */
};

struct scenario_step {
    size_t column;
    enum scenario_does does;
    const char *verb;
    const struct rec_lock *lock; /* null: @object says what */
    const char *object;          /* "the end of worker/12"; empty */
    const char *interrupt;       /* the context in which it is done; empty: none */
};

struct scenario {
    size_t column_count, step_count;
    const struct rec_thread **columns;
    struct scenario_step *steps;
    bool happened; /* in the run; false: it could */
    bool can_hang; /* false: as it was seen it cannot, see the verdict */
    char **memory;
    size_t memory_count;
};

/* Without columns for a finding that is about one lock and one thread, or about waits without a circle. */
struct scenario scenario_of(const struct rec_finding *finding);
void scenario_free(struct scenario *scenario);

#endif
