/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_WORDS_H
#define CLI_FORMATS_WORDS_H

/*
 * Short words for what orders are made of, which several commands print: modes, evidence, where it is from. Nothing is escaped; that is for who prints.
 */

#include "record/model.h"
#include "symbol/symbols.h"

const char *words_standing(enum rec_standing standing);

/* The acquisition that is shown of an edge: of all the one of which most is known; null: there is none. */
const struct rec_evidence *words_evidence(const struct rec_edge *edge);
const struct rec_lock *words_held(const struct rec_evidence *evidence);

/* All that follow: memory to free. @symbols may be null. */

/* "EN,SN" */
char *words_modes(unsigned modes);

/* "server.c:41 in flush", of the innermost place of @stack that is the program's own; empty: not known. @ret_short: "server.c:41" or "flush", to
 * free as well; may be null. */
char *words_place(struct sym_session *symbols, const struct rec_stack *stack, char **ret_short);

/* "test store/flush, server[123], commit c0ffee"; empty: the record does not say. */
char *words_run(const struct rec_run *run);

/* "a, b and others"; of more than @most names the first, and how many there are. Empty: no test is known. */
char *words_tests(const struct rec_seen *seen, size_t most);

/* "mutex, server.c:12"; what is not known is left out. */
char *words_class(struct sym_session *symbols, const struct rec_class *class);

/* What a finding is about: "a -> b -> a", or the name of its subject; empty: not known. */
char *words_about(const struct rec_finding *finding);

#endif
