/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_STROKES_H
#define CLI_PAGE_STROKES_H

/*
 * The strokes of a drawing, from where Graphviz put them.
 */

#include <stdio.h>

#include "page/layout.h"

/* The line of an arrow, and its head. Nothing if it was not led. */
void strokes_arrow(FILE *out, const struct layout_arrow *at);

#endif
