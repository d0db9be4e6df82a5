/* SPDX-License-Identifier: MIT */
/* Chains are one if they have the same classes, modes, flags and level. */

#include "stat/graph.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/memory.h"
#include "record/reader.h"

struct building {
    struct stat_graph *graph;
    struct rec_pool *texts;
    struct rec_index nodes;  /* by the text of key and kind */
    struct rec_index links;  /* by both numbers */
    struct rec_index chains; /* by a text of all that it is */
};

static uint64_t key_of(struct building *b, char *text)
{
    uint64_t key = (uint64_t)(uintptr_t)rec_pool_text(b->texts, text);

    free(text);
    return key;
}

/* '.': neither, '-' and '+': one of two things, '?': both. */
static char both(char a, char b)
{
    if (a == '.' || a == b)
        return b;
    return b == '.' ? a : '?';
}

static struct stat_node *node_of(struct building *b, const struct rec_class *class)
{
    void **place = rec_index_at(&b->nodes, key_of(b, cli_printf("%s %s", class->key, class->kind)));
    struct stat_node *node = *place;

    if (node == NULL) {
        node = *place = cli_alloc(1, sizeof(*node));
        node->number = b->graph->node_count;
        node->class = class;
        node->standing = class->standing;
        memcpy(node->usage, "....", 5);
        rec_append(&b->graph->nodes, &b->graph->node_count, node);
    }
    for (size_t i = 0; i < 4 && class->usage[i] != '\0'; i++)
        node->usage[i] = both(node->usage[i], class->usage[i]);
    return node;
}

static void add_edge(struct building *b, const struct rec_edge *edge)
{
    struct stat_node *from = node_of(b, edge->from), *to = node_of(b, edge->to);
    void **place = rec_index_at(&b->links, (uint64_t)(from->number + 1) << 32 | (to->number + 1));
    struct stat_link *link = *place;

    if (link == NULL) {
        link = *place = cli_alloc(1, sizeof(*link));
        link->from = from;
        link->to = to;
        rec_append(&b->graph->links, &b->graph->link_count, link);
        rec_append(&from->out, &from->out_count, link);
    }
    link->modes |= edge->modes;
    link->acquisitions += edge->acquisitions;
    link->chains = edge->chains > link->chains ? edge->chains : link->chains;
}

static char *chain_text(struct building *b, const struct rec_chain *chain)
{
    char *text = cli_printf("%u", chain->level);

    for (size_t i = 0; i < chain->count; i++) {
        char *longer = cli_printf("%s %zu/%u/%u", text, node_of(b, chain->links[i].class)->number,
                                  (unsigned)chain->links[i].mode, chain->links[i].flags);

        free(text);
        text = longer;
    }
    return text;
}

static void add_chain(struct building *b, const struct rec_chain *chain)
{
    void **place = rec_index_at(&b->chains, key_of(b, chain_text(b, chain)));
    struct stat_chain *known = *place;

    if (known == NULL) {
        known = *place = cli_alloc(1, sizeof(*known));
        known->level = chain->level;
        known->count = chain->count;
        known->links = cli_alloc(chain->count, sizeof(*known->links));
        for (size_t i = 0; i < chain->count; i++)
            known->links[i] = (struct stat_chain_link){ node_of(b, chain->links[i].class), chain->links[i].mode,
                                                        chain->links[i].flags };
        rec_append(&b->graph->chains, &b->graph->chain_count, known);
        if (chain->count > b->graph->depth)
            b->graph->depth = chain->count;
    }
    known->acquisitions += chain->acquisitions;
    node_of(b, chain->links[chain->count - 1].class)->acquisitions += chain->acquisitions;
}

struct stat_graph *stat_graph_of(const struct rec_set *set)
{
    struct building b = { .graph = cli_alloc(1, sizeof(*b.graph)), .texts = rec_pool_open() };

    for (size_t i = 0; i < set->process_count; i++) {
        const struct rec_process *process = set->processes[i];

        if (process->merged) {
            b.graph->merged++;
            b.graph->runs += process->merged_runs;
        } else {
            b.graph->process_count++;
            b.graph->unended += process->end == NULL;
        }
        for (size_t j = 0; j < process->class_count; j++)
            if (process->classes[j]->known)
                (void)node_of(&b, process->classes[j]);
        for (size_t j = 0; j < process->edge_count; j++)
            add_edge(&b, process->edges[j]);
        for (size_t j = 0; j < process->chain_count; j++)
            add_chain(&b, process->chains[j]);
    }
    rec_index_free(&b.nodes);
    rec_index_free(&b.links);
    rec_index_free(&b.chains);
    rec_pool_close(b.texts);
    return b.graph;
}

void stat_graph_free(struct stat_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++) {
        free(graph->nodes[i]->out);
        free(graph->nodes[i]);
    }
    for (size_t i = 0; i < graph->link_count; i++)
        free(graph->links[i]);
    for (size_t i = 0; i < graph->chain_count; i++) {
        free(graph->chains[i]->links);
        free(graph->chains[i]);
    }
    free(graph->nodes);
    free(graph->links);
    free(graph->chains);
    free(graph);
}

void stat_graph_reach(struct stat_graph *graph)
{
    size_t *seen = cli_alloc(graph->node_count + 1, sizeof(*seen));
    struct stat_node **queue = cli_alloc(graph->node_count + 1, sizeof(struct stat_node *));

    for (size_t i = 0; i < graph->node_count; i++) {
        size_t head = 0, tail = 0;

        seen[i] = i + 1;
        queue[tail++] = graph->nodes[i];
        while (head < tail) {
            const struct stat_node *node = queue[head++];

            graph->nodes[node->number]->backward++;
            for (size_t k = 0; k < node->out_count; k++) {
                struct stat_node *to = node->out[k]->to;

                if (seen[to->number] == i + 1)
                    continue;
                seen[to->number] = i + 1;
                queue[tail++] = to;
            }
        }
        graph->nodes[i]->forward = tail;
    }
    free(seen);
    free(queue);
}

static const char *const mode_words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };

char *stat_modes_text(unsigned modes)
{
    char text[64] = "";

    for (size_t i = 0; i < LV_ARRAY_SIZE(mode_words); i++) {
        if ((modes >> i & 1) == 0)
            continue;
        if (text[0] != '\0')
            strcat(text, ",");
        strcat(text, mode_words[i]);
    }
    return cli_strdup(text);
}

json_t *stat_modes_json(unsigned modes)
{
    json_t *array = json_array();

    for (size_t i = 0; i < LV_ARRAY_SIZE(mode_words); i++)
        if ((modes >> i & 1) != 0)
            (void)json_array_append_new(array, json_string(mode_words[i]));
    return array;
}

json_t *stat_flags_json(unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *word;
    } words[] = { { REC_TRY, "try" }, { REC_TIMED, "timed" }, { REC_UNCHECKED, "unchecked" }, { REC_SYNC, "sync" } };
    json_t *array = json_array();

    for (size_t i = 0; i < LV_ARRAY_SIZE(words); i++)
        if ((flags & words[i].flag) != 0)
            (void)json_array_append_new(array, json_string(words[i].word));
    return array;
}
