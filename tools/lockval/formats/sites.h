/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_SITES_H
#define CLI_FORMATS_SITES_H

/*
 * A finding as a list of places in the program, each with what happens there in words, and with a column and a moment in the
 * interleaving that would hang: what formats are made of that know places and no locks.
 */

#include <stddef.h>

#include "record/model.h"

struct site {
    char *text;                      /* "writer takes journal_lock" */
    const struct rec_stack *stack;   /* null: not known where */
    const struct rec_thread *thread; /* null: not known whose */
    size_t column;                   /* from 0 on: a thread of the interleaving */
    size_t moment;                   /* from 1 on, in the order in which they would have to come */
};

struct sites {
    char *summary; /* the finding in a sentence, without a full stop */
    size_t count;
    struct site *list;
    size_t main;    /* the one where the finding was made */
    size_t columns; /* 0: there is no interleaving */
};

/* Never fails. The sites point into the set. */
void sites_init(struct sites *sites, const struct rec_finding *finding);
void sites_free(struct sites *sites);

/* What @thread is called, never empty. */
const char *sites_thread_name(const struct rec_thread *thread);

/* All reasons of the verdict in one text, memory to free; empty: there are none. */
char *sites_reasons(const struct rec_finding *finding);

#endif
