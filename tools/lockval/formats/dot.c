/* SPDX-License-Identifier: MIT */
/*
 * Graphs for Graphviz. Of the findings that were chosen, a graph of their circles; of a whole record, of all classes, with what is
 * in a circle marked. Classes of several processes with one stable key are one node.
 */

#include "formats/dot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/visible.h"
#include "record/pool.h"

struct node {
    const char *name;
    const char *kind;
    const char *key;
    bool in_circle;
};

struct arrow {
    struct node *from, *to;
    unsigned modes;
    uint64_t acquisitions;
    bool in_circle;
    const char *label; /* of a step that is no taking of a lock; null: none */
};

struct graph {
    struct rec_index nodes, arrows; /* by text of the key, by both nodes */
    struct rec_pool *pool;
    size_t node_count, arrow_count;
    struct node **node;
    struct arrow **arrow;
};

/* ---- the graph ---- */

static struct node *node_at(struct graph *graph, const char *key, const char *name, const char *kind)
{
    void **place =
        rec_index_at(&graph->nodes, (uint64_t)(uintptr_t)rec_pool_text(graph->pool, key[0] != '\0' ? key : name));
    struct node *node = *place;

    if (node != NULL)
        return node;
    node = *place = rec_pool_take(graph->pool, 1, sizeof(*node));
    *node = (struct node){ .name = name, .kind = kind, .key = key };
    rec_append(&graph->node, &graph->node_count, node);
    return node;
}

static struct node *node_of_class(struct graph *graph, const struct rec_class *class)
{
    return node_at(graph, class->stable, class->name, class->kind);
}

static struct node *node_of_lock(struct graph *graph, const struct rec_lock *lock)
{
    if (lock->class != NULL && lock->class->known)
        return node_of_class(graph, lock->class);
    return node_at(graph, rec_lock_key(lock), rec_lock_name(lock), "");
}

static struct arrow *arrow_at(struct graph *graph, struct node *from, struct node *to)
{
    char *name = cli_printf("%p %p", (void *)from, (void *)to);
    void **place = rec_index_at(&graph->arrows, (uint64_t)(uintptr_t)rec_pool_text(graph->pool, name));
    struct arrow *arrow = *place;

    free(name);
    if (arrow != NULL)
        return arrow;
    arrow = *place = rec_pool_take(graph->pool, 1, sizeof(*arrow));
    *arrow = (struct arrow){ .from = from, .to = to };
    rec_append(&graph->arrow, &graph->arrow_count, arrow);
    return arrow;
}

static void add_process(struct graph *graph, const struct rec_process *process)
{
    for (size_t i = 0; i < process->class_count; i++)
        if (process->classes[i]->known)
            (void)node_of_class(graph, process->classes[i]);
    for (size_t i = 0; i < process->edge_count; i++) {
        const struct rec_edge *edge = process->edges[i];
        struct arrow *arrow = arrow_at(graph, node_of_class(graph, edge->from), node_of_class(graph, edge->to));

        arrow->modes |= edge->modes;
        arrow->acquisitions += edge->acquisitions;
    }
}

static const char *label_of(enum rec_step_kind kind)
{
    return kind == REC_STEP_LOCK ? NULL : rec_step_kind_name(kind);
}

static void add_finding(struct graph *graph, const struct rec_finding *finding)
{
    for (size_t i = 0; i < finding->edge_count; i++) {
        const struct rec_step *step = &finding->edges[i];
        struct arrow *arrow = arrow_at(graph, node_of_lock(graph, &step->held), node_of_lock(graph, &step->wanted));

        arrow->in_circle = arrow->from->in_circle = arrow->to->in_circle = true;
        arrow->label = label_of(step->kind);
    }
}

/* ---- as text ---- */

void dot_text(FILE *out, const char *text)
{
    char *visible = cli_visible(text);

    (void)fputc('"', out);
    for (const char *at = visible; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            (void)fprintf(out, "\\%c", *at);
        else if (*at == '\n')
            (void)fputs("\\n", out);
        else
            (void)fputc(*at, out);
    }
    (void)fputc('"', out);
    free(visible);
}

const char *dot_shape(const char *kind)
{
    if (strcmp(kind, "event") == 0)
        return "ellipse";
    if (strcmp(kind, "rwlock") == 0)
        return "component";
    return strcmp(kind, "spinlock") == 0 ? "diamond" : "box";
}

static void print_node(FILE *out, const struct node *node, size_t number)
{
    (void)fprintf(out, "  n%zu [label=", number);
    dot_text(out, node->name);
    (void)fprintf(out, ", shape=%s, tooltip=", dot_shape(node->kind));
    dot_text(out, node->key);
    (void)fprintf(out, "%s];\n", node->in_circle ? ", color=\"#c01c28\", penwidth=2" : "");
}

/* Only readers hold it: dashed. A wait with a time limit on all ways: dotted. */
static const char *style_of(unsigned modes)
{
    if (modes == 0)
        return "solid";
    if ((modes & (REC_ER | REC_EN | REC_SR | REC_SN)) == 0)
        return "dotted";
    return (modes & (REC_EN | REC_ER)) == 0 ? "dashed" : "solid";
}

static void print_arrow(FILE *out, const struct arrow *arrow, const size_t *number)
{
    (void)fprintf(out, "  n%zu -> n%zu [style=%s", number[0], number[1], style_of(arrow->modes));
    if (arrow->label != NULL)
        (void)fprintf(out, ", label=\"%s\"", arrow->label);
    else if (arrow->acquisitions != 0)
        (void)fprintf(out, ", label=\"%" PRIu64 "\"", arrow->acquisitions);
    (void)fprintf(out, "%s];\n", arrow->in_circle ? ", color=\"#c01c28\", penwidth=2" : "");
}

static void print_graph(FILE *out, const struct graph *graph)
{
    struct rec_index numbers = { 0 };

    (void)fputs("digraph lockval {\n  rankdir=TB;\n  node [fontname=\"sans-serif\", fontsize=10, style=filled, "
                "fillcolor=\"#f6f5f4\"];\n  edge [fontname=\"sans-serif\", fontsize=9, color=\"#5e5c64\"];\n",
                out);
    for (size_t i = 0; i < graph->node_count; i++) {
        *rec_index_at(&numbers, (uint64_t)(uintptr_t)graph->node[i]) = (void *)(uintptr_t)(i + 1);
        print_node(out, graph->node[i], i + 1);
    }
    for (size_t i = 0; i < graph->arrow_count; i++) {
        const struct arrow *arrow = graph->arrow[i];
        const size_t number[2] = { (size_t)(uintptr_t)rec_index_find(&numbers, (uint64_t)(uintptr_t)arrow->from),
                                   (size_t)(uintptr_t)rec_index_find(&numbers, (uint64_t)(uintptr_t)arrow->to) };

        print_arrow(out, arrow, number);
    }
    (void)fputs("}\n", out);
    rec_index_free(&numbers);
}

bool dot_print(FILE *out, const struct format_input *input)
{
    struct graph graph = { .pool = rec_pool_open() };

    for (size_t i = 0; !input->chosen && i < input->set->process_count; i++)
        add_process(&graph, input->set->processes[i]);
    for (size_t i = 0; i < input->finding_count; i++)
        add_finding(&graph, input->findings[i]);
    print_graph(out, &graph);
    free(graph.node);
    free(graph.arrow);
    rec_index_free(&graph.nodes);
    rec_index_free(&graph.arrows);
    rec_pool_close(graph.pool);
    return true;
}

const struct format format_dot = {
    .name = "dot",
    .summary = "the graph of classes for Graphviz; with --finding only its circle",
    .print = dot_print,
};
