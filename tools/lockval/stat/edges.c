/* SPDX-License-Identifier: MIT */
/* lockval edges: which class was taken under which, as the arrows of /proc/lockdep. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "stat/graph.h"

static void print_text(const struct stat_graph *graph)
{
    (void)printf("all direct dependencies: acquisitions, chains, modes\n");
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct stat_node *node = graph->nodes[i];

        if (node->out_count != 0)
            (void)printf("\n%s\n", node->class->name);
        for (size_t k = 0; k < node->out_count; k++) {
            char *modes = stat_modes_text(node->out[k]->modes);

            (void)printf(" %10" PRIu64 " %5" PRIu64 " %-6s -> %s\n", node->out[k]->acquisitions, node->out[k]->chains,
                         modes, node->out[k]->to->class->name);
            free(modes);
        }
    }
}

static json_t *end_of(const struct stat_node *node)
{
    return json_pack("{sI so so}", "id", (json_int_t)node->number, "name", stat_json_text(node->class->name), "key",
                     stat_json_text(node->class->key));
}

static void print_json(const struct stat_graph *graph)
{
    json_t *edges = json_array();

    for (size_t i = 0; i < graph->link_count; i++) {
        const struct stat_link *link = graph->links[i];

        (void)json_array_append_new(edges,
                                    json_pack("{so so so sI sI}", "from", end_of(link->from), "to", end_of(link->to),
                                              "modes", stat_modes_json(link->modes), "acquisitions",
                                              (json_int_t)link->acquisitions, "chains", (json_int_t)link->chains));
    }
    stat_print_json(json_pack("{so}", "edges", edges));
}

static void print(const struct rec_set *set, bool json)
{
    struct stat_graph *graph = stat_graph_of(set);

    (json ? print_json : print_text)(graph);
    stat_graph_free(graph);
}

static int run(int argc, char **argv)
{
    return stat_main(&cli_edges, argc, argv, print);
}

const struct cli_command cli_edges = {
    .name = "edges",
    .arguments = "[--json] RECORD ...",
    .summary = "which class was taken under which",
    .help =
        "Reads records (- is stdin) and prints for each class, of all processes, those that were taken while it was "
        "held:\n"
        "how often, in how many chains, and in which modes. Of a mode the first letter says how the first was held, E\n"
        "exclusively or S shared; the second how the other was taken, N, or R by a recursive reader; t is a time "
        "limit.\n"
        "Counts are written when a process ends: of one that was killed they are 0. Chains are those of the process "
        "that\n"
        "has most.\n\n"
        "      --json   for programs\n",
    .run = run,
};
