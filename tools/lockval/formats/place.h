/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_PLACE_H
#define CLI_FORMATS_PLACE_H

/*
 * Where a stack is, in the words of who shows it: a file and a line where the symbols know them.
 */

#include "formats/format.h"

struct place {
    const struct rec_frame *frame; /* null: the stack is empty */
    char *function;                /* empty: not known */
    char *file;                    /* as absolute as it is known; empty: not known */
    int line, column;              /* 0: not known */
    bool wrapper;                  /* as in struct sym_frame */
    const char *inside;            /* the part of .file beneath the root of the sources; null: it lies elsewhere */
};

/* All places of @stack, which may be null, innermost first, also of the functions that are inlined. Give back with places_free(). */
struct places {
    size_t count;
    struct place *list;
};

struct places places_of(const struct format_input *input, const struct rec_stack *stack);
void places_free(struct places *places);

/* The one that a reader should see: the innermost one beneath the root of the sources, else the innermost outside of libc of which
 * the file is known, without wrappers if there is another, else the innermost. */
const struct place *places_best(const struct places *places);

/* "path/file.c:31" with a path beneath the root where it is there, or the function's name; empty: neither is known. Memory to free. */
char *place_text(const struct place *place);

/* A URI for @path: relative to the root of the sources where it is beneath it (*ret_relative), absolute otherwise. Memory to
 * free. */
char *place_uri(const struct format_input *input, const char *path, bool *ret_relative);

#endif
