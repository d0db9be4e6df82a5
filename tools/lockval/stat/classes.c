/* SPDX-License-Identifier: MIT */
/* lockval classes: the classes of locks, as the kernel's /proc/lockdep and /proc/lockdep_stats have them. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "stat/graph.h"

static const char *standing_word(enum rec_standing standing)
{
    return standing == REC_IS_LOCK ? "lock" : standing == REC_IS_CANDIDATE ? "candidate" : "event";
}

static size_t count_usage(const struct stat_graph *graph, size_t at, const char *chars)
{
    size_t count = 0;

    for (size_t i = 0; i < graph->node_count; i++)
        count += strchr(chars, graph->nodes[i]->usage[at]) != NULL;
    return count;
}

/* The numbers of /proc/lockdep_stats that mean something here. */
struct numbers {
    size_t indirect, unused, taken_in, held_open;
    uint64_t acquisitions;
};

static struct numbers numbers_of(const struct stat_graph *graph)
{
    struct numbers n = { .taken_in = count_usage(graph, 0, "-?"), .held_open = count_usage(graph, 0, "+?") };

    for (size_t i = 0; i < graph->node_count; i++) {
        n.indirect += graph->nodes[i]->forward - 1;
        n.unused += strcmp(graph->nodes[i]->usage, "....") == 0;
        n.acquisitions += graph->nodes[i]->acquisitions;
    }
    return n;
}

/* Of merged records alone there is nothing to count. */
static bool has_counts(const struct stat_graph *graph)
{
    return graph->process_count != 0 || graph->merged == 0;
}

static void print_numbers(const struct stat_graph *graph)
{
    const struct numbers n = numbers_of(graph);

    (void)printf("\n lock-classes:                  %11zu\n", graph->node_count);
    (void)printf(" direct dependencies:           %11zu\n", graph->link_count);
    (void)printf(" indirect dependencies:         %11zu\n", n.indirect);
    if (has_counts(graph)) {
        (void)printf(" dependency chains:             %11zu\n", graph->chain_count);
        (void)printf(" max locking depth:             %11zu\n", graph->depth);
        (void)printf(" acquisitions:                  %11" PRIu64 "\n", n.acquisitions);
    }
    (void)printf(" taken in signal handlers:      %11zu\n", n.taken_in);
    (void)printf(" held where a signal can come:  %11zu\n", n.held_open);
    (void)printf(" unused locks:                  %11zu\n", n.unused);
    if (graph->merged != 0)
        (void)printf(" merged runs:                   %11" PRIu64 "\n", graph->runs);
    if (has_counts(graph))
        (void)printf(" processes:                     %11zu\n", graph->process_count);
    if (graph->unended != 0)
        (void)printf(" without an end, and counts:    %11zu\n", graph->unended);
}

static void print_text(const struct stat_graph *graph)
{
    (void)printf("all lock classes:\n");
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct stat_node *node = graph->nodes[i];

        (void)printf("OPS:%10" PRIu64 " FD:%5zu BD:%5zu %s: %s (%s%s%s)\n", node->acquisitions, node->forward,
                     node->backward, node->usage, node->class->name, node->class->kind,
                     node->standing == REC_IS_LOCK ? "" : ", ",
                     node->standing == REC_IS_LOCK ? "" : standing_word(node->standing));
    }
    print_numbers(graph);
}

static void print_json(const struct stat_graph *graph)
{
    const struct numbers n = numbers_of(graph);
    json_t *classes = json_array();

    for (size_t i = 0; i < graph->node_count; i++) {
        const struct stat_node *node = graph->nodes[i];

        (void)json_array_append_new(
            classes, json_pack("{sI so so so ss ss sI sI sI}", "id", (json_int_t)node->number, "name",
                               stat_json_text(node->class->name), "key", stat_json_text(node->class->key), "kind",
                               stat_json_text(node->class->kind), "usage", node->usage, "standing",
                               standing_word(node->standing), "acquisitions", (json_int_t)node->acquisitions, "forward",
                               (json_int_t)node->forward, "backward", (json_int_t)node->backward));
    }
    stat_print_json(json_pack("{so s{sI sI sI sI sI sI sI sI sI sI sI sI}}", "classes", classes, "numbers", "classes",
                              (json_int_t)graph->node_count, "direct_dependencies", (json_int_t)graph->link_count,
                              "indirect_dependencies", (json_int_t)n.indirect, "chains", (json_int_t)graph->chain_count,
                              "depth", (json_int_t)graph->depth, "acquisitions", (json_int_t)n.acquisitions,
                              "taken_in_handlers", (json_int_t)n.taken_in, "held_open", (json_int_t)n.held_open,
                              "unused", (json_int_t)n.unused, "processes", (json_int_t)graph->process_count, "unended",
                              (json_int_t)graph->unended, "merged_runs", (json_int_t)graph->runs));
}

static void print(const struct rec_set *set, bool json)
{
    struct stat_graph *graph = stat_graph_of(set);

    stat_graph_reach(graph);
    (json ? print_json : print_text)(graph);
    stat_graph_free(graph);
}

static int run(int argc, char **argv)
{
    return stat_main(&cli_classes, argc, argv, print);
}

const struct cli_command cli_classes = {
    .name = "classes",
    .arguments = "[--json] RECORD ...",
    .summary = "the classes of locks, as /proc/lockdep has them",
    .help =
        "Reads records (- is stdin) and prints the classes of all processes: how often each was acquired (OPS), "
        "how many\n"
        "classes can be reached from it over edges and from how many it can be reached (FD and BD, itself "
        "included), its\n"
        "usage characters, name and kind. Behind them stand the numbers of /proc/lockdep_stats that mean something "
        "here.\n"
        "Counts are written when a process ends: of one that was killed they are 0, and merged records have none.\n\n"
        "      --json   for programs\n",
    .run = run,
};
