/* SPDX-License-Identifier: MIT */
/* Each state has a class of the style sheet; signs in names and labels and dashes say the same without colours. */

#include "diff/html_picture.h"

#include <stdlib.h>

#include "base/types.h"
#include "common/memory.h"
#include "diff/picture.h"
#include "diff/words.h"
#include "page/drawing.h"
#include "page/layout.h"
#include "page/strokes.h"
#include "page/text.h"

#define NODE_HEIGHT 28.0
#define NODE_PADDING 20.0

enum {
    NAME_WIDTH = 34,
    DRAW_SECONDS = 20,
    MOST_EDGES = 1200 /* more than that nobody can read */
};

struct texts {
    char **names, **labels;
};

static const char *const looks[] = { "is-same", "is-added", "is-removed", "is-changed" };

static char *name_of(const struct diff_class *class)
{
    char *shorter = page_text_short(class->name, NAME_WIDTH), *name;

    if (class->state == DIFF_SAME)
        return shorter;
    name = cli_printf("%c %s", diff_sign(class->state), shorter);
    free(shorter);
    return name;
}

static struct layout measure(const struct picture *picture, struct texts *texts)
{
    struct layout layout = layout_new(picture->class_count, picture->edge_count);
    size_t numbers = 0, *place;

    for (size_t i = 0; i < picture->class_count; i++)
        if (picture->classes[i]->number >= numbers)
            numbers = picture->classes[i]->number + 1;
    place = cli_alloc(numbers + 1, sizeof(*place));
    for (size_t i = 0; i < picture->class_count; i++) {
        place[picture->classes[i]->number] = i;
        texts->names[i] = name_of(picture->classes[i]);
        layout.nodes[i].width = drawing_text_width(texts->names[i]) + NODE_PADDING;
        layout.nodes[i].height = NODE_HEIGHT;
    }
    for (size_t i = 0; i < picture->edge_count; i++) {
        texts->labels[i] = picture_label(picture->edges[i]);
        layout.arrows[i] = (struct layout_arrow){ .from = place[picture->edges[i]->from->number],
                                                  .to = place[picture->edges[i]->to->number],
                                                  .label = page_text_width(texts->labels[i]) };
    }
    free(place);
    return layout;
}

static void put_node(FILE *out, const struct diff_class *class, const char *name, const struct layout_node *at)
{
    (void)fprintf(out, "<g class=\"node %s\"><title>", looks[class->state]);
    page_text(out, class->name);
    (void)fprintf(
        out,
        "</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"5\"/><text x=\"%.1f\" y=\"%.1f\">",
        at->x - at->width / 2, at->y - at->height / 2, at->width, at->height, at->x, at->y + 4);
    page_text(out, name);
    (void)fputs("</text></g>\n", out);
}

static void put_arrow(FILE *out, const struct diff_edge *edge, const char *label, const struct layout_arrow *at)
{
    if (at->point_count < 4)
        return;
    (void)fprintf(out, "<g class=\"arrow %s%s\">", looks[edge->state], edge->finding_count != 0 ? " is-circle" : "");
    strokes_arrow(out, at);
    (void)fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">", at->label_x, at->label_y + 4);
    page_text(out, label);
    (void)fputs("</text></g>\n", out);
}

static void put_drawing(FILE *out, const struct picture *picture, const struct texts *texts,
                        const struct layout *layout)
{
    (void)fprintf(
        out,
        "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Graph\"><svg class=\"differences\" "
        "viewBox=\"-4 -4 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\" aria-label=\"The classes and "
        "edges that the tables list\">\n",
        layout->width + 8, layout->height + 8, layout->width + 8, layout->height + 8);
    for (size_t i = 0; i < layout->arrow_count; i++)
        put_arrow(out, picture->edges[i], texts->labels[i], &layout->arrows[i]);
    for (size_t i = 0; i < layout->node_count; i++)
        put_node(out, picture->classes[i], texts->names[i], &layout->nodes[i]);
    (void)fputs(
        "</svg></div>\n<figcaption><span class=\"sign is-added\">+ added</span> "
        "<span class=\"sign is-removed\">- removed, dashed</span> <span class=\"sign is-changed\">~ changed</span> "
        "<span class=\"sign is-same\">as before</span>. An arrow leads from what was held to what was taken then; "
        "its label is its modes.</figcaption></figure>\n",
        out);
}

static const char *problem_of(enum layout_result result)
{
    return result == LAYOUT_MISSING ? "Graphviz is not installed where this page was made"
                                    : "Graphviz did not come to an end in time";
}

void html_picture_put(FILE *out, const struct diff *diff)
{
    struct picture picture = picture_of(diff);
    struct texts texts = { cli_alloc(picture.class_count + 1, sizeof(char *)),
                           cli_alloc(picture.edge_count + 1, sizeof(char *)) };
    struct layout layout = measure(&picture, &texts);
    enum layout_result result = LAYOUT_DONE;

    (void)fputs(
        "<section id=\"picture\" class=\"list\" aria-labelledby=\"h-picture\"><h3 id=\"h-picture\">Graph</h3>\n", out);
    if (picture.class_count != 0 && picture.edge_count <= MOST_EDGES)
        result = layout_run(&layout, 1, "dot", "rankdir=TB; nodesep=0.4; ranksep=0.45;", DRAW_SECONDS);
    if (picture.class_count == 0)
        (void)fputs("<p class=\"empty\">There is nothing to draw: no class and no edge differs.</p>\n", out);
    else if (picture.edge_count > MOST_EDGES)
        (void)fprintf(out,
                      "<p class=\"empty\">It is not drawn: %zu edges are too many to read. The tables have all.</p>\n",
                      picture.edge_count);
    else if (result != LAYOUT_DONE)
        (void)fprintf(out, "<p class=\"empty\">It is not drawn: %s. The tables have all.</p>\n", problem_of(result));
    else
        put_drawing(out, &picture, &texts, &layout);
    (void)fputs("</section>\n", out);
    for (size_t i = 0; i < picture.class_count; i++)
        free(texts.names[i]);
    for (size_t i = 0; i < picture.edge_count; i++)
        free(texts.labels[i]);
    free(texts.names);
    free(texts.labels);
    layout_free(&layout);
    picture_free(&picture);
}
