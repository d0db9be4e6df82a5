/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONTRACT_SEEN_H
#define CLI_CONTRACT_SEEN_H

/*
 * What a record says of the order, as a contract needs it: locks, by the keys that another build has too, and which was taken
 * while which was held.
 *
 * Classes that have a stable key in common cannot be told apart by it, so they are one lock here: a function that makes two
 * mutexes calls that "first" which the run met first. What is no lock (a semaphore that threads post for each other, or of
 * which that is not known yet) is left out, as the library does not judge its order.
 */

#include "record/model.h"
#include "record/pool.h"

struct contract_lock {
    size_t class_count; /* never 0 */
    struct rec_class **classes;
    size_t key_count;  /* never 0 */
    const char **keys; /* stable keys, in the order of their bytes */
    bool nested;       /* a thread held two of them */
};

/* That @to was taken while @from was held. */
struct contract_pair {
    size_t from, to;
    size_t edge_count; /* never 0: those of the record that say so */
    const struct rec_edge **edges;
};

struct contract_seen {
    size_t lock_count;
    struct contract_lock *locks; /* in the order of their first keys */
    size_t pair_count;
    struct contract_pair *pairs; /* by .from, then .to; of two locks: nesting in one is .nested */
    struct rec_pool *pool;       /* where the keys are: equal ones are the same pointer */
};

/* What @process says, with texts in @pool; both must live longer. */
struct contract_seen *contract_seen_of(const struct rec_process *process, struct rec_pool *pool);
void contract_seen_free(struct contract_seen *seen);

#endif
