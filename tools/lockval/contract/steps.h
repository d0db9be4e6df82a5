/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONTRACT_STEPS_H
#define CLI_CONTRACT_STEPS_H

/*
 * What a record says of the order, as a contract is asked about it (check/expect.h): classes, by the keys that they have, and what
 * was taken while what was held.
 *
 * What is no lock (a semaphore that threads post for each other, or of which that is not known yet) is left out, as the library does
 * not judge its order.
 */

#include "check/expect.h"
#include "record/model.h"

struct contract_class {
    struct rec_class *class;
    size_t key_count; /* the keys of this very build, then the stable ones: */
    const char **keys;
    size_t first_stable; /* which of them is the first; never .key_count */
    bool nested;         /* a thread held two of them */
    bool doubt;          /* the number in its stable keys does not say which it is: contract/doubt.c */
};

/* That the one was taken while the other was held. */
struct contract_step {
    size_t from, to;             /* classes; the same for .nested ones */
    unsigned bits;               /* how, as in the record; 0: not known */
    bool indirect;               /* by way of locks between, and the record has no edge that says so */
    const struct rec_edge *edge; /* that says so, or an acquisition of which was in such a way; null: chains say it */
    const struct rec_witness *witness; /* that shows it; null: none was kept */
};

struct contract_steps {
    const struct rec_process *process;
    size_t class_count;
    struct contract_class *classes; /* by their first stable keys, then by their own */
    size_t step_count;
    struct contract_step *steps; /* by .from, .to, direct ones first */
};

/* What @process says, which must live longer. */
struct contract_steps *contract_steps_of(const struct rec_process *process);
void contract_steps_free(struct contract_steps *steps);

/* Find out which classes are in doubt; for contract_steps_of(). */
void contract_find_doubt(struct contract_steps *steps);

/* Which lock of @expect the class is; 0: none. */
struct lv_expect_side contract_side(const struct lv_expect *expect, const struct contract_class *class);

/* Does the order @expect allow the step? @from and @to are as which locks its classes are judged. */
bool contract_step_fits(const struct lv_expect *expect, const struct contract_step *step, struct lv_expect_side from,
                        struct lv_expect_side to, struct lv_expect_answer *ret);

#endif
