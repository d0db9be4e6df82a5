/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_PLACE_H
#define CLI_FORMATS_PLACE_H

/*
 * Where a frame of a stack is, in the words of who shows it: a file and a line where the symbols know them.
 */

#include "formats/format.h"

struct place {
    const struct rec_frame *frame; /* null: the stack is empty */
    char *function;                /* empty: not known */
    char *file;                    /* empty: not known */
    unsigned line, column;         /* 0: not known */
    bool inside;                   /* .file is beneath the root of the sources */
};

/* Of one frame. place_free() it. */
void place_of_frame(const struct format_input *input, const struct rec_frame *frame, struct place *ret);

/* Of the frame of @stack that a reader should see: the innermost one beneath the root of the sources, else the innermost of which
 * the file is known, else the innermost. place_free() it. */
void place_of_stack(const struct format_input *input, const struct rec_stack *stack, struct place *ret);

void place_free(struct place *place);

/* A URI for @path: relative to the root of the sources where it is beneath it (*ret_relative), absolute otherwise. Memory to
 * free. */
char *place_uri(const struct format_input *input, const char *path, bool *ret_relative);

#endif
