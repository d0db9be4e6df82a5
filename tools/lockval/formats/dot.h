/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_DOT_H
#define CLI_FORMATS_DOT_H

/*
 * The graph of classes as Graphviz reads it: the format "dot", and what others draw.
 */

#include "formats/format.h"

bool dot_print(FILE *out, const struct format_input *input);

#endif
