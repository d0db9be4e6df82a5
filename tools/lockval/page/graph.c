/* SPDX-License-Identifier: MIT */
/* Merging classes and edges into nodes and arrows; circles.c says what is in a circle, and what follows from what. */

#define _GNU_SOURCE
#include "page/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "page/circles.h"

static void append(void *list, size_t *count, const void *item)
{
    const void **items;

    memcpy(&items, list, sizeof(items));
    if ((*count & (*count - 1)) == 0)
        items = cli_realloc(items, *count == 0 ? 1 : *count * 2, sizeof(*items));
    items[(*count)++] = item;
    memcpy(list, &items, sizeof(items));
}

/* "static:MODULE:..." -> the module; a class that the program named belongs to the program. */
static const char *module_of(struct graph *graph, const struct rec_class *class)
{
    const char *begin = strchr(class->stable, ':'), *end;
    char *name;
    const char *kept;

    if (class->process != NULL && (begin == NULL || strncmp(class->stable, "name:", 5) == 0))
        return rec_pool_text(graph->pool, class->process->program);
    if (begin == NULL)
        return "";
    end = strchr(begin + 1, ':');
    name = end != NULL ? cli_printf("%.*s", (int)(end - begin - 1), begin + 1) : cli_strdup(begin + 1);
    kept = rec_pool_text(graph->pool, name);
    free(name);
    return kept;
}

static size_t group_at(struct graph *graph, const char *name)
{
    void **place = rec_index_at(&graph->by_group, (uint64_t)(uintptr_t)rec_pool_text(graph->pool, name));

    if (*place == NULL) {
        append(&graph->groups, &graph->group_count, rec_pool_text(graph->pool, *name != '\0' ? name : "?"));
        *place = (void *)(uintptr_t)graph->group_count;
    }
    return (size_t)(uintptr_t)*place - 1;
}

static struct graph_node *node_at(struct graph *graph, const char *key, const char *name)
{
    const char *text = rec_pool_text(graph->pool, *key != '\0' ? key : name);
    void **place = rec_index_at(&graph->by_key, (uint64_t)(uintptr_t)text);
    struct graph_node *node = *place;

    if (node != NULL)
        return node;
    node = *place = rec_pool_take(graph->pool, 1, sizeof(*node));
    *node = (struct graph_node){ .number = graph->node_count, .name = name, .key = text };
    append(&graph->nodes, &graph->node_count, node);
    return node;
}

static struct graph_node *node_of_class(struct graph *graph, const struct rec_class *class)
{
    void **place = rec_index_at(&graph->by_class, (uint64_t)(uintptr_t) class);
    struct graph_node *node = *place;
    char *number = NULL;

    if (node != NULL)
        return node;
    if (!class->known) /* its line is lost: it is a class of its own */
        number = cli_printf("class %u of process %jd", class->id,
                            class->process != NULL ? (intmax_t) class->process->pid : 0);
    node = *place = node_at(graph, number != NULL ? number : class->stable,
                            number != NULL ? rec_pool_text(graph->pool, number) : class->name);
    free(number);
    node->process_count++;
    if (node->class == NULL) {
        node->class = class;
        node->group = group_at(graph, module_of(graph, class));
    }
    return node;
}

struct graph_node *graph_node_of(const struct graph *graph, const struct rec_lock *lock)
{
    if (lock->class != NULL)
        return rec_index_find(&graph->by_class, (uint64_t)(uintptr_t)lock->class);
    return NULL;
}

static struct graph_arrow *arrow_at(struct graph *graph, struct graph_node *from, struct graph_node *to)
{
    void **place = rec_index_at(&graph->by_ends, (uint64_t)from->number << 32 | to->number);
    struct graph_arrow *arrow = *place;

    if (arrow != NULL)
        return arrow;
    arrow = *place = rec_pool_take(graph->pool, 1, sizeof(*arrow));
    *arrow = (struct graph_arrow){ .from = from, .to = to, .kind = "" };
    append(&graph->arrows, &graph->arrow_count, arrow);
    from->out_count++;
    to->in_count++;
    return arrow;
}

static void add_process(struct graph *graph, const struct rec_process *process)
{
    for (size_t i = 0; i < process->class_count; i++)
        (void)node_of_class(graph, process->classes[i]);
    for (size_t i = 0; i < process->edge_count; i++) {
        const struct rec_edge *edge = process->edges[i];
        struct graph_arrow *arrow = arrow_at(graph, node_of_class(graph, edge->from), node_of_class(graph, edge->to));

        arrow->modes |= edge->modes;
        arrow->acquisitions += edge->acquisitions;
        arrow->chains += edge->chains;
        if (arrow->edge == NULL || (arrow->edge->evidence_count == 0 && edge->evidence_count != 0))
            arrow->edge = edge;
    }
}

static void add_chains(struct graph *graph, const struct rec_process *process)
{
    for (size_t i = 0; i < process->chain_count; i++) {
        const struct rec_chain *chain = process->chains[i];
        struct graph_node *taken = node_of_class(graph, chain->links[chain->count - 1].class);

        taken->acquisitions += chain->acquisitions;
        taken->chains++;
    }
}

static struct graph_node *node_of_lock(struct graph *graph, const struct rec_lock *lock)
{
    if (lock->class != NULL)
        return node_of_class(graph, lock->class);
    return *rec_lock_name(lock) != '\0' ? node_at(graph, rec_lock_key(lock), rec_lock_name(lock)) : NULL;
}

static void add_finding(struct graph *graph, const struct rec_finding *finding)
{
    struct graph_node *subject = finding->has_subject ? node_of_lock(graph, &finding->subject) : NULL;

    if (subject != NULL)
        subject->finding_count++;
    for (size_t i = 0; i < finding->edge_count; i++) {
        const struct rec_step *step = &finding->edges[i];
        struct graph_node *from = node_of_lock(graph, &step->held), *to = node_of_lock(graph, &step->wanted);
        struct graph_arrow *arrow;

        if (from == NULL || to == NULL)
            continue;
        from->finding_count++;
        arrow = arrow_at(graph, from, to);
        arrow->finding_count++;
        if (step->kind != REC_STEP_LOCK)
            arrow->kind = rec_step_kind_name(step->kind);
    }
}

struct graph *graph_of(const struct rec_set *set, struct rec_finding *const *findings, size_t count)
{
    struct graph *graph = cli_alloc(1, sizeof(*graph));

    graph->pool = rec_pool_open();
    for (size_t i = 0; i < set->process_count; i++) {
        add_process(graph, set->processes[i]);
        add_chains(graph, set->processes[i]);
    }
    for (size_t i = 0; i < count; i++)
        add_finding(graph, findings[i]);
    circles_find(graph);
    return graph;
}

void graph_free(struct graph *graph)
{
    free(graph->nodes);
    free(graph->arrows);
    free(graph->groups);
    rec_index_free(&graph->by_key);
    rec_index_free(&graph->by_ends);
    rec_index_free(&graph->by_class);
    rec_index_free(&graph->by_group);
    rec_pool_close(graph->pool);
    free(graph);
}
