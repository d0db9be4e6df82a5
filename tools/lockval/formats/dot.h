/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_DOT_H
#define CLI_FORMATS_DOT_H

/*
 * The graph of classes as Graphviz reads it: the format "dot", and what others draw.
 */

#include "formats/format.h"

bool dot_print(FILE *out, const struct format_input *input);

/* A text of a program's in quotes, with what means something to Graphviz escaped. */
void dot_text(FILE *out, const char *text);

/* The shape of a lock of this kind. */
const char *dot_shape(const char *kind);

#endif
