/* SPDX-License-Identifier: MIT */
/*
 * The graph of what differs: the classes and edges that came, went or changed, and of what stayed the edges between the same classes. Colours are never all
 * that tells: each label begins with a sign, and what went is dashed.
 */

#define _GNU_SOURCE
#include "formats/dot.h"

#include <stdlib.h>

#include "common/command.h"
#include "common/graphviz.h"
#include "common/memory.h"
#include "diff/picture.h"
#include "diff/words.h"

enum {
    DRAW_SECONDS = 60
};

static const struct {
    const char *colour, *style, *width, *word;
} looks[] = {
    [DIFF_SAME] = { "#77767b", "solid", "1", "as before" },
    [DIFF_ADDED] = { "#1a7f37", "solid", "2", "added" },
    [DIFF_REMOVED] = { "#c01c28", "dashed", "2", "removed" },
    [DIFF_CHANGED] = { "#9a6700", "bold", "2", "changed" },
};

static void print_class(FILE *out, const struct diff_class *class)
{
    char *name =
        class->state == DIFF_SAME ? cli_strdup(class->name) : cli_printf("%c %s", diff_sign(class->state), class->name);

    (void)fprintf(out, "  n%zu [label=", class->number);
    dot_text(out, name);
    (void)fprintf(out, ", shape=%s, tooltip=", dot_shape(diff_class_shown(class)->kind));
    dot_text(out, diff_class_shown(class)->key);
    (void)fprintf(out, ", color=\"%s\", style=\"filled%s\", penwidth=%s];\n", looks[class->state].colour,
                  class->state == DIFF_REMOVED ? ",dashed" : "", looks[class->state].width);
    free(name);
}

static void print_edge(FILE *out, const struct diff_edge *edge)
{
    char *label = picture_label(edge);

    (void)fprintf(out, "  n%zu -> n%zu [label=", edge->from->number, edge->to->number);
    dot_text(out, label);
    (void)fprintf(out, ", color=\"%s\", fontcolor=\"%s\", style=\"%s\", penwidth=%s];\n", looks[edge->state].colour,
                  looks[edge->state].colour, looks[edge->state].style, looks[edge->state].width);
    free(label);
}

static void print_legend(FILE *out)
{
    (void)fputs("  subgraph cluster_legend {\n    label=\"legend\"; fontsize=9; color=\"#c0bfbc\";\n"
                "    node [shape=plaintext, style=\"\", fillcolor=none, width=0.2, height=0.2, label=\"\"];\n",
                out);
    for (int state = DIFF_SAME; state <= DIFF_CHANGED; state++)
        (void)fprintf(out,
                      "    l%d -> m%d [label=\"%c %s\", color=\"%s\", fontcolor=\"%s\", style=\"%s\", penwidth=%s];\n",
                      state, state, diff_sign((enum diff_state)state), looks[state].word, looks[state].colour,
                      looks[state].colour, looks[state].style, looks[state].width);
    (void)fputs("  }\n", out);
}

static bool print(FILE *out, const struct diff_input *input)
{
    struct picture picture = picture_of(input->diff);
    char *summary = diff_summary(input->diff);

    (void)fputs("digraph lockval_diff {\n  rankdir=TB; labelloc=t; fontname=\"sans-serif\"; fontsize=11;\n  label=",
                out);
    dot_text(out, summary);
    (void)fputs(";\n  node [fontname=\"sans-serif\", fontsize=10, fillcolor=\"#f6f5f4\"];\n"
                "  edge [fontname=\"sans-serif\", fontsize=9];\n",
                out);
    for (size_t i = 0; i < picture.class_count; i++)
        print_class(out, picture.classes[i]);
    for (size_t i = 0; i < picture.edge_count; i++)
        print_edge(out, picture.edges[i]);
    print_legend(out);
    (void)fputs("}\n", out);
    free(summary);
    picture_free(&picture);
    return true;
}

static bool print_svg(FILE *out, const struct diff_input *input)
{
    char *dot = NULL, *svg;
    size_t dot_len = 0, svg_len = 0;
    FILE *text = open_memstream(&dot, &dot_len);
    bool missing;

    if (text == NULL)
        return false;
    (void)print(text, input);
    (void)fclose(text);
    svg = cli_graphviz("dot", "svg", dot, dot_len, DRAW_SECONDS, &svg_len, &missing);
    free(dot);
    if (svg == NULL) {
        cli_complain(missing ? "the program dot is missing: install Graphviz, or take --format=dot"
                             : "dot could not draw the graph within a minute: take --format=dot");
        return false;
    }
    (void)fwrite(svg, 1, svg_len, out);
    free(svg);
    return true;
}

const struct diff_form diff_form_dot = {
    .name = "dot",
    .summary = "the graph of what differs, for Graphviz: what came is green, what went red and dashed",
    .print = print,
};

const struct diff_form diff_form_svg = {
    .name = "svg",
    .summary = "the same, drawn by Graphviz",
    .print = print_svg,
};
