/* SPDX-License-Identifier: MIT */
#ifndef CLI_DIFF_HTML_PICTURE_H
#define CLI_DIFF_HTML_PICTURE_H

/*
 * The graph of what differs, as a part of a page: laid out by Graphviz, which is told sizes only, and drawn in the page's own colours.
 */

#include <stdio.h>

#include "diff/compare.h"

/* A section with the drawing and its legend, or with why there is none. Cost: that of Graphviz, at most 20 seconds. */
void html_picture_put(FILE *out, const struct diff *diff);

#endif
