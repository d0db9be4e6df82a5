/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_PAGE_H
#define CLI_PAGE_PAGE_H

/*
 * What records say, as one HTML file that needs nothing else: no network, no other file, and for reading no script. Findings with
 * stacks, drawings and the interleaving step by step; the graph of classes; tables of classes and edges; the processes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "record/model.h"
#include "symbol/symbols.h"

struct page_options {
    struct rec_finding *const *findings; /* that are shown, in this order */
    size_t finding_count;
    size_t left_out; /* findings of the set that are not among them */
};

/*
 * Write the page of @set to @out. @symbols may be null: then names are those of the record, and there are no lines. Returns false after a complaint;
 * what could not be written is seen by the caller. Where Graphviz is missing or needs too long, the page says so instead of its drawings. Cost: that
 * of Graphviz, at most a minute.
 */
bool page_write(FILE *out, const struct rec_set *set, struct sym_session *symbols, const struct page_options *options);

#endif
