/* SPDX-License-Identifier: MIT */
#ifndef CLI_COVERAGE_FORMS_H
#define CLI_COVERAGE_FORMS_H

/*
 * What is printed of a coverage.
 */

#include <stdbool.h>
#include <stdio.h>

#include "coverage/cover.h"
#include "symbol/symbols.h"

struct cover_input {
    const struct cover *cover;
    struct sym_session *symbols; /* null: places are those of the record */
    size_t top;                  /* rows of a list, of text; 0: all */
    size_t note_count;
    const char *const *notes; /* of classes of different builds */
    size_t path_count;
    const char *const *paths;
};

/* Returns false if it could not be made; what could not be written is seen by the caller. */
bool cover_print_text(FILE *out, const struct cover_input *input);
bool cover_print_json(FILE *out, const struct cover_input *input);
bool cover_print_html(FILE *out, const struct cover_input *input);

/* "a, b and 3 more", "a and others"; memory to free. */
char *cover_names(const struct cover_tests *tests, size_t most);

/* "server.c:41 -> server.c:52", of the acquisition that is shown; empty: not known. Memory to free. */
char *cover_places(const struct cover_input *input, const struct rec_edge *edge);

#endif
