/* SPDX-License-Identifier: MIT */
/*
 * Count the instructions of each loop, under callgrind: run with --collect-atstart=no, it writes a profile for each
 * workload, which has the loop and nothing else. count.py reads them.
 *
 * Usage: count WARM ROUNDS [WORKLOAD...]      WARM: rounds before, which are not counted
 */

#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

#include "workloads.h"

static struct locks locks;

static void count(const struct workload *w, unsigned long warm, unsigned long rounds)
{
    if (w->before != NULL)
        w->before(&locks);
    w->run(&locks, warm);
    CALLGRIND_TOGGLE_COLLECT;
    w->run(&locks, rounds);
    CALLGRIND_TOGGLE_COLLECT;
    if (w->after != NULL)
        w->after(&locks);
    CALLGRIND_DUMP_STATS_AT(w->name);
    printf("%s %lu\n", w->name, rounds * w->acquisitions);
}

int main(int argc, char **argv)
{
    unsigned long warm = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

    if (rounds == 0 || !RUNNING_ON_VALGRIND) {
        fprintf(stderr, "usage: valgrind --tool=callgrind --collect-atstart=no %s WARM ROUNDS [WORKLOAD...]\n",
                argv[0]);
        return 2;
    }
    locks_make(&locks);
    for (size_t i = 0; argc == 3 && i < workload_count; i++)
        count(&workloads[i], warm, rounds);
    for (int i = 3; i < argc; i++) {
        const struct workload *w = workload_find(argv[i]);

        if (w == NULL) {
            fprintf(stderr, "there is no workload %s\n", argv[i]);
            return 2;
        }
        count(w, warm, rounds);
    }
    return 0;
}
