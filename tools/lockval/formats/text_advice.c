/* SPDX-License-Identifier: MIT */
/* The rules are the library's (check/advice.h); the counts are those of the lines `stat`, which a process writes at its end. Of one
 * that did not end they are 0, which means that they are not known. */

#include "formats/text_advice.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check/advice.h"
#include "common/memory.h"
#include "formats/text_frames.h"

enum {
    SHOWN = 8 /* edges of the smallest change that are named */
};

static bool is_class_cycle(const struct rec_finding *finding)
{
    if (!text_is_shown(finding) || finding->edge_count < 2 || strcmp(finding->kind, "recursive") == 0)
        return false;
    for (size_t i = 0; i < finding->edge_count; i++)
        if (finding->edges[i].held.class == NULL || finding->edges[i].wanted.class == NULL)
            return false;
    return true;
}

static uint64_t hits_of(const struct rec_finding *finding, size_t i)
{
    const struct rec_edge *edge =
        rec_edge(finding->process, finding->edges[i].held.class, finding->edges[i].wanted.class);

    return edge != NULL ? edge->acquisitions : 0;
}

/* "a -> b (file.c:12)" */
static void put_step(FILE *out, const struct format_input *input, const struct rec_step *step)
{
    char *site = text_frames_site(input, step->wanted.stack);

    (void)fprintf(out, "%s -> %s", rec_lock_name(&step->held), rec_lock_name(&step->wanted));
    if (site != NULL)
        (void)fprintf(out, " (%s)", site);
    free(site);
}

void text_advice_odd(FILE *out, const struct format_input *input, const struct rec_finding *finding)
{
    uint64_t *hits, others = UINT64_MAX;
    int odd;

    if (!is_class_cycle(finding))
        return;
    hits = cli_alloc(finding->edge_count, sizeof(*hits));
    for (size_t i = 0; i < finding->edge_count; i++)
        hits[i] = hits_of(finding, i);
    odd = lv_advice_odd(hits, (uint32_t)finding->edge_count);
    for (size_t i = 0; odd != LV_ADVICE_NONE && i < finding->edge_count; i++)
        if (i != (size_t)odd && hits[i] < others)
            others = hits[i];
    if (odd != LV_ADVICE_NONE) {
        (void)fputs("    ", out);
        put_step(out, input, &finding->edges[odd]);
        (void)fprintf(out, " was seen %" PRIu64 " %s, %s %" PRIu64 " times%s: the odd one\n", hits[odd],
                      hits[odd] == 1 ? "time" : "times",
                      finding->edge_count == 2 ? "the other way" : "every other step", others,
                      finding->edge_count == 2 ? "" : " or more");
    }
    free(hits);
}

/* ---- all cycles of a process ---- */

struct all {
    struct lv_advice_edge *edges;
    const struct rec_step **steps; /* the first that makes the edge */
    const struct rec_class **nodes;
    uint32_t edge_count, node_count;
};

static uint32_t node_of(struct all *all, const struct rec_class *class)
{
    uint32_t node = 0;

    while (node < all->node_count && all->nodes[node] != class)
        node++;
    if (node == all->node_count) {
        all->nodes = cli_realloc(all->nodes, ++all->node_count, sizeof(struct rec_class *));
        all->nodes[node] = class;
    }
    return node;
}

static void add_edge(struct all *all, const struct rec_finding *finding, size_t i)
{
    const struct rec_step *step = &finding->edges[i];
    uint32_t from = node_of(all, step->held.class), to = node_of(all, step->wanted.class);

    for (uint32_t j = 0; j < all->edge_count; j++)
        if (all->edges[j].from == from && all->edges[j].to == to)
            return;
    all->edges = cli_realloc(all->edges, all->edge_count + 1, sizeof(*all->edges));
    all->steps = cli_realloc(all->steps, all->edge_count + 1, sizeof(struct rec_step *));
    all->edges[all->edge_count] = (struct lv_advice_edge){ .from = from, .to = to, .hits = hits_of(finding, i) };
    all->steps[all->edge_count++] = step;
}

static void put_change(FILE *out, const struct format_input *input, const struct rec_process *process,
                       const struct all *all, uint32_t chosen, bool exact)
{
    uint32_t shown = 0;

    (void)fprintf(out, "  %s[%lld]: %s: %u of %u edges: ", process->program, (long long)process->pid,
                  exact ? "smallest change"
                        : "a change that is enough (not all were tried, there may be a smaller one)",
                  chosen, all->edge_count);
    for (uint32_t i = 0; i < all->edge_count && shown < SHOWN; i++) {
        if (!all->edges[i].chosen)
            continue;
        (void)fputs(shown++ != 0 ? ", " : "", out);
        put_step(out, input, all->steps[i]);
    }
    if (shown < chosen)
        (void)fprintf(out, " and %u more", chosen - shown);
    (void)fputc('\n', out);
}

static void put_smallest(FILE *out, const struct format_input *input, const struct rec_process *process)
{
    struct all all = { .edges = NULL };
    uint32_t cycles = 0, chosen;
    void *memory;
    bool exact;

    for (size_t i = 0; i < process->finding_count; i++) {
        const struct rec_finding *finding = process->findings[i];

        if (!is_class_cycle(finding))
            continue;
        cycles++;
        for (size_t j = 0; j < finding->edge_count; j++)
            add_edge(&all, finding, j);
    }
    if (cycles > 1) {
        memory = cli_alloc(lv_advice_room(all.node_count, all.edge_count), 1);
        chosen = lv_advice_feedback(all.edges, all.edge_count, all.node_count, memory, &exact);
        put_change(out, input, process, &all, chosen, exact);
        free(memory);
    }
    free(all.edges);
    free(all.steps);
    free(all.nodes);
}

void text_advice_smallest(FILE *out, const struct format_input *input)
{
    for (size_t i = 0; !input->chosen && i < input->set->process_count; i++)
        put_smallest(out, input, input->set->processes[i]);
}
