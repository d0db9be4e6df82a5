/* SPDX-License-Identifier: MIT */
/* lockval chains: what was held and taken, in order, as the kernel's /proc/lockdep_chains has it. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "stat/graph.h"

static int compare(const void *a, const void *b)
{
    const struct stat_chain *x = *(struct stat_chain *const *)a, *y = *(struct stat_chain *const *)b;

    if (x->acquisitions != y->acquisitions)
        return x->acquisitions > y->acquisitions ? -1 : 1;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    for (size_t i = 0; i < x->count; i++)
        if (x->links[i].node != y->links[i].node)
            return x->links[i].node->number < y->links[i].node->number ? -1 : 1;
    return 0;
}

static void print_link(const struct stat_chain_link *link)
{
    (void)printf("[%zu] %s", link->node->number, link->node->class->name);
    if (link->mode != REC_WRITE)
        (void)printf(" (%s)", rec_mode_name(link->mode));
    if ((link->flags & REC_TRY) != 0)
        (void)printf(" (try)");
    if ((link->flags & REC_TIMED) != 0)
        (void)printf(" (timed)");
    (void)putchar('\n');
}

static void print_text(const struct stat_graph *graph)
{
    (void)printf("all lock chains:\n");
    for (size_t i = 0; i < graph->chain_count; i++) {
        const struct stat_chain *chain = graph->chains[i];

        (void)printf("context: %u, acquisitions: %" PRIu64 "\n", chain->level, chain->acquisitions);
        for (size_t k = 0; k < chain->count; k++)
            print_link(&chain->links[k]);
        (void)putchar('\n');
    }
}

static void print_json(const struct stat_graph *graph)
{
    json_t *chains = json_array();

    for (size_t i = 0; i < graph->chain_count; i++) {
        const struct stat_chain *chain = graph->chains[i];
        json_t *locks = json_array();

        for (size_t k = 0; k < chain->count; k++) {
            const struct stat_chain_link *link = &chain->links[k];

            (void)json_array_append_new(locks,
                                        json_pack("{sI so ss so}", "id", (json_int_t)link->node->number, "name",
                                                  stat_json_text(link->node->class->name), "mode",
                                                  rec_mode_name(link->mode), "flags", stat_flags_json(link->flags)));
        }
        (void)json_array_append_new(chains, json_pack("{so sI sI}", "locks", locks, "level", (json_int_t)chain->level,
                                                      "acquisitions", (json_int_t)chain->acquisitions));
    }
    stat_print_json(json_pack("{so sI}", "chains", chains, "unended", (json_int_t)graph->unended));
}

static void print(const struct rec_set *set, bool json)
{
    struct stat_graph *graph = stat_graph_of(set);

    if (graph->chain_count == 0 && graph->merged != 0)
        cli_complain("a merged record has no chains");
    else if (graph->chain_count == 0 && graph->unended != 0)
        cli_complain("no process of the record came to its end: chains are written then");
    if (graph->chain_count != 0)
        qsort(graph->chains, graph->chain_count, sizeof(struct stat_chain *), compare);
    (json ? print_json : print_text)(graph);
    stat_graph_free(graph);
}

static int run(int argc, char **argv)
{
    return stat_main(&cli_chains, argc, argv, print);
}

const struct cli_command cli_chains = {
    .name = "chains",
    .arguments = "[--json] RECORD ...",
    .summary = "what was held and taken, in order, as /proc/lockdep_chains has it",
    .help = "Reads records (- is stdin) and prints the chains of all processes: the classes that a thread held, oldest "
            "first,\n"
            "and the one that it took then, with how often it did. The number of contexts (signal handlers, declared "
            "contexts) in\n"
            "which it was stands before them: what was held below is no part of the chain. Chains are written when a "
            "process\n"
            "ends: of one that was killed there are none.\n\n"
            "      --json   for programs\n",
    .run = run,
};
