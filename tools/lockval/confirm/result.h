/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIRM_RESULT_H
#define CLI_CONFIRM_RESULT_H

#include "confirm/try.h"

/*
 * What all tries of one finding came to, and its words.
 */

enum confirm_verdict {
    CONFIRM_CONFIRMED,
    CONFIRM_NOT_REPRODUCED,
    CONFIRM_ORDERED,    /* not reproduced, and something that the library saw keeps the partners apart */
    CONFIRM_NOT_STEERED /* not tried */
};

/* How far a role got, in all tries. */
struct confirm_far {
    unsigned tries; /* in which it was reached */
    json_int_t reached, held, expired, met;
};

struct confirm_result {
    enum confirm_verdict verdict;
    unsigned tries; /* that ended */
    unsigned timed_out, hung;
    unsigned all_reached;    /* tries in which every role was reached, */
    unsigned gated;          /* and of these, in which two had a lock in common that was held each time */
    double seconds;          /* from the first try's begin to the end */
    char *gate;              /* name of that lock's class */
    struct confirm_far *far; /* of each role */

    /* confirmed: */
    unsigned number; /* of the try */
    double try_seconds;
    char *words;    /* how it was steered */
    char *schedule; /* who was held where, whole lines */
    char *text;     /* the report of the deadlock */
    char *saved;    /* where the replay file is; null: it is nowhere */
};

/* Another try of @finding ended. @way is how it was steered. */
void confirm_result_add(struct confirm_result *result, const struct confirm_finding *finding,
                        const struct confirm_outcome *outcome, unsigned number, const char *words);

/* No try is to come. */
void confirm_result_finish(struct confirm_result *result, const struct confirm_finding *finding);

/* "confirmed", "not reproduced", "ordered", "not steered". */
const char *confirm_verdict_name(enum confirm_verdict verdict);

/* "circular, potential, FINGERPRINT: account -> journal -> account" on stdout. */
void confirm_print_finding(const struct confirm_finding *finding);
void confirm_print_result(const struct confirm_finding *finding, const struct confirm_result *result);
void confirm_print_json(const struct confirm_finding *finding, const struct confirm_result *result);

void confirm_result_free(struct confirm_result *result);

#endif
