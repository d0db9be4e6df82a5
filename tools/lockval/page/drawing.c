/* SPDX-License-Identifier: MIT */
/* Names are set in a font of one width, so that a box fits its text on every machine. */

#define _GNU_SOURCE
#include "page/drawing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "page/strokes.h"

#define CHARACTER 7.25 /* of 12 pixels */
#define NODE_HEIGHT 28.0
#define NODE_PADDING 20.0

enum {
    NAME_MAX_WIDTH = 34,
    LABEL_MAX_WIDTH = 20
};

double drawing_text_width(const char *text)
{
    return (double)page_text_width(text) * CHARACTER;
}

/* ---- what there is to draw ---- */

static struct drawing new_drawing(size_t nodes, size_t arrows)
{
    return (struct drawing){ .layout = layout_new(nodes, arrows),
                             .nodes = cli_alloc(nodes + 1, sizeof(struct drawing_node)),
                             .arrows = cli_alloc(arrows + 1, sizeof(struct drawing_arrow)) };
}

static void set_node(struct drawing *drawing, size_t i, struct drawing_node node)
{
    drawing->nodes[i] = node;
    drawing->layout.nodes[i].width = drawing_text_width(node.text) + NODE_PADDING;
    drawing->layout.nodes[i].height = NODE_HEIGHT;
}

static void set_arrow(struct drawing *drawing, size_t i, size_t from, size_t to, struct drawing_arrow arrow)
{
    drawing->arrows[i] = arrow;
    drawing->layout.arrows[i] = (struct layout_arrow){ .from = from, .to = to, .label = page_text_width(arrow.label) };
}

static char *name_of(const struct page *page, const struct rec_lock *lock)
{
    const char *name = rec_lock_name(lock);
    char *shorter = *name != '\0' ? page_text_short(name, NAME_MAX_WIDTH) : cli_printf("0x%" PRIx64, lock->address);
    char *both;

    if (!page->by_address || *name == '\0')
        return shorter;
    both = cli_printf("%s \u2026%03" PRIx64, shorter, lock->address & 0xfff);
    free(shorter);
    return both;
}

/* The number is that of the step under the heading of the stacks. */
static char *label_of(const struct rec_finding *finding, size_t i)
{
    const struct rec_step *step = &finding->edges[i];
    char *thread, *shorter, *label;

    if (step->kind == REC_STEP_INTERRUPT)
        return page_text_short(*finding->usage_state != '\0' ? finding->usage_state : "interrupt", LABEL_MAX_WIDTH);
    thread = page_thread_text(step->thread);
    shorter = page_text_short(thread, LABEL_MAX_WIDTH);
    label = cli_printf("%zu %s", i == 0 ? finding->edge_count : i, shorter);
    free(shorter);
    free(thread);
    return label;
}

static struct drawing drawing_of_order(struct page *page, const struct rec_finding *finding)
{
    size_t count = finding->edge_count;
    struct drawing drawing = new_drawing(count, count);

    for (size_t i = 0; i < count; i++) {
        const struct rec_step *step = &finding->edges[i];

        set_node(&drawing, i,
                 (struct drawing_node){ .text = name_of(page, &step->held),
                                        .title = rec_lock_key(&step->held),
                                        .colour = page_colour(page, &step->held) });
        set_arrow(&drawing, i, i, (i + 1) % count,
                  (struct drawing_arrow){
                      .label = label_of(finding, i),
                      .column = finding->acquisition_count == count ? (long)((i + count - 1) % count) : -1,
                      .circle = true });
    }
    return drawing;
}

/* Threads that wait for none of the others, and none for them, say nothing here. */
static size_t number_linked(const struct rec_finding *finding, size_t *number, size_t *ret_arrows)
{
    size_t count = 0;

    *ret_arrows = 0;
    for (size_t i = 0; i < finding->stuck_count; i++) {
        if (finding->stuck[i].blocker < 0)
            continue;
        number[i] = number[finding->stuck[i].blocker] = 1;
        ++*ret_arrows;
    }
    for (size_t i = 0; i < finding->stuck_count; i++)
        if (number[i] != 0)
            number[i] = ++count;
    return count;
}

