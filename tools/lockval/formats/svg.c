/* SPDX-License-Identifier: MIT */
/* The graph, laid out and drawn by Graphviz. */

#include "formats/format.h"

#include <stdlib.h>

#include "common/command.h"
#include "common/graphviz.h"
#include "formats/dot.h"

enum {
    DRAW_SECONDS = 60
};

static bool print(FILE *out, const struct format_input *input)
{
    char *dot = NULL, *svg;
    size_t dot_len = 0, svg_len = 0;
    FILE *text = open_memstream(&dot, &dot_len);
    bool missing;

    if (text == NULL)
        return false;
    (void)dot_print(text, input);
    (void)fclose(text);
    svg = cli_graphviz("dot", "svg", dot, dot_len, DRAW_SECONDS, &svg_len, &missing);
    free(dot);
    if (svg == NULL) {
        cli_complain(
            missing ? "the program dot is missing: install Graphviz, or take --format=dot"
                    : "dot could not draw the graph within a minute: take --format=dot, or a part of it by --finding");
        return false;
    }
    (void)fwrite(svg, 1, svg_len, out);
    free(svg);
    return true;
}

const struct format format_svg = {
    .name = "svg",
    .summary = "the same, drawn by Graphviz",
    .print = print,
};
