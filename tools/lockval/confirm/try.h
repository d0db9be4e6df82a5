/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIRM_TRY_H
#define CLI_CONFIRM_TRY_H

#include "common/child.h"
#include "confirm/plan.h"

/*
 * One steered run: a folder for what goes in and comes out, a child, and what is read from the folder when it has ended.
 */

/* What every run is done with. */
struct confirm_setup {
    const char *library;
    char **program;  /* with a null at its end */
    json_t *options; /* of the recorded run, an object; null: not known */
    bool show;       /* what the program prints */
};

/* How far a role got, in all processes of the run. */
struct confirm_role {
    json_int_t reached, held, expired, met;
    const json_t *gates; /* locks that were held each time; null: not reached, or in several processes */
    const json_t *last;  /* the line of when it was met last, or else of when its time was up; null: neither was */
};

struct confirm_try {
    unsigned number; /* 0: not begun, or over */
    struct confirm_way way;
    char *folder;
    int64_t begun_ms, until_ms;
};

struct confirm_outcome {
    bool watched;   /* the library was there */
    bool timed_out; /* it was ended, as it took too long */
    bool hung;      /* so, and all roles had been met */
    double seconds;
    const struct confirm_finding *deadlock; /* that confirms; null: there is none */
    size_t role_count;
    struct confirm_role *roles;
    struct confirm_record record; /* of the run */
    json_t *lines;                /* of the report */
};

int64_t confirm_now_ms(void);

/* Begin try number @number with @way, which is taken over, and @timeout_ms. Returns 0, or a positive errno: of the folder, or of the program's exec. */
int confirm_try_begin(struct confirm_try *try, struct cli_child *child, const struct confirm_setup *setup,
                      struct confirm_way way, unsigned number, int timeout_ms);

/* The child ended, or its time is up (@timed_out). All that it started is ended too. */
void confirm_try_end(struct confirm_try *try, struct cli_child *child, const struct confirm_finding *finding,
                     bool timed_out, struct confirm_outcome *ret);

/* The same where nobody wants to know. */
void confirm_try_drop(struct confirm_try *try, struct cli_child *child);

void confirm_outcome_free(struct confirm_outcome *outcome);

#endif