static void add_stuck(struct page *page, struct drawing *drawing, const struct rec_finding *finding, size_t i,
                      const size_t *number, size_t *arrow)
{
    const struct rec_stuck *stuck = &finding->stuck[i];
    char *thread = page_thread_text(stuck->thread), *what;

    set_node(
        drawing, number[i] - 1,
        (struct drawing_node){
            .text = page_text_short(thread, NAME_MAX_WIDTH), .title = "", .colour = PAGE_COLOURS, .thread = true });
    free(thread);
    if (stuck->blocker < 0)
        return;
    what = stuck->joined != NULL ? cli_strdup("join") : name_of(page, &stuck->wanted);
    set_arrow(drawing, (*arrow)++, number[i] - 1, number[stuck->blocker] - 1,
              (struct drawing_arrow){ .label = page_text_short(what, NAME_MAX_WIDTH),
                                      .column = i < finding->circle ? (long)i : -1,
                                      .circle = i < finding->circle });
    free(what);
}

static struct drawing drawing_of_stuck(struct page *page, const struct rec_finding *finding)
{
    size_t *number = cli_alloc(finding->stuck_count + 1, sizeof(*number)), arrows, arrow = 0;
    size_t nodes = number_linked(finding, number, &arrows);
    struct drawing drawing = new_drawing(nodes, arrows);

    for (size_t i = 0; i < finding->stuck_count; i++)
        if (number[i] != 0)
            add_stuck(page, &drawing, finding, i, number, &arrow);
    free(number);
    return drawing;
}

struct drawing drawing_of(struct page *page, const struct rec_finding *finding)
{
    page_begin_colours(page, finding);
    if (*finding->against != '\0')
        return new_drawing(0, 0); /* one step, and no way back */
    return finding->stuck_count != 0 ? drawing_of_stuck(page, finding) : drawing_of_order(page, finding);
}

void drawing_free(struct drawing *drawing)
{
    for (size_t i = 0; i < drawing->layout.node_count; i++)
        free(drawing->nodes[i].text);
    for (size_t i = 0; i < drawing->layout.arrow_count; i++)
        free(drawing->arrows[i].label);
    free(drawing->nodes);
    free(drawing->arrows);
    layout_free(&drawing->layout);
}

/* ---- the drawing itself ---- */

static void put_node(struct page *page, const struct drawing_node *node, const struct layout_node *at)
{
    page_put(page, "<g class=\"node %s c%u\">", node->thread ? "is-thread" : "is-lock", node->colour);
    if (*node->title != '\0') {
        page_put(page, "<title>");
        page_say(page, node->title);
        page_put(page, "</title>");
    }
    page_put(page, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%d\"/><text x=\"%.1f\" y=\"%.1f\">",
             at->x - at->width / 2, at->y - at->height / 2, at->width, at->height, node->thread ? 14 : 5, at->x,
             at->y + 4);
    page_say(page, node->text);
    page_put(page, "</text></g>\n");
}

static void put_arrow(struct page *page, const struct drawing_arrow *arrow, const struct layout_arrow *at)
{
    if (at->point_count < 4)
        return;
    page_put(page, "<g class=\"arrow%s\"", arrow->circle ? " in-circle" : "");
    if (arrow->column >= 0)
        page_put(page, " data-column=\"%ld\"", arrow->column);
    page_put(page, ">");
    strokes_arrow(page->out, at);
    if (at->label != 0) {
        page_put(page, "<text x=\"%.1f\" y=\"%.1f\">", at->label_x, at->label_y + 4);
        page_say(page, arrow->label);
        page_put(page, "</text>");
    }
    page_put(page, "</g>\n");
}

void drawing_put(struct page *page, const struct drawing *drawing, size_t number)
{
    const struct layout *layout = &drawing->layout;

    page_put(page,
             "<svg class=\"circle\" viewBox=\"-4 -4 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\" "
             "aria-labelledby=\"d%zu\">\n",
             layout->width + 8, layout->height + 8, layout->width + 8, layout->height + 8, number);
    for (size_t i = 0; i < layout->arrow_count; i++)
        put_arrow(page, &drawing->arrows[i], &layout->arrows[i]);
    for (size_t i = 0; i < layout->node_count; i++)
        put_node(page, &drawing->nodes[i], &layout->nodes[i]);
    page_put(page, "</svg>\n");
}
