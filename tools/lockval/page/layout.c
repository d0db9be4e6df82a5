/* SPDX-License-Identifier: MIT */
/*
 * The form "plain" is read: a line for a graph, a node, an arrow. Nodes are called n0, n1, ...; arrows come by the names of their
 * ends, so that of several between the same two the first that has no way yet gets it.
 */

#define _GNU_SOURCE
#include "page/layout.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/graphviz.h"
#include "common/memory.h"
#include "record/pool.h"

#define INCH 72.0

struct layout layout_new(size_t node_count, size_t arrow_count)
{
    return (struct layout){ .node_count = node_count,
                            .arrow_count = arrow_count,
                            .nodes = cli_alloc(node_count + 1, sizeof(struct layout_node)),
                            .arrows = cli_alloc(arrow_count + 1, sizeof(struct layout_arrow)) };
}

void layout_free(struct layout *graph)
{
    for (size_t i = 0; i < graph->arrow_count; i++)
        free(graph->arrows[i].points);
    free(graph->arrows);
    free(graph->nodes);
}

/* ---- what Graphviz reads ---- */

static void print_graph(FILE *out, const struct layout *graph, const char *attributes)
{
    (void)fprintf(out,
                  "digraph g {\n%s\nnode [shape=box, fixedsize=true, label=\"\"];\n"
                  "edge [arrowhead=none, fontname=\"Courier\", fontsize=11];\n",
                  attributes);
    for (size_t i = 0; i < graph->node_count; i++)
        (void)fprintf(out, "n%zu [width=%.3f, height=%.3f];\n", i, graph->nodes[i].width / INCH,
                      graph->nodes[i].height / INCH);
    for (size_t i = 0; i < graph->arrow_count; i++) {
        (void)fprintf(out, "n%zu -> n%zu", graph->arrows[i].from, graph->arrows[i].to);
        if (graph->arrows[i].label != 0) {
            (void)fputs(" [label=\"", out);
            for (size_t j = 0; j < graph->arrows[i].label; j++)
                (void)fputc('m', out);
            (void)fputs("\"]", out);
        }
        (void)fputs(";\n", out);
    }
    (void)fputs("}\n", out);
}

/* ---- what it answers ---- */

static uint64_t key_of(size_t from, size_t to)
{
    return (uint64_t)from << 32 | (uint64_t)to;
}

/* The arrow between these two that got no way yet, or null. @next: for each arrow the next between the same two. */
static struct layout_arrow *arrow_without_way(struct layout *graph, const struct rec_index *index, const size_t *next,
                                              size_t from, size_t to)
{
    size_t i = (size_t)(uintptr_t)rec_index_find(index, key_of(from, to));

    while (i != 0 && graph->arrows[i - 1].point_count != 0)
        i = next[i - 1];
    return i == 0 ? NULL : &graph->arrows[i - 1];
}

static void index_arrows(const struct layout *graph, struct rec_index *index, size_t *next)
{
    for (size_t i = graph->arrow_count; i-- > 0;) {
        void **place = rec_index_at(index, key_of(graph->arrows[i].from, graph->arrows[i].to));

        next[i] = (size_t)(uintptr_t)*place;
        *place = (void *)(uintptr_t)(i + 1);
    }
}

static void read_node(struct layout *graph, const char *line)
{
    size_t number;
    double x, y;

    if (sscanf(line, "node n%zu %lf %lf", &number, &x, &y) != 3 || number >= graph->node_count)
        return;
    graph->nodes[number].x = x * INCH;
    graph->nodes[number].y = graph->height - y * INCH;
}

static void read_arrow(struct layout *graph, const struct rec_index *index, const size_t *next, char *line)
{
    size_t from, to, count;
    struct layout_arrow *arrow;
    int used = 0;
    char *at;

    if (sscanf(line, "edge n%zu n%zu %zu%n", &from, &to, &count, &used) != 3 || count == 0 || count > 100000)
        return;
    arrow = arrow_without_way(graph, index, next, from, to);
    if (arrow == NULL)
        return;
    arrow->points = cli_alloc(count * 2, sizeof(double));
    at = line + used;
    for (size_t i = 0; i < count * 2; i++) {
        double number = strtod(at, &at) * INCH;

        arrow->points[i] = i % 2 == 0 ? number : graph->height - number;
    }
    arrow->point_count = count;
    if (arrow->label == 0)
        return;
    while (*at == ' ' || *at == '"' || *at == 'm')
        at++;
    arrow->label_x = strtod(at, &at) * INCH;
    arrow->label_y = graph->height - strtod(at, &at) * INCH;
}

/* Read one graph; *@text moves behind it. Returns false if there is none. */
static bool read_graph(struct layout *graph, char **text)
{
    size_t *next = cli_alloc(graph->arrow_count + 1, sizeof(*next));
    struct rec_index index = { 0 };
    bool whole = false;
    char *line;

    index_arrows(graph, &index, next);
    while (!whole && (line = strsep(text, "\n")) != NULL) {
        double scale, width, height;

        if (sscanf(line, "graph %lf %lf %lf", &scale, &width, &height) == 3) {
            graph->width = width * INCH;
            graph->height = height * INCH;
        } else if (strncmp(line, "node ", 5) == 0) {
            read_node(graph, line);
        } else if (strncmp(line, "edge ", 5) == 0) {
            read_arrow(graph, &index, next, line);
        }
        whole = strcmp(line, "stop") == 0;
    }
    rec_index_free(&index);
    free(next);
    return whole;
}

enum layout_result layout_run(struct layout *graphs, size_t count, const char *engine, const char *attributes,
                              unsigned timeout_s)
{
    char *dot = NULL, *plain, *at;
    size_t dot_len = 0, plain_len = 0, read = 0;
    FILE *text = open_memstream(&dot, &dot_len);
    bool missing = false;

    if (text == NULL)
        return LAYOUT_FAILED;
    for (size_t i = 0; i < count; i++)
        print_graph(text, &graphs[i], attributes);
    (void)fclose(text);
    at = plain = cli_graphviz(engine, "plain", dot, dot_len, timeout_s, &plain_len, &missing);
    free(dot);
    if (plain == NULL)
        return missing ? LAYOUT_MISSING : LAYOUT_FAILED;
    while (read < count && read_graph(&graphs[read], &at))
        read++;
    free(plain);
    return read == count ? LAYOUT_DONE : LAYOUT_FAILED;
}
